"""A radar: how far one optimizer holds on each ladder of difficulty."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from optbench.report.figures import framing, palette, style
from optbench.report.figures.palette import Style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDEST = 6.5
"""Inches of the figure at most."""
AROUND = 1.05
"""Inches for the names around it."""
NAME = 7.5
"""Points of the names."""
FIELD = "#999999"


def draw(
    *,
    title: str,
    note: str,
    ladders: Sequence[str],
    each: NDArray[np.float64],
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    once: NDArray[np.float64],
    field: NDArray[np.float64],
    looks: Style,
    width: float = 6.5,
) -> Figure:
    """Return the radar of one optimizer.

    Parameters
    ----------
    title, note : str
    ladders : list of str
        Clockwise from the top.
    each, low, high, once, field : array [ladders]
        Shares of the levels that are held: tuned per level with the ends of its interval, tuned
        once, and by the median of the field; NaN where there is none.
    looks : Style
    width : float
        Inches.
    """
    width = min(width, WIDEST)
    side = width - 2 * AROUND
    figure = style.empty_figure(width, side + 2 * 0.6)
    up = side + 2 * 0.6
    axes: Any = figure.add_axes(
        (AROUND / width, 0.6 / up, side / width, side / up), projection="polar"
    )
    axes.set_theta_zero_location("N")
    axes.set_theta_direction(-1)
    angle = 2 * np.pi * np.arange(len(ladders)) / len(ladders)
    around = np.append(angle, 2 * np.pi)

    def closed(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.append(values, values[:1])

    if not np.isnan(low).any():
        axes.fill_between(around, closed(low), closed(high), color=looks.colour, alpha=0.16, lw=0)
    axes.plot(around, closed(field), color=FIELD, lw=1.0)
    axes.plot(around, closed(once), color=looks.colour, lw=1.2, ls="--")
    axes.plot(around, closed(each), color=looks.colour, lw=1.6, marker="o", ms=3)
    axes.set_ylim(0, 1.02)
    axes.set_yticks([0.5, 1.0], ["half", "all"], fontsize=style.points(7.0), color=palette.SOFT)
    axes.set_xticks(angle, [name.replace("_", "\n") for name in ladders])
    axes.tick_params(axis="x", labelsize=style.points(NAME), pad=4)
    axes.grid(color="#e4e4e4")
    entries = [
        framing.mark_entry("tuned per level", {"color": looks.colour, "marker": "o", "ms": 4}),
        framing.mark_entry("tuned once", {"color": looks.colour, "marker": "_", "ms": 8}),
        framing.mark_entry("median of the field", {"color": FIELD, "marker": "_", "ms": 8}),
    ]
    framing.frame(figure, title, note, entries)
    return figure
