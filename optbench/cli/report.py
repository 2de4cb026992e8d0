"""``optbench report``: the report of a stored run, written anew."""

from pathlib import Path

import click

from optbench.cli.against import against_option, beside
from optbench.cli.documents import json_option, put
from optbench.cli.folders import FOLDER, plugins_option


@click.command("report")
@click.argument("run")
@click.option("--out", type=FOLDER, help="Where to write it [the folder of the run].")
@click.option(
    "-p", "--problem", "problems", multiple=True, metavar="GLOB",
    help="Only figures of these problems [all].",
)  # fmt: skip
@against_option
@json_option
@plugins_option
def report_command(
    run: str, out: Path | None, problems: tuple[str, ...], against: str | None, as_json: bool,
    plugins: tuple[Path, ...],
) -> None:  # fmt: skip
    """Write the report of RUN (a folder, or a name below results) anew."""
    from optbench import session
    from optbench.report import second_process
    from optbench.report.run_folder import find

    folder = find(run)
    loaded = second_process.load(folder) if against is None else beside(folder, against)
    page = session.write_report(folder, plugins, loaded, out, problems)
    from optbench.report.tuning.regret import regret_line, worst_regrets

    regret = loaded[0]["regret"]
    lines = [f"report: {page}", regret_line(regret), *(f"  {own}" for own in worst_regrets(regret))]
    tables = [str(path) for path in sorted((page.parents[1] / "tables").iterdir())]
    put({"report": str(page), "tables": tables, "tuning": regret_line(regret)}, lines, as_json)
