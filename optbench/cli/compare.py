"""``optbench compare``: two optimizers of a run, or what two runs share."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from optbench.cli import completing
from optbench.cli.documents import examples, json_option, put
from optbench.cli.folders import FOLDER, plugins_option
from optbench.cli.run_argument import run_argument, run_folder
from optbench.cli.unused_options import refuse
from optbench.errors import UserError

if TYPE_CHECKING:
    from optbench.cli.until import Decision
    from optbench.report.comparing.comparison import Comparison

MOST = 200
"""Instances at which lanes are added no more."""
LEVEL = 0.05
"""Of all decisions of a call together: the chance that one of them errs."""


@click.command(
    "compare",
    short_help="Say which of two optimizers comes first, and how sure that is.",
    epilog=examples(
        "optbench compare adam momentum",
        "optbench compare adam lion --run my_run --on 'rosenbrock*'",
        "optbench compare my_rule adam --against baseline",
        "optbench compare results/before results/after",
    ),
)
@click.argument("a", shell_complete=completing.of("optimizers"))
@click.argument("b", shell_complete=completing.of("optimizers"))
@run_argument
@click.option(
    "--run", "run_option", metavar="RUN", help="The run [the newest below results].",
    shell_complete=completing.runs,
)  # fmt: skip
@click.option(
    "--on", "problems", multiple=True, metavar="GLOB", help="Only on these problems [all].",
    shell_complete=completing.of("problems"),
)  # fmt: skip
@click.option(
    "--against", metavar="RUN", help="Stored results to look at, too: `baseline`, or another run.",
    shell_complete=completing.stored,
)  # fmt: skip
@click.option(
    "--until", type=click.Choice(["separated"]),
    help="Add scoring instances, settings fixed, until the two are told apart.",
)  # fmt: skip
@click.option(
    "--most", type=click.IntRange(min=1), default=MOST, show_default=True,
    help="Instances at which --until gives up.",
)  # fmt: skip
@click.option("--page", type=FOLDER, help="Also write the two's page and tables into this folder.")
@json_option
@plugins_option
def compare_command(
    a: str, b: str, run: str | None, run_option: str | None, problems: tuple[str, ...],
    against: str | None, until: str | None, most: int, page: Path | None, as_json: bool,
    plugins: tuple[Path, ...],
) -> None:  # fmt: skip
    """Compare optimizers A and B of RUN, or all optimizers that the runs A and B share.

    A comes before B where the paired test at the tuned settings says so, adjusted for all
    comparisons of this call, and the interval of the ratio of objectives, with tuning drawn anew,
    does not contain 1. Ratios are A's to B's: below 1, A is cheaper.

    With --against an optimizer that RUN lacks may be one of stored results: after `optbench run
    default -o my_rule --against baseline` it is said of each problem how my_rule fares beside adam.
    """
    from optbench.cli import answering

    if run and run_option:
        raise UserError(f"the run is named twice, {run} and --run {run_option}: give one of them")
    if until is None:
        refuse(("most",), "says where --until ends: give --until separated, too")
    if against is not None:
        refuse(("until", "page"), "is of one run, and takes no --against")
    asked = _asked(a, b, run or run_option, problems, against)
    folder = asked.folder
    if until is not None and folder is None:
        raise UserError("--until adds lanes to one run: name two optimizers of it, not two runs")
    decided = [] if folder is None or until is None else _decide(asked, folder, most, plugins)
    content = answering.as_json(asked, decided)
    lines = [*asked.lines(), *map(answering.decided_line, decided)]
    if page is not None:
        labels = {own.label for own, _ in asked.pairings}
        written = _write_page({a, b}, labels, folder, page, plugins)
        content, lines = content | {"page": str(written)}, [*lines, f"page: {written}"]
    put(content, lines, as_json)


def _write_page(
    names: set[str], labels: set[str], folder: Path | None, out: Path, plugins: Sequence[Path]
) -> Path:
    """Write the page of some optimizers of a run on some of its problems; return its path."""
    from optbench import session
    from optbench.report.statistics.load import load_with_manifest

    if folder is None:
        raise UserError("--page is of one run: name two optimizers of it, not two runs")
    loaded = load_with_manifest(folder, lambda name, label: name in names and label in labels)
    return session.write_report(folder, plugins, loaded, out)


def _asked(
    a: str, b: str, run: str | None, problems: Sequence[str], against: str | None
) -> "Comparison":
    """Return what is compared: two runs if both names are of runs and no run is named."""
    from optbench.report.comparing.comparison import compare

    if run is None and _is_run(a) and _is_run(b):
        return compare(a, b, problems=problems, against=against)
    return compare(run_folder(run, quiet=True), a, b, problems=problems, against=against)


def _is_run(name: str) -> bool:
    """Say whether there is a run of a name."""
    from optbench.report.run_folder import find

    try:
        find(name)
    except UserError:
        return False
    return True


def _decide(
    asked: "Comparison", folder: Path, most: int, plugins: Sequence[Path]
) -> "list[Decision]":
    """Add lanes on each problem until it is decided."""
    from optbench.cli.until import decide
    from optbench.report.statistics.load import plugins_of
    from optbench.study.more_lanes import MoreLanes
    from optbench.waiting import tell, working

    level = 1.0 - LEVEL / len(asked.pairings)
    folders = [*plugins, *filter(Path.is_dir, map(Path, plugins_of(folder)))]
    with working("adding lanes until separated"), MoreLanes(folder, folders) as more:
        return [
            decide(pairing, more, most, level, lambda count: tell("instances", count, most))
            for pairing in asked.pairings
        ]
