"""``optbench report``: the report of a stored run, written anew."""

from pathlib import Path

import click

from optbench.cli import completing
from optbench.cli.against import against_option, beside
from optbench.cli.browser import open_option, opening
from optbench.cli.documents import examples, json_option, put
from optbench.cli.folders import FOLDER, plugins_option
from optbench.cli.run_argument import page_argument, page_folder


@click.command(
    "report",
    short_help="Write the report of a run anew.",
    epilog=examples("optbench report --open", "optbench report my_run -p 'rosenbrock*'"),
)
@page_argument
@click.option("--out", type=FOLDER, help="Where to write it [the folder of the run].")
@click.option(
    "-p", "--problem", "problems", multiple=True, metavar="GLOB",
    help="Only figures of these problems [all].", shell_complete=completing.of("problems"),
)  # fmt: skip
@against_option
@open_option
@json_option
@plugins_option
def report_command(
    run: str | None, out: Path | None, problems: tuple[str, ...], against: str | None,
    open_page: bool, as_json: bool, plugins: tuple[Path, ...],
) -> None:  # fmt: skip
    """Write the report of RUN, a folder or a name below results [the newest run], anew.

    A run of claims has a page and a table, and takes --out, --open and --json alone.
    """
    folder, of_claims = page_folder(run, as_json)
    if of_claims:
        from optbench.cli.claims import report_claims

        report_claims(folder, out, open_page, as_json)
        return
    from optbench import session
    from optbench.report import second_process

    loaded = second_process.load(folder) if against is None else beside(folder, against)
    page = session.write_report(folder, plugins, loaded, out, problems)
    from optbench.report.tuning.regret import regret_line, worst_regrets

    regret = loaded[0]["regret"]
    lines = [f"report: {page}", regret_line(regret), *(f"  {own}" for own in worst_regrets(regret))]
    tables = [str(path) for path in sorted((page.parents[1] / "tables").iterdir())]
    lines += opening(page, open_page)
    content = {"run": str(folder), "report": str(page), "tables": tables}
    put(content | {"tuning": regret_line(regret)}, lines, as_json)
