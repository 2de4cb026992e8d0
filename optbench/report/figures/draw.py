"""Drawing many figures: what a figure job is, and running jobs in a few processes."""

from __future__ import annotations

import base64
import io
import multiprocessing
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from optbench.report.figures import style
from optbench.waiting import tell

if TYPE_CHECKING:
    from matplotlib.figure import Figure

EMBED_SVG = 400_000
"""Pages embed the SVG up to this many bytes, above it the PNG."""


@dataclass(frozen=True)
class Job:
    """One figure to draw.

    Attributes
    ----------
    stem : str
        Name of its files, without suffix.
    function : callable
        A module-level ``f(**arguments) -> Figure``.
    arguments : dict
    words : str
        The text in its place for readers who cannot see it.
    """

    stem: str
    function: Callable[..., Figure]
    arguments: Mapping[str, Any]
    words: str


@dataclass(frozen=True)
class Picture:
    """A finished figure: the name of its files, a data URI, its width in CSS pixels, its text."""

    stem: str
    uri: str
    width: int
    words: str


def run(jobs: Sequence[Job], folder: Path, processes: int) -> dict[str, Picture]:
    """Draw all jobs into `folder` and return stem -> `Picture`.

    Workers are spawned, not forked: the caller has threads and compiled code in its process.
    """
    folder.mkdir(parents=True, exist_ok=True)
    pictures: list[Picture] = []
    if processes <= 1 or len(jobs) < 4:
        for job in jobs:
            tell("drawing figures", len(pictures), len(jobs))
            pictures.append(render(job, folder))
    else:
        # The largest first, so that no process is left with a long one at the end.
        order = sorted(range(len(jobs)), key=lambda i: -_weight(jobs[i]))
        spawn = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(min(processes, len(jobs)), mp_context=spawn) as pool:
            futures = [pool.submit(render, jobs[i], folder) for i in order]
            for future in as_completed(futures):
                pictures.append(future.result())
                tell("drawing figures", len(pictures), len(jobs))
    return {picture.stem: picture for picture in pictures}


def _weight(job: Job) -> int:
    """Return a measure of the time that a job takes: panels with contours take longest."""
    return len(job.arguments.get("paths", ()))


def render(job: Job, folder: Path) -> Picture:
    """Draw one job, write its SVG and PNG, and return what the page embeds."""
    with style.context():
        figure = job.function(**job.arguments)
        stem = folder / job.stem
        style.save(figure, stem)
    width = round(96 * figure.get_size_inches()[0])
    return Picture(job.stem, data_uri(stem), width, job.words)


def data_uri(stem: Path) -> str:
    """Return the smaller form of a saved figure as a data URI."""
    vector = Path(f"{stem}.svg").read_bytes()
    if len(vector) <= EMBED_SVG:
        return "data:image/svg+xml;base64," + base64.b64encode(vector).decode()
    return "data:image/png;base64," + base64.b64encode(palette_png(Path(f"{stem}.png"))).decode()


def palette_png(path: Path) -> bytes:
    """Return a PNG with at most 256 colours: a third of the bytes, and no visible difference."""
    # Imported here: most figures are embedded as SVG.
    from PIL import Image

    out = io.BytesIO()
    with Image.open(path) as picture:
        picture.convert("RGB").quantize(256, method=Image.Quantize.MEDIANCUT).save(out, "PNG")
    return out.getvalue()
