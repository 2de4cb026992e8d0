"""A whole run, end to end: study -> pairs -> cells in the store -> frames -> report."""

import os
import warnings
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from optbench.define.limits import Limits
from optbench.define.plugins import Folders
from optbench.errors import DamagedError
from optbench.study.progress import Progress
from optbench.study.results import DONE, Results
from optbench.waiting import working

if TYPE_CHECKING:
    from optbench.interactive.run import Run
    from optbench.report.statistics.load import RunFrames
    from optbench.study.schema import Study


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
) -> "Run":
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
        How many worker processes on this machine are to run them.

    Returns
    -------
    Run
        The run, which is a path as well: of its folder. Pairs that failed are warned about, and
        are in the frame "skipped" of `optbench.load`; if all did, there is no report.

    Raises
    ------
    UserError
        If a name is unknown, or nothing of the study could be run.
    ResultsError
        If the folder cannot be written, holds another study, or is being written.
    """
    from optbench.interactive.run import Run
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
    return Run(folder, folders)


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
    from optbench.interactive import as_run
    from optbench.report import conformance, second_process

    frames, manifest = loaded or second_process.load(folder)
    rules = {name.partition("[")[0] for name in frames["convergence"]["optimizer"].unique()}
    with working("writing the report"):
        return report.build(
            Path(out or folder), frames, manifest,
            **as_run.background(frames, manifest, folders),
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
    from optbench.interactive import as_run
    from optbench.report import paper
    from optbench.report.statistics.load import load_with_manifest

    frames, manifest = load_with_manifest(folder)
    with working("drawing figures"):
        return paper.write(
            frames, manifest, out or folder / "figures", globs=only, suffix=suffix, width=width,
            processes=processes, **as_run.background(frames, manifest, folders),
        )  # fmt: skip
