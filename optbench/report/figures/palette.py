"""One colour, line and marker per optimizer, the same on the page and in figures for paper."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from matplotlib.typing import LineStyleType

INK = "#222222"
SOFT = "#666666"
GRID = "#e4e4e4"
STORED = "#9a9a9a"
"""Of optimizers of other runs, which stand behind."""

# The palette of Okabe and Ito without its yellow, which cannot be read on white.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#000000", "#CC79A7", "#56B4E9", "#E69F00")
LINES: tuple[LineStyleType, ...] = ("-", (0, (4, 1.4)), (0, (1, 1.1)), (0, (6, 1.2, 1, 1.2)))
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "p", "*", "h")

OUTCOMES = {
    "target": ("#061a3a", "#0b4f85", "#3b86c6"),
    "neither": ("#808080", "#b8b8b8"),
    "not finite": ("#f2a03d", "#ffd595", "#fff6e3"),
}
"""How lanes end, from the best to the worst of each; lightness rises through all of them, so that
the order survives without colours."""


class Style(NamedTuple):
    """How one optimizer is drawn, in every figure of a report."""

    colour: str
    line: LineStyleType
    marker: str


def styles(names: Iterable[str]) -> dict[str, Style]:
    """Return name -> `Style`. Up to 84 optimizers differ, seven of them by colour alone."""
    return {
        name: Style(
            COLOURS[i % len(COLOURS)],
            LINES[i // len(COLOURS) % len(LINES)],
            MARKERS[i % len(MARKERS)],
        )
        for i, name in enumerate(sorted(set(names)))
    }
