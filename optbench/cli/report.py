"""``optbench report``: the report of a stored run, written anew."""

from pathlib import Path

import click

from optbench.cli.folders import FOLDER, plugins_option

PROCESSES = 2
"""Processes that draw figures."""


@click.command("report")
@click.argument("run")
@click.option("--out", type=FOLDER, help="Where to write it [the folder of the run].")
@plugins_option
def report_command(run: str, out: Path | None, plugins: tuple[Path, ...]) -> None:
    """Write the report of RUN (a folder, or a name below results) anew."""
    from optbench import session
    from optbench.report.statistics.load import find

    page = session.write_report(find(run), plugins, PROCESSES, out=out)
    click.echo(f"report: {page}")
