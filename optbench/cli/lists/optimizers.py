"""``optbench list optimizers``: rules, wrappers, schedules and solvers, with hyperparameters."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from optbench.cli import completing
from optbench.cli.documents import examples, json_option, put
from optbench.cli.folders import plugins_option
from optbench.cli.lists.choosing import check_globs, globs_argument, matches
from optbench.cli.lists.problems import refused_lines
from optbench.cli.lists.table import Column, Table, put_tables
from optbench.errors import counted

if TYPE_CHECKING:
    from optbench.define.definitions import Part
    from optbench.rules.schedules import Schedule

COLUMNS = (Column("name"), Column("settings and defaults", 50), Column("source", 90))
GUEST_COLUMNS = (Column("name", 40), Column("library"), Column("version"))
TITLES = {
    "optimizers": "",
    "wrappers": "wrappers (switched on by giving one of their hyperparameters):",
    "schedules": "schedules (schedule=NAME; warmup=SHARE before any of them):",
    "baselines": "baselines (noise-free surfaces, in studies that name them):",
}
GUESTS = "optimizers of other libraries, as they are (over rates alone; see docs/foreign.md):"


@click.command(
    "optimizers", epilog=examples("optbench list optimizers 'adam*'", "optbench list optimizers -v")
)
@globs_argument(completing.of("optimizers"))
@plugins_option
@click.option("-v", "--verbose", is_flag=True, help="With a table of where settings are searched.")
@json_option
def list_optimizers(
    globs: tuple[str, ...], plugins: tuple[Path, ...], verbose: bool, as_json: bool
) -> None:
    """List update rules, with their hyperparameters and sources."""
    from optbench.lanes.solvers import Solver
    from optbench.rules import registry
    from optbench.rules.foreign import METHODS
    from optbench.rules.schedules import SCHEDULES
    from optbench.rules.wrappers_before import WRAPPERS

    refused = registry.named(plugins).refused
    every: dict[str, Sequence[Any]] = {
        "optimizers": [*registry.optimizers(plugins).values()], "wrappers": WRAPPERS,
        "schedules": [*SCHEDULES.values()], "baselines": [Solver(name) for name in METHODS],
    }  # fmt: skip
    check_globs(globs, "optimizer", (own.name for parts in every.values() for own in parts))
    some = {
        kind: [own for own in parts if matches(globs, own.name)] for kind, parts in every.items()
    }
    content: dict[str, Any] = {
        kind: [_part(own) for own in parts] for kind, parts in some.items() if kind != "baselines"
    }
    content["baselines"] = [{"name": one.name, "source": one.source} for one in some["baselines"]]
    content["guests"] = guests = [] if globs else _guests()
    content["left_out"] = [file.message for file in refused]
    end = counted(len(some["optimizers"]), "update rule", len(every["optimizers"]))
    ends = [*refused_lines(refused), end]
    written = [(own["write"], own["library"], own["version"]) for own in guests]
    if verbose:
        put(content, [*_in_full(some), *ends], as_json)
        return
    tables = [Table(COLUMNS, [*map(_row, some[kind])], title) for kind, title in TITLES.items()]
    tables.append(Table(GUEST_COLUMNS, written, GUESTS))
    put_tables(content, tables, as_json, ends=ends)


def _guests() -> list[dict[str, str]]:
    """Return how optimizers of each library are written, and its version: nothing is imported."""
    from optbench.rules.guests.finding import LIBRARIES, WRITTEN
    from optbench.study.numeric_code import version

    return [
        {"library": library, "version": version(library), "write": WRITTEN[library]}
        for library in LIBRARIES
    ]


def _part(part: "Part | Schedule") -> dict[str, Any]:
    """Return a rule, wrapper or schedule with the table of its hyperparameters."""
    from optbench.cli.lists import hyperparameters

    keys = ("name", "default", "allowed", "searched", "scale", "source")
    rows = hyperparameters.rows(part.hyper)
    return {
        "name": part.name, "source": part.source,
        "hyperparameters": [dict(zip(keys, row, strict=True)) for row in rows],
    }  # fmt: skip


def _row(part: Any) -> tuple[str, str, str]:
    """Return the row of a part, or of a solver, which has no hyperparameters."""
    hyper = getattr(part, "hyper", {})
    settings = ", ".join(f"{name}={one.default:g}" for name, one in hyper.items())
    return part.name, settings, part.source


def _in_full(some: Mapping[str, Sequence[Any]]) -> Iterator[str]:
    """Yield each part with a line for each hyperparameter."""
    for kind, title in TITLES.items():
        if title and some[kind]:
            yield f"\n{title}"
        if kind == "baselines":
            yield from (f"{one.name:18s} [{one.source}]" for one in some[kind])
        else:
            yield from _blocks(some[kind])


def _blocks(parts: "Iterable[Part | Schedule]") -> Iterator[str]:
    from optbench.cli.lists import hyperparameters

    for part in parts:
        yield f"\n{part.name}  [{part.source}]"
        for line in hyperparameters.lines(hyperparameters.rows(part.hyper)):
            yield f"    {line}"
