"""A whole run, end to end: study -> pairs -> cells in the store -> frames -> report."""

import os
import warnings
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from optbench.define.limits import Limits
from optbench.define.plugins import Folders, paths
from optbench.errors import DamagedError, UserError
from optbench.study.progress import Progress
from optbench.study.results import DONE, Results
from optbench.waiting import working

if TYPE_CHECKING:
    from pandas import DataFrame

    from optbench.catalog.instance import Problem
    from optbench.report.bounds.convex_starts import ConvexStarts
    from optbench.report.bounds.theory import Theory
    from optbench.report.statistics.load import RunFrames
    from optbench.study.schema import Study

Drawable = tuple[Callable[..., Any], tuple[Any, Any] | None, NDArray[Any] | None]
"""Value, box and minimum of a surface: what contours are drawn from."""


class FailedPairWarning(UserWarning):
    """A pair of a study ended by an error; all others went on."""


def run(
    study: "Study | str | os.PathLike[str]",
    out: str | os.PathLike[str] | None = None,
    *,
    threads: int | None = None,
    folders: Folders = (),
    progress: Progress | None = None,
    command: str | None = None,
    timeout: float | None = None,
    memory: float | None = None,
    retry_failed: bool = False,
    scheduler: str | None = None,
    workers: int | None = None,
) -> Path:
    """Run a study, keep its results and write its report.

    Parameters
    ----------
    study : Study or str
        A study, the name of a built-in one, or the path of a TOML file.
    out : path, optional
        The run's folder, by default ``results/<study>-<date>-<time>``. If it holds an unfinished
        run of the same study, that run goes on.
    threads : int, optional
        By default the number of processors.
    folders : path or sequence of path
        Folders with problems and optimizers of the user's own.
    progress : Progress, optional
    command : str, optional
        What reproduces the run, for the report.
    timeout, memory : float, optional
        Seconds and megabytes that user code may take; see `define.limits.Limits`.
    retry_failed : bool
        Run pairs again that failed, if nothing of them has changed, too.
    scheduler : str, optional
        Address of a Dask scheduler, ``tcp://host:port``, whose workers are to run the pairs.
    workers : int, optional
        How many worker processes on this machine are to run them. They need a script whose own
        work is guarded by ``if __name__ == "__main__"``.

    Returns
    -------
    Path
        The run's folder. Pairs that failed are warned about, and are in the frame "skipped" of
        `optbench.load`; if all did, there is no report.

    Raises
    ------
    UserError
        If a name is unknown, or nothing of the study could be run.
    ResultsError
        If the folder cannot be written, holds another study, or is being written.
    """
    from optbench.study.invocation import compute  # a report computes nothing

    progress = progress or Progress()
    into = partial(
        compute, study, threads=threads, folders=folders, progress=progress, command=command,
        limits=Limits.checked(timeout, memory), retry_failed=retry_failed,
        scheduler=scheduler, workers=workers,
    )  # fmt: skip
    folder = into(out)
    for pair, reason in progress.failures:
        warnings.warn(f"failed: {pair}: {reason}", FailedPairWarning, stacklevel=2)
    try:
        _report_finished(folder, folders)
    except DamagedError:  # which this meets first, where all else was stored
        _report_finished(into(folder, mend=True), folders)
    return folder


def _report_finished(folder: Path, folders: Folders) -> None:
    """Write the report of a run, if a pair has finished."""
    with Results(folder) as results:
        finished = any(pair["state"] == DONE for pair in results.pairs())
    if finished:
        write_report(folder, folders)


def write_report(
    folder: Path,
    folders: Folders = (),
    loaded: "tuple[RunFrames, dict[str, Any]] | None" = None,
    out: Path | None = None,
    only: Sequence[str] = (),
) -> Path:
    """Write tables and the page of a stored run.

    Parameters
    ----------
    folder : path
        The run's folder.
    folders : path or sequence of path
        Where problems of the user's own are searched for, beside where the run took them from.
    loaded : (frames, manifest), optional
        What `second_process.load` returned, if it has been called.
    out : path, optional
        Another folder to write to, where that of the run cannot be written.
    only : sequence of str
        Globs of the problems whose figures the page has; by default all.

    Returns
    -------
    Path
        The page.
    """
    from optbench import report
    from optbench.report import conformance, second_process

    frames, manifest = loaded or second_process.load(folder)
    rules = {name.partition("[")[0] for name in frames["convergence"]["optimizer"].unique()}
    where = [*paths(folders), *manifest["plugins"]]
    with working("writing the report"):
        return report.build(
            Path(out or folder), frames, manifest,
            surfaces=_surfaces(frames["problems"], where),
            theory=_theory(frames["problems"], where, manifest["study_seed"]),
            conformance=conformance.summary(rules), only=only, files=frames.contents,
        )  # fmt: skip


def draw_figures(
    folder: Path,
    folders: Folders = (),
    *,
    only: Sequence[str] = (),
    suffix: str = "svg",
    width: float = 7.0,
    out: Path | None = None,
    processes: int = 1,
) -> list[Path]:
    """Draw the figures of a stored run for paper.

    Parameters
    ----------
    folder : path
        The run's folder.
    folders : path or sequence of path
        Where problems of the user's own are searched for, beside where the run took them from.
    only : sequence of str
        Globs of figures: "heatmap-*"; by default all.
    suffix : {"svg", "pdf", "png", "pgf"}
    width : float
        Inches, from 3.25 to 12.
    out : path, optional
        By default ``figures`` in the folder of the run.
    processes : int
        More than one need a script whose own work is guarded by ``if __name__ == "__main__"``.

    Returns
    -------
    list of Path
        The files, in the order of the page.
    """
    from optbench.report import paper
    from optbench.report.statistics.load import load_with_manifest

    frames, manifest = load_with_manifest(folder)
    where = [*paths(folders), *manifest["plugins"]]
    with working("drawing figures"):
        return paper.write(
            frames, manifest, out or folder / "figures", globs=only, suffix=suffix, width=width,
            surfaces=_surfaces(frames["problems"], where),
            theory=_theory(frames["problems"], where, manifest["study_seed"]), processes=processes,
        )  # fmt: skip


def _surfaces(
    problems: "DataFrame", folders: Iterable[str | Path]
) -> Callable[[str], Drawable | None]:  # fmt: skip
    """Return ``f(label) -> (value, box, minimum)`` of the surfaces that were run, as published."""
    instance_of = _as_run(problems, folders)

    def surface(label: str) -> Drawable | None:
        problem = instance_of(label, 0)
        return None if problem is None else (problem.value, problem.box, problem.minimum)

    return surface


def _as_run(
    problems: "DataFrame", folders: Iterable[str | Path]
) -> "Callable[[str, int], Problem | None]":  # fmt: skip
    """Return ``f(label, instance) -> Problem`` of the problems that were run.

    It returns None for what is there no more, or is another problem by now: today's contours and
    bounds would be drawn under yesterday's lanes.
    """
    from optbench.catalog import finding
    from optbench.catalog.identity import problem_identity

    existing = _existing(folders)
    rows = problems.set_index("label")

    def problem_of(label: str, instance: int) -> "Problem | None":
        row = rows.loc[label]
        try:
            definition = finding.definition(row["problem"], existing)
            published = finding.problem(definition, int(row["dim"]))
            if isinstance(row["content"], str) and problem_identity(published) != row["content"]:
                return None
            return finding.problem(definition, int(row["dim"]), instance) if instance else published
        except UserError:
            return None

    return problem_of


def _existing(folders: Iterable[str | Path]) -> tuple[Path, ...]:
    """Return those of the folders that are there, each once."""
    return tuple(dict.fromkeys(Path(f) for f in folders if Path(f).is_dir()))


def _theory(
    problems: "DataFrame", folders: Sequence[str | Path], study_seed: int
) -> "Theory":  # fmt: skip
    """Return what theory asks of the problems and optimizers that were run."""
    from optbench.catalog.quadratics import curvatures
    from optbench.report.bounds.convex_starts import ConvexStarts
    from optbench.report.bounds.theory import Theory
    from optbench.rules.compose import optimizer

    problem_of, existing = _as_run(problems, folders), _existing(folders)

    def starts(label: str, instances: Any, seeds: Any) -> "ConvexStarts | None":
        lanes = []
        for instance, seed in zip(instances.tolist(), seeds.tolist(), strict=True):
            problem = problem_of(label, instance)
            curved = problem and curvatures(problem)
            if problem is None or problem.minimum is None or not curved:
                return None
            (start,) = problem.starts([seed], study_seed)
            distance = float(np.linalg.norm(start - problem.minimum))
            gap = float(problem.value(start) - problem.value(problem.minimum))
            lanes.append((curved.largest, curved.least, distance, gap))
        if not lanes:
            return None
        smoothness, convexity, distances, gaps = np.array(lanes).T
        return ConvexStarts(smoothness, convexity, distances, gaps, quadratic=True)

    def settings(name: str) -> tuple[str, dict[str, float]] | None:
        try:
            own = optimizer(name, existing)
        except UserError:
            return None
        if own.wrappers or own.schedule:
            return None
        numbers = {key: v for key, v in own.values.items() if not isinstance(v, str)}
        return own.name, {**numbers, "lr": own.lr}

    return Theory(starts, settings)
