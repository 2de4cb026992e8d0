"""``optbench trace``: every number of the first steps of an optimizer."""

import itertools
import linecache
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from optbench.cli import completing
from optbench.cli.documents import examples, json_option, put
from optbench.cli.folders import plugins_option
from optbench.cli.run_options import name_option
from optbench.errors import SettingError

if TYPE_CHECKING:
    from rich.table import Table

    from optbench.lanes.traced_lane import Entry

PIPED_WIDTH = 160
"""Columns where there is no terminal."""
GAP = "  "
LEAST_CODE = 12
"""Less than that of a line of code says nothing."""


@click.command(
    "trace",
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
    short_help="Show every number of the first steps of an optimizer.",
    epilog=examples(
        "optbench trace adam --steps 2 -p rosenbrock",
        "optbench trace adam --lr 0.1 --beta1 0.8 --clip_norm 1",
    ),
)
@click.argument("optimizer", shell_complete=completing.of("optimizers"))
@name_option("p", "problem", "A surface, data or a net.", default="rosenbrock")
@click.option("--steps", type=int, default=5, show_default=True)
@click.option("--seed", type=int, default=0, help="Of the lane: its start, noise and batches.")
@click.option("--coordinates", metavar="I,J,...", help="Which are shown, from 0 [the first four].")
@plugins_option
@json_option
@click.pass_context
def trace_command(
    context: click.Context, optimizer: str, problem: str, steps: int, seed: int,
    coordinates: str | None, plugins: tuple[Path, ...], as_json: bool,
) -> None:  # fmt: skip
    """Show every number of the first steps of OPTIMIZER, with the lines of code that give it.

    These are the point, f and the gradient, what depends on the step alone, sums over coordinates,
    all that the code assigns on its way, and the new point and state. The numbers are those of the
    author's plain Python. Of a rule that sees whole tensors, arrays are shown by their norms.

    Every setting is an option: optbench trace adam --lr 0.1 --beta1 0.8 --clip_norm 1
    """
    from optbench.lanes.tracing import entries

    rows = entries(
        optimizer, problem, _settings(context.args), steps=steps, seed=seed,
        coordinates=_numbers(coordinates), folders=plugins,
    )  # fmt: skip
    if as_json:
        put({"entries": [row._asdict() for row in rows]}, (), True)
        return
    _show(rows)


def _numbers(text: str | None) -> list[int] | None:
    if text is None:
        return None
    try:
        return [int(number) for number in text.split(",")]
    except ValueError:
        raise SettingError(
            f"--coordinates {text}: expected whole numbers from 0, separated by commas"
        ) from None


def _settings(arguments: Sequence[str]) -> dict[str, Any]:
    """Return the settings among the options of a command line: ``--lr 0.1`` or ``--lr=0.1``."""
    from optbench.rules.settings import read_value

    words = [word for argument in arguments for word in _split(argument)]
    settings = {}
    for option, value in itertools.zip_longest(words[::2], words[1::2]):
        if not option.startswith("--") or value is None:
            wrong = "has no value" if option.startswith("--") else "is no option"
            raise SettingError(
                f"trace: {option} {wrong}; a setting is written --name value, for example --lr 0.1"
            )
        settings[option[2:].replace("-", "_")] = read_value(value)
    return settings


def _split(argument: str) -> list[str]:
    return argument.split("=", 1) if argument.startswith("--") else [argument]


def _show(rows: "Iterable[Entry]") -> None:
    """Print a table for each gradient."""
    from rich.console import Console

    console = Console(markup=False, highlight=False, emoji=False)
    width = console.width if console.is_terminal else PIPED_WIDTH
    for (step, gradient), some in itertools.groupby(rows, lambda row: (row.step, row.gradient)):
        table, needed = _table(_without_repeats(some), width)
        console.width = needed  # a number that is cut is another number
        console.print(f"step {step}" + (f", gradient {gradient}" if gradient > 1 else ""))
        console.print(table)
        console.print()


def _without_repeats(rows: "Iterable[Entry]") -> "list[Entry]":
    """Leave out what a function returns under the name that it was assigned to before."""
    kept: list[Entry] = []
    assigned: dict[tuple[object, ...], float] = {}
    for row in rows:
        where = row.part, row.function, row.coordinate, row.tensor
        before = assigned.get((*where, row.name.removeprefix("new ")))
        if not row.name.startswith("new "):
            assigned[*where, row.name] = row.value
        elif before == row.value and row.name != "new x":
            continue
        kept.append(row)
    return kept


def _table(rows: "Sequence[Entry]", width: int) -> "tuple[Table, int]":
    """Return the table of a gradient, a row a name, a column a coordinate, and its width.

    Lines of code take what is left of `width`; where there is no room they are left out, and so
    are their places. Numbers are never cut, however narrow the terminal is.
    """
    from rich.table import Table

    coordinates = sorted({row.coordinate for row in rows if row.coordinate is not None})
    values: dict[tuple[Any, ...], dict[int | None, float]] = {}
    for row in rows:
        where = row.part, row.function, row.name, row.tensor, row.file, row.line
        values.setdefault(where, {})[row.coordinate] = row.value
    heads = ["part", "name", "all", *(f"[{i}]" for i in coordinates), "line", "code"]
    cells = [_cells(key, [own.get(i) for i in (None, *coordinates)]) for key, own in values.items()]
    widths = [max(map(len, column)) for column in zip(heads, *cells, strict=True)]
    used = sum(widths[:-1]) + len(GAP) * len(widths)
    spare = 0 if width - used >= LEAST_CODE else 1 if width >= used else 2  # columns of texts
    if spare:
        heads, cells = heads[:-spare], [row[:-spare] for row in cells]
        used = sum(widths[:-spare]) + len(GAP) * len(heads)
    table = Table(box=None, pad_edge=False, padding=(0, len(GAP), 0, 0), header_style="bold")
    for head in heads:
        is_number = head not in ("part", "name", "line", "code")
        table.add_column(head, justify="right" if is_number else "left", no_wrap=True)
    before = ""
    for part, *others in cells:
        code = [_cut(others.pop(), width - used)] if "code" in heads else []
        table.add_row("" if part == before else part, *others, *code)
        before = part
    return table, max(width, used)


def _cut(code: str, width: int) -> str:
    """Return as much of a line as there is room for."""
    return code if len(code) <= width else code[: width - 1] + "…"


def _cells(where: tuple[Any, ...], values: Sequence[float | None]) -> list[str]:
    """Return the texts of a row; author's code is shown without what would move the cursor."""
    from optbench.report.escaping import terminal

    part, function, name, tensor, file, line = where
    name = name if tensor is None else f"{name} (tensor {tensor})"
    numbers = ["" if value is None else f"{value:.6g}" for value in values]
    place = f"{Path(file).name}:{line}" if file else ""
    code = terminal(linecache.getline(file, line).strip()) if file else ""
    return [f"{part} {function}".strip(), terminal(name), *numbers, terminal(place), code]
