"""How scoring lanes ended, per optimizer: how many reached their target, and why others did not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from optbench.report.figures import framing, letters, style
from optbench.report.figures.numbers import count
from optbench.report.statistics.endings import BUDGET, NOT_FINITE, REACHED, STATIONARY, STOPPED

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


class Looks(NamedTuple):
    """How an ending is drawn: the bar's colour, its text's, its hatch, and the ending in words."""

    colour: str
    ink: str
    hatch: str
    words: str


STATUSES = {
    "reached": Looks("#0072B2", "white", "", "target reached"),
    "spent": Looks("#dddddd", style.INK, "", "descending when the budget was spent"),
    "stalled": Looks("#aaaaaa", style.INK, "", "stalled"),
    "stopped": Looks("#009E73", "white", "", "stopped early"),
    "other_minimum": Looks("#9ccbe8", style.INK, "", "at another minimum"),
    "saddle": Looks("#CC79A7", style.INK, "", "at a saddle"),
    "plateau": Looks("#F0E442", style.INK, "", "on a plateau"),
    "left_the_box": Looks("#E69F00", style.INK, "", "left the box"),
    "diverged": Looks("#D55E00", "white", "", "diverged"),
    "not_finite": Looks("#D55E00", "white", "////", "not finite"),
    "no_target": Looks("#f6f6f6", style.INK, "....", "no target"),
}
"""Of every column of counts in `failure_table`, from the best to the worst."""
ENDINGS = {
    REACHED: "target reached",
    STATIONARY: "stationary above the target",
    BUDGET: "budget spent",
    STOPPED: "stopped early",
    NOT_FINITE: "not finite (diverged)",
}
"""What the engine says of how a lane ended, in words."""

WIDEST = 10.0
"""Inches: wider figures have room beside the bars."""
ROW, FOOT = 0.28, 0.5
"""Inches of a bar, and below all."""
NAME, NUMBER = 8.5, 8.0
"""Points of the letters."""


def words_of(ending: str) -> str:
    """Return the words for how a lane ended."""
    return ENDINGS[ending]


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
    shown = _draw_bars(axes, counts, inner)
    for row, total in enumerate(totals):
        axes.annotate(
            total, (100, row), (5, 0), textcoords="offset points", fontsize=style.points(NUMBER),
            va="center", color=style.SOFT, annotation_clip=False,
        )  # fmt: skip
    axes.set(xlim=(0, 100), ylim=(len(names) - 0.4, -0.6), xlabel="share of scoring lanes (%)")
    style.ticks(axes.yaxis, range(len(names)), texts)
    axes.tick_params(axis="y", length=0, labelsize=style.points(NAME))
    axes.spines["left"].set_visible(False)
    entries = [framing.box_entry(looks.words, looks.colour, looks.hatch) for looks in shown]
    framing.frame(figure, "How scoring lanes ended", "", entries)
    return figure


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
