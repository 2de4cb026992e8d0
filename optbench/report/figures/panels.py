"""Small multiples of a net: a column for each layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from optbench.report.figures import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH = 12.0
RIGHT, FOOT = 0.15, 0.86
"""Inches right of and below all panels."""
COLUMN_GAP, ROW_GAP = 0.3, 0.16
"""Inches between panels: the ticks of neighbours must not meet."""


@dataclass(frozen=True)
class Panels:
    """Small multiples: a row for each of several things, a column for each layer.

    Attributes
    ----------
    rows, columns : int
    left, top, tall : float
        Inches left of all panels, above them, and of a panel's height.
    """

    rows: int
    columns: int
    left: float
    top: float
    tall: float

    def figure(self) -> Figure:
        """Return an empty figure with room for the panels."""
        return style.empty_figure(WIDTH, FOOT + self.rows * (self.tall + ROW_GAP) + self.top)

    def bottom(self, row: int) -> float:
        """Return the inches below a row, counted from the top."""
        return FOOT + (self.rows - 1 - row) * (self.tall + ROW_GAP)

    def add(self, figure: Figure, row: int, column: int) -> Axes:
        """Add the axes of a panel."""
        across = (WIDTH - self.left - RIGHT) / self.columns
        left, width = self.left + column * across, across - COLUMN_GAP
        return style.add_axes(figure, left, self.bottom(row), width, self.tall)


def name_panel(axes: Axes, is_last: bool, title: str, xlabel: str = "") -> None:
    """Write a panel's title; only panels of the last row keep what is written below their axis."""
    if not is_last:
        axes.set_xlabel("")
        axes.tick_params(axis="x", labelbottom=False)
    elif xlabel:
        axes.set_xlabel(xlabel)
    if title:
        axes.set_title(title, fontsize=9)
