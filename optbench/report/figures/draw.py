"""Drawing many figures: what a figure job is, and running jobs in a few processes."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from optbench.report.figures import files, style
from optbench.waiting import tell

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FEW = 4
"""Jobs below which processes would take longer to start than to draw."""


@dataclass(frozen=True)
class Job:
    """One figure to draw.

    Attributes
    ----------
    stem : str
        Name of its file, without suffix.
    function : callable
        A module-level ``f(width=inches, **arguments) -> Figure``.
    arguments : dict
    words : str
        What it shows, for readers who cannot see it.
    """

    stem: str
    function: Callable[..., Figure]
    arguments: Mapping[str, Any]
    words: str


def run(
    jobs: Sequence[Job], folder: Path, suffix: str, width: float, processes: int
) -> list[Path]:  # fmt: skip
    """Draw all jobs into `folder` and return the files in the order of the jobs.

    Workers are spawned, not forked: the caller has threads and compiled code in its process.

    Parameters
    ----------
    jobs : sequence of Job
    folder : Path
    suffix : {"svg", "pdf", "png", "pgf"}
    width : float
        Inches.
    processes : int
    """
    if processes <= 1 or len(jobs) < FEW:
        paths = list[Path]()
        for job in jobs:
            tell("drawing figures", len(paths), len(jobs))
            paths.append(render(job, folder, suffix, width))
        return paths
    # The largest first, so that no process is left with a long one at the end.
    order = sorted(range(len(jobs)), key=lambda i: -_weight(jobs[i]))
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(processes, len(jobs)), mp_context=spawn) as pool:
        futures = {pool.submit(render, jobs[i], folder, suffix, width): i for i in order}
        for count, _ in enumerate(as_completed(futures), 1):
            tell("drawing figures", count, len(jobs))
        places = {i: future.result() for future, i in futures.items()}
    return [places[i] for i in range(len(jobs))]


def _weight(job: Job) -> int:
    """Return a measure of the time that a job takes: panels with contours take longest."""
    return len(job.arguments.get("paths", ()))


def render(job: Job, folder: Path, suffix: str, width: float) -> Path:
    """Draw one job, write it and return the file."""
    path = folder / f"{job.stem}.{suffix}"
    with style.context(width):
        files.write(job.function(width=width, **job.arguments), path, job.words)
    return path
