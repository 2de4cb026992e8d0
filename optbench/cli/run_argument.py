"""The argument RUN: a folder, a name below results, or by default the newest run."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from optbench.cli import completing
from optbench.cli.documents import say

run_argument: Callable[[Callable[..., Any]], Callable[..., Any]] = click.argument(
    "run", required=False, shell_complete=completing.runs
)


def run_folder(run: str | None, quiet: bool = False) -> Path:
    """Return the folder of the run that is asked for; say which one it is if none was named."""
    from optbench.report.run_folder import find, newest

    if run is not None:
        return find(run)
    folder = newest()
    if not quiet:
        say(f"optbench: the newest run, {folder}", err=True)
    return folder
