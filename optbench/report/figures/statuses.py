"""How scoring lanes ended, per optimizer: how many reached their target, and why others did not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from optbench.report.figures import framing, letters, palette, style
from optbench.report.figures.endings import STATUSES, Looks
from optbench.report.figures.numbers import count

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


WIDEST = 10.0
"""Inches: wider figures have room beside the bars."""
ROW, FOOT = 0.28, 0.5
"""Inches of a bar, and below all."""
NAME, NUMBER = 8.5, 8.0
"""Points of the letters."""


def draw(
    *, names: Sequence[str], counts: NDArray[np.float64], width: float = 12.0
) -> Figure:  # fmt: skip
    """Return stacked bars.

    Parameters
    ----------
    names : list of str
        Optimizers, from the top.
    counts : array [optimizers, endings]
        Scoring lanes by ending, in the order of `STATUSES`; endings of no lane are not shown.
    width : float
        Inches.
    """
    width = min(width, WIDEST)
    texts = [letters.fitted(name, 0.35 * width, NAME) for name in names]
    totals = [f"n = {count(total)}" for total in counts.sum(axis=1)]
    left, tall = letters.widest(texts, NAME) + 0.25, ROW * len(names)
    inner = width - left - letters.widest(totals, NUMBER) - 0.25
    figure = style.empty_figure(width, tall + FOOT)
    axes = style.add_axes(figure, left, FOOT, inner, tall)
    shown = show(axes, texts, counts)
    for row, total in enumerate(totals):
        axes.annotate(
            total, (100, row), (5, 0), textcoords="offset points", fontsize=style.points(NUMBER),
            va="center", color=palette.SOFT, annotation_clip=False,
        )  # fmt: skip
    entries = [framing.box_entry(looks.words, looks.colour, looks.hatch) for looks in shown]
    framing.frame(figure, "How scoring lanes ended", "", entries)
    return figure


def show(axes: Axes, names: Sequence[str], counts: NDArray[np.float64]) -> list[Looks]:
    """Show bars with their names on axes; return the looks of the endings that are drawn."""
    shown = _draw_bars(axes, counts, style.inches(axes))
    axes.set(xlim=(0, 100), ylim=(len(names) - 0.4, -0.6), xlabel="share of scoring lanes (%)")
    style.ticks(axes.yaxis, range(len(names)), names)
    axes.tick_params(axis="y", length=0, labelsize=style.points(NAME))
    axes.spines["left"].set_visible(False)
    return shown


def _draw_bars(axes: Axes, counts: NDArray[np.float64], inner: float) -> list[Looks]:
    """Draw a bar of shares for each row of counts, with their numbers where there is room.

    `inner` is the inches of a whole bar; return the looks of the endings that are drawn.
    """
    shares = 100 * counts / np.maximum(counts.sum(axis=1), 1)[:, None]
    left, shown = np.zeros(len(counts)), []
    for k, looks in enumerate(STATUSES.values()):
        if not counts[:, k].any():
            continue
        shown.append(looks)
        axes.barh(
            range(len(counts)), shares[:, k], left=left, height=0.74, color=looks.colour,
            hatch=looks.hatch, edgecolor="white", linewidth=0.6,
        )  # fmt: skip
        box = {"facecolor": looks.colour, "edgecolor": "none", "pad": 0.8} if looks.hatch else None
        for row, share in enumerate(shares[:, k]):
            if share * inner / 100 > letters.inches(f"{share:.0f}", NUMBER) + 0.04:
                axes.text(
                    left[row] + share / 2, row, f"{share:.0f}", color=looks.ink,
                    fontsize=style.points(NUMBER),
                    ha="center", va="center", bbox=box,
                )  # fmt: skip
        left += shares[:, k]
    return shown
