"""``optbench merge``: runs of parts of a study, joined."""

from pathlib import Path

import click

from optbench.cli import completing
from optbench.cli.documents import examples, json_option, put
from optbench.cli.folders import FOLDER, plugins_option


@click.command(
    "merge",
    short_help="Join runs of parts of one study.",
    epilog=examples("optbench merge results/part-1 results/part-2 --out results/whole"),
)
@click.argument("runs", nargs=-1, required=True, shell_complete=completing.runs)
@click.option("--out", type=FOLDER, required=True, help="Folder of the run that they become.")
@click.option("--incomplete", is_flag=True, help="Even if shards of a study are missing.")
@json_option
@plugins_option
def merge_command(
    runs: tuple[str, ...], out: Path, incomplete: bool, as_json: bool, plugins: tuple[Path, ...]
) -> None:
    """Join RUNS, parts of one study that share no pair, and write the report of all.

    Parts are made by --shard, -p or -o of `optbench run`, on one machine or several; their tables
    together are those of a single run.
    """
    from optbench import session
    from optbench.report.run_folder import find
    from optbench.study import invocation, merging
    from optbench.waiting import working

    folders = [find(run) for run in runs]
    with working("joining the runs"):
        merging.merge(folders, out, invocation.command_line(), incomplete)
    page = session.write_report(out, plugins)
    put({"run": str(out), "report": str(page)}, [f"report: {page}"], as_json)
