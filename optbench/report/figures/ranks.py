"""Mean ranks, each with half of the critical difference to either side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from optbench.report.figures import framing, letters, style
from optbench.report.figures.palette import Style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDEST, ROW, FOOT = 8.0, 0.22, 0.5
NAME = 8.0
"""Points of names."""


def draw(
    *, names: Sequence[str], ranks: NDArray[np.float64], difference: float, note: str,
    styles: Mapping[str, Style], width: float = 12.0,
) -> Figure:  # fmt: skip
    """Return a row for each optimizer.

    Parameters
    ----------
    names : list of str
        Optimizers, best first.
    ranks : array [optimizers]
    difference : float
        Two whose bars overlap are not told apart; NaN where there is no test.
    note : str
    styles : dict
    width : float
        Inches.
    """
    width = min(width, WIDEST)
    texts = [letters.fitted(name, 0.35 * width, NAME) for name in names]
    left, tall = letters.widest(texts, NAME) + 0.25, ROW * len(names)
    figure = style.empty_figure(width, tall + FOOT)
    axes = style.add_axes(figure, left, FOOT, width - left - 0.15, tall)
    show(axes, texts, names, ranks, difference, styles)
    framing.frame(figure, "Mean ranks", note)
    return figure


def show(
    axes: Axes, texts: Sequence[str], names: Sequence[str], ranks: NDArray[np.float64],
    difference: float, styles: Mapping[str, Style],
) -> None:  # fmt: skip
    """Show a row for each optimizer on axes, with a text beside it; see `draw`."""
    half = 0.0 if np.isnan(difference) else difference / 2
    if half:
        axes.axvspan(ranks[0] - half, ranks[0] + half, color="#eeeeee", linewidth=0, zorder=0)
    for row, (name, rank) in enumerate(zip(names, ranks, strict=True)):
        if half:
            axes.plot([rank - half, rank + half], [row, row], color="#777777", linewidth=1.2)
        axes.plot(rank, row, marker="o", markersize=5, color=styles[name].colour)
    axes.set(ylim=(len(names) - 0.4, -0.6), xlabel="mean rank (1: best)")
    style.ticks(axes.yaxis, range(len(names)), texts)
    axes.tick_params(axis="y", length=0, labelsize=style.points(NAME))
    axes.grid(visible=False, axis="y")
