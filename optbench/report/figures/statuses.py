"""How scoring lanes ended, per optimizer: how many reached their target, and why others did not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from optbench.report.figures import style
from optbench.report.figures.numbers import count, short
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

WIDTH = 10.0
ROW = 0.28
FOOT, HEAD = 0.55, 1.05
"""Inches below and above the bars."""
LEGEND_COLUMNS = 5
TOTAL = 1.0
"""Inches right of the bars: the numbers of lanes."""
LEAST_TEXT = 3.5
"""Per cent of a bar that is wide enough for a number."""


def words_of(ending: str) -> str:
    """Return the words for how a lane ended."""
    return ENDINGS[ending]


def draw(*, names: Sequence[str], counts: NDArray[np.float64]) -> Figure:
    """Return stacked bars.

    Parameters
    ----------
    names : list of str
        Optimizers, from the top.
    counts : array [optimizers, endings]
        Scoring lanes by ending, in the order of `STATUSES`; endings of no lane are not shown.
    """
    texts = [short(name, 30) for name in names]
    left, tall = style.label_width(texts), ROW * len(names)
    figure = style.empty_figure(WIDTH, tall + (FOOT + HEAD))
    axes = style.add_axes(figure, left, FOOT, WIDTH - left - TOTAL, tall)
    _draw_bars(axes, counts)
    for row, total in enumerate(counts.sum(axis=1)):
        axes.text(101, row, f"n = {count(total)}", fontsize=8, va="center", color=style.SOFT)
    axes.set(xlim=(0, 100), ylim=(len(names) - 0.4, -0.6), xlabel="share of scoring lanes (%)")
    style.ticks(axes.yaxis, range(len(names)), texts)
    axes.tick_params(axis="y", length=0, labelsize=8.5)
    axes.spines["left"].set_visible(False)
    style.add_title(figure, "How scoring lanes ended", 0.2)
    axes.legend(
        loc="lower left", bbox_to_anchor=(0, 1.0), ncols=LEGEND_COLUMNS, frameon=False, fontsize=8,
        handlelength=1.2, handleheight=1.0, borderaxespad=0.3, columnspacing=1.4,
    )  # fmt: skip
    return figure


def _draw_bars(axes: Axes, counts: NDArray[np.float64]) -> None:
    """Draw a bar of shares for each row of counts, with their numbers where there is room."""
    shares = 100 * counts / np.maximum(counts.sum(axis=1), 1)[:, None]
    left = np.zeros(len(counts))
    for k, looks in enumerate(STATUSES.values()):
        if not counts[:, k].any():
            continue
        axes.barh(
            range(len(counts)), shares[:, k], left=left, height=0.74, color=looks.colour,
            label=looks.words, hatch=looks.hatch, edgecolor="white", linewidth=0.6,
        )  # fmt: skip
        box = {"facecolor": looks.colour, "edgecolor": "none", "pad": 0.8} if looks.hatch else None
        for row, share in enumerate(shares[:, k]):
            if share >= LEAST_TEXT:
                axes.text(
                    left[row] + share / 2, row, f"{share:.0f}", color=looks.ink, fontsize=8,
                    ha="center", va="center", bbox=box,
                )  # fmt: skip
        left += shares[:, k]
