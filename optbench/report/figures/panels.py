"""Small multiples of a net: a column for each layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from optbench.report.figures import letters, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

RIGHT, FOOT = 0.15, 0.5
"""Inches right of and below all panels."""
HEAD = 0.25
"""Inches above all panels: the titles of two lines."""
COLUMN_GAP, ROW_GAP = 0.3, 0.16
"""Inches between panels: the ticks of neighbours must not meet."""

TITLE = 8.5
"""Points of the letters of titles."""


@dataclass(frozen=True)
class Panels:
    """Small multiples: a row for each of several things, a column for each layer.

    Attributes
    ----------
    rows, columns : int
    width, left, tall : float
        Inches of the figure, left of all panels, and of a panel's height.
    """

    rows: int
    columns: int
    width: float
    left: float
    tall: float

    def figure(self) -> Figure:
        """Return an empty figure with room for the panels."""
        return style.empty_figure(self.width, FOOT + self.rows * (self.tall + ROW_GAP) + HEAD)

    @property
    def inner(self) -> float:
        """Inches of a panel's width."""
        return (self.width - self.left - RIGHT) / self.columns - COLUMN_GAP

    def bottom(self, row: int) -> float:
        """Return the inches below a row, counted from the top."""
        return FOOT + (self.rows - 1 - row) * (self.tall + ROW_GAP)

    def add(self, figure: Figure, row: int, column: int) -> Axes:
        """Add the axes of a panel."""
        across = (self.width - self.left - RIGHT) / self.columns
        left = self.left + column * across
        return style.add_axes(figure, left, self.bottom(row), self.inner, self.tall)


def name_panel(axes: Axes, is_last: bool, title: str, xlabel: str = "") -> None:
    """Write a panel's title; only panels of the last row keep what is written below their axis."""
    if not is_last:
        axes.set_xlabel("")
        axes.tick_params(axis="x", labelbottom=False)
    elif xlabel:
        axes.set_xlabel(xlabel)
    if title:
        figure = axes.get_figure(root=True)
        assert figure is not None
        room = axes.get_position().width * figure.get_figwidth() + COLUMN_GAP
        lines = [letters.fitted(line, room, TITLE) for line in title.split("\n")]
        axes.set_title("\n".join(lines), fontsize=style.points(TITLE))
