"""Tables of `optbench list`: columns on a terminal, fields with tabs between them in a pipe."""

import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from optbench.cli.documents import put, say
from optbench.report.escaping import terminal

COMMENT = "# "
"""What begins each line of a pipe that is no row: `grep -v '^#'` leaves the rows."""
BREAKS = re.compile(r"[\t\r\n]")
"""What would end a field of a pipe, or a row."""


class Column(NamedTuple):
    """A column, and how many columns a terminal must have for it to be shown."""

    name: str
    from_width: int = 0


@dataclass(frozen=True)
class Table:
    """Rows of texts, a text a column.

    Attributes
    ----------
    columns : tuple of Column
        The first one is never broken.
    rows : sequence of sequence of str
    title : str
        What is listed where there are several tables.
    numbers : bool
        Whether all but the first column stand at the right.
    """

    columns: tuple[Column, ...]
    rows: Sequence[Sequence[str]]
    title: str = ""
    numbers: bool = False


def put_tables(
    content: Any, tables: Sequence[Table], as_json: bool, *, ends: Iterable[str] = (),
    everything: bool = False,
) -> None:  # fmt: skip
    """Print tables that have rows, and lines that end them, or the content as JSON.

    Parameters
    ----------
    content : JSON values
    tables : sequence of Table
    as_json : bool
    ends : iterable of str
        How many there are, and what there is to say about that.
    everything : bool
        Every column, however narrow the terminal is.
    """
    if as_json:
        put(content, (), as_json)
        return
    shown = [table for table in tables if table.rows]
    if sys.stdout.isatty():
        _draw(shown, everything)
        for line in ends:
            say(line)
        return
    for table in shown:
        if table.title:
            say(COMMENT + table.title)
        say(COMMENT + "\t".join(column.name for column in table.columns))
        for row in table.rows:
            say("\t".join(BREAKS.sub(" ", cell) for cell in row))
    for text in ends:
        for line in text.splitlines():
            say(COMMENT + line)


def _draw(tables: Iterable[Table], everything: bool) -> None:
    """Draw tables as wide as the terminal is."""
    from rich.console import Console
    from rich.table import Table as Drawn
    from rich.text import Text

    console = Console(highlight=False)
    for number, table in enumerate(tables):
        shown = [
            place for place, column in enumerate(table.columns)
            if everything or console.width >= column.from_width
        ]  # fmt: skip
        drawn = Drawn(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
        for place in shown:
            right = table.numbers and place > 0
            drawn.add_column(
                Text(table.columns[place].name), no_wrap=place == 0, overflow="fold",
                style="cyan" if place == 0 else "", justify="right" if right else "left",
            )  # fmt: skip
        for row in table.rows:
            drawn.add_row(*(Text(terminal(row[place])) for place in shown))
        if number:
            console.print()
        if table.title:
            console.print(Text(terminal(table.title), style="bold"))
        console.print(drawn)
