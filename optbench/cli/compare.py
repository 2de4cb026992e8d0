"""``optbench compare``: two optimizers of a run, or what two runs share."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from optbench.cli import completing
from optbench.cli.documents import examples, json_option, put
from optbench.cli.folders import FOLDER, plugins_option
from optbench.cli.run_argument import run_argument
from optbench.errors import UnknownNameError, UserError

if TYPE_CHECKING:
    from optbench.cli.until import Decision
    from optbench.report.comparing.questions import Pairing
    from optbench.report.statistics.pair_lanes import PairLanes

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
    until: str | None, most: int, page: Path | None, as_json: bool, plugins: tuple[Path, ...],
) -> None:  # fmt: skip
    """Compare optimizers A and B of RUN, or all optimizers that the runs A and B share.

    A comes before B where the paired test at the tuned settings says so, adjusted for all
    comparisons of this call, and the interval of the ratio of objectives, with tuning drawn anew,
    does not contain 1. Ratios are A's to B's: below 1, A is cheaper.
    """
    from optbench.cli import answering
    from optbench.report.comparing import questions

    if run and run_option:
        raise UserError(f"the run is named twice, {run} and --run {run_option}: give one of them")
    pairings, folder = _pairings(a, b, run or run_option)
    pairings = _on(pairings, problems)
    rows = questions.answers(pairings)
    if until is not None and folder is None:
        raise UserError("--until adds lanes to one run: name two optimizers of it, not two runs")
    decisions = [] if folder is None or until is None else _decide(pairings, folder, most, plugins)
    content = answering.as_json(a, b, folder, rows, decisions)
    lines = list(answering.lines(a, b, folder, rows, decisions))
    if page is not None:
        written = _write_page({a, b}, {own.label for own, _ in pairings}, folder, page, plugins)
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


def _pairings(a: str, b: str, run: str | None) -> "tuple[list[Pairing], Path | None]":
    """Return what is compared, and the folder of the run; None where two runs are."""
    from optbench.report.comparing import questions
    from optbench.report.run_folder import find, newest
    from optbench.report.statistics.load import load_lanes

    runs = [folder for name in (a, b) if (folder := _run_of(name))]
    if run is None and len(runs) == 2:
        return _of_runs(*runs), None
    folder = find(run) if run is not None else newest()
    lanes = load_lanes(folder)
    for name in (a, b):
        _check_optimizer(name, lanes, folder)
    if a == b:
        raise UserError(f"{a} is compared with itself: name two optimizers")
    pairings = questions.of_two(lanes, a, b)
    if not pairings:
        raise UserError(f"{folder}: {a} and {b} have finished no problem in common")
    return pairings, folder


def _of_runs(first: Path, second: Path) -> "list[Pairing]":
    """Return what two runs share."""
    from optbench.report.comparing import questions
    from optbench.report.statistics.load import load_lanes
    from optbench.study.results import Results

    seeds = []
    for folder in (first, second):
        with Results(folder) as results:
            seeds.append(results.manifest().get("study_seed"))
    if seeds[0] != seeds[1]:
        raise UserError(
            f"{first} has study seed {seeds[0]} and {second} has {seeds[1]}: they met other draws, "
            "so that their lanes are no pairs"
        )
    pairings = questions.of_runs(load_lanes(first), load_lanes(second))
    if not pairings:
        raise UserError(
            f"{first} and {second} share no optimizer on a problem that is the same in both, with "
            "the same target and budget"
        )
    return pairings


def _run_of(name: str) -> Path | None:
    """Return the folder of the run of a name, None if there is none."""
    from optbench.report.run_folder import find

    try:
        return find(name)
    except UserError:
        return None


def _check_optimizer(name: str, lanes: "Sequence[PairLanes]", folder: Path) -> None:
    """Refuse an optimizer that the run does not have."""
    names = sorted({own.optimizer for own in lanes})
    if name not in names:
        try:
            raise UnknownNameError("optimizer", name, names)
        except UnknownNameError as error:
            raise UserError(f"{folder}: {error}; it has {', '.join(names)}") from None


def _on(pairings: "Sequence[Pairing]", globs: Sequence[str]) -> "list[Pairing]":
    """Return the pairings on problems that a glob matches, each of which must match one."""
    from optbench.define.lookup import matching

    labels = list(dict.fromkeys(own.label for own, _ in pairings))
    names = {own.label: str(own.facts["problem"]) for own, _ in pairings}
    kept: set[str] = set()
    for glob in globs:
        matches = {own for own in labels if matching(glob, [own, names[own]])}
        if not matches:
            raise UserError(f"no problem of both is {glob!r}; they share {', '.join(labels)}")
        kept |= matches
    return [pairing for pairing in pairings if not globs or pairing[0].label in kept]


def _decide(
    pairings: "Sequence[Pairing]", folder: Path, most: int, plugins: Sequence[Path]
) -> "list[Decision]":
    """Add lanes on each problem until it is decided."""
    from optbench.cli.until import decide
    from optbench.report.statistics.load import plugins_of
    from optbench.study.more_lanes import MoreLanes
    from optbench.waiting import tell, working

    level = 1.0 - LEVEL / len(pairings)
    folders = [*plugins, *filter(Path.is_dir, map(Path, plugins_of(folder)))]
    with working("adding lanes until separated"), MoreLanes(folder, folders) as more:
        return [
            decide(pairing, more, most, level, lambda count: tell("instances", count, most))
            for pairing in pairings
        ]
