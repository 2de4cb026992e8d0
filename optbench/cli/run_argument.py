"""The argument RUN: a folder, a name below results, or by default the newest run."""

from pathlib import Path
from typing import NamedTuple

import click

from optbench.cli import completing
from optbench.cli.documents import say
from optbench.errors import ResultsError

run_argument = click.argument("run", required=False, shell_complete=completing.runs)
"""A run of a study, see `run_folder`."""
page_argument = click.argument("run", required=False, shell_complete=completing.pages)
"""A run of a study or of claims, see `page_folder`."""


class PageFolder(NamedTuple):
    """The folder of a run that has a page, and whether claims were run rather than a study."""

    folder: Path
    of_claims: bool


def run_folder(run: str | None, quiet: bool = False) -> Path:
    """Return the folder of the study's run that is asked for; say which one if none was named.

    Raises
    ------
    UnknownNameError, ResultsError, UserError
        If there is no such run, or it is one of claims.
    """
    from optbench.report.run_folder import newest

    if run is None:
        folder = newest()
        _say_newest(folder, quiet)
        return folder
    folder, of_claims = _named(run)
    if of_claims:
        from optbench.claims import keeping

        raise ResultsError(
            f"{folder}: is a run of claims, and this command is for runs of studies; "
            f"`optbench open {folder}` shows it, and its table is {folder / keeping.TABLE}"
        )
    return folder


def page_folder(run: str | None, quiet: bool = False) -> PageFolder:
    """Return the run that is asked for, of a study or of claims; say which one if none was named.

    Raises
    ------
    UnknownNameError, ResultsError, UserError
        If there is no such run.
    """
    from optbench.claims import keeping
    from optbench.report.run_folder import newest
    from optbench.study.results import FILE

    if run is not None:
        return _named(run)
    ends = {folder: keeping.written(folder)[-1] for folder in keeping.runs(completing.RUNS)}
    last = max(ends, key=lambda folder: ends[folder], default=None)
    if last is None or any(
        path.stat().st_mtime >= ends[last] for path in completing.RUNS.glob(f"*/{FILE}")
    ):
        found = PageFolder(newest(), of_claims=False)
    else:
        found = PageFolder(last, of_claims=True)
    _say_newest(found.folder, quiet)
    return found


def _named(run: str) -> PageFolder:
    """Return a run given as a folder or a name; of a folder that has both kinds, the study's."""
    from optbench.claims import keeping
    from optbench.report.run_folder import find
    from optbench.study.results import FILE

    for folder in (Path(run), completing.RUNS / run):
        if (folder / FILE).is_file():
            break
        if keeping.written(folder):
            return PageFolder(folder, of_claims=True)
    return PageFolder(find(run), of_claims=False)


def _say_newest(folder: Path, quiet: bool) -> None:
    if not quiet:
        say(f"optbench: the newest run, {folder}", err=True)
