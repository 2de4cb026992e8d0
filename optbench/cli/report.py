"""``optbench report``: the report of a stored run, written anew."""

from pathlib import Path

import click

from optbench.cli.folders import FOLDER, plugins_option


@click.command("report")
@click.argument("run")
@click.option("--out", type=FOLDER, help="Where to write it [the folder of the run].")
@click.option(
    "-p", "--problem", "problems", multiple=True, metavar="GLOB",
    help="Only figures of these problems [all].",
)  # fmt: skip
@plugins_option
def report_command(
    run: str, out: Path | None, problems: tuple[str, ...], plugins: tuple[Path, ...]
) -> None:
    """Write the report of RUN (a folder, or a name below results) anew."""
    from optbench import session
    from optbench.report.statistics.load import find, load_with_manifest
    from optbench.report.tuning.regret import regret_line, worst_regrets

    folder = find(run)
    loaded = load_with_manifest(folder)
    page = session.write_report(folder, plugins, loaded, out, problems)
    click.echo(f"report: {page}")
    click.echo(regret_line(loaded[0]["regret"]))
    for line in worst_regrets(loaded[0]["regret"]):
        click.echo(f"  {line}")
