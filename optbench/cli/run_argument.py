"""The argument RUN: a folder, a name below results, or by default the newest run."""

from pathlib import Path
from typing import NamedTuple

import click

from optbench.cli import completing
from optbench.cli.documents import say

run_argument = click.argument("run", required=False, shell_complete=completing.runs)
"""A run of a study, see `run_folder`."""
page_argument = click.argument("run", required=False, shell_complete=completing.pages)
"""A run of a study or of claims, see `page_folder`."""


class PageFolder(NamedTuple):
    """The folder of a run that has a page, and whether claims were run rather than a study."""

    folder: Path
    of_claims: bool


def run_folder(run: str | None, quiet: bool = False) -> Path:
    """Return the folder of the run that is asked for; say which one it is if none was named."""
    from optbench.report.run_folder import find, newest

    if run is not None:
        return find(run)
    folder = newest()
    _say_newest(folder, quiet)
    return folder


def page_folder(run: str | None, quiet: bool = False) -> PageFolder:
    """Return what `run_folder` does, of runs of claims, too; a study's page comes first."""
    from optbench.claims import keeping
    from optbench.report.run_folder import find, newest
    from optbench.study.results import FILE

    if run is not None:
        for folder in (Path(run), completing.RUNS / run):
            if not (folder / FILE).is_file() and keeping.written(folder):
                return PageFolder(folder, of_claims=True)
        return PageFolder(find(run), of_claims=False)
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


def _say_newest(folder: Path, quiet: bool) -> None:
    if not quiet:
        say(f"optbench: the newest run, {folder}", err=True)
