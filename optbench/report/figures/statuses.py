"""How scoring lanes ended, per optimizer: reached, stationary, budget, stopped, not finite."""

import numpy as np

from optbench.report.figures import style
from optbench.report.figures.numbers import count, short
from optbench.report.statistics.endings import BUDGET, NOT_FINITE, REACHED, STATIONARY, STOPPED

STATUSES = {
    REACHED: ("#0072B2", "white", "", "target reached"),
    STATIONARY: ("#9ccbe8", style.INK, "", "stationary above the target"),
    BUDGET: ("#dddddd", style.INK, "", "budget spent"),
    STOPPED: ("#009E73", "white", "", "stopped early"),
    NOT_FINITE: ("#D55E00", "white", "////", "not finite (diverged)"),
}
"""How a lane ended -> colour, text colour, hatch, words. Reached is the target of the tables."""


def words_of(ended):
    """Return the words for how a lane ended."""
    return STATUSES[ended][3]


def draw(*, names, counts):
    """Return stacked bars.

    Parameters
    ----------
    names : list of str
        Optimizers, from the top.
    counts : array [optimizers, 5]
        Scoring lanes by status, in the order of `STATUSES`.
    """
    label = max(0.9, 0.075 * max(map(len, (short(n, 30) for n in names)), default=1) + 0.15)
    tall = 0.28 * len(names)
    made = style.figure(10.0, tall + 1.4)
    width = 10.0 - label - 1.0
    drawn = style.axes(made, label, 0.55, width, tall)
    totals = counts.sum(axis=1)
    shares = 100 * counts / np.maximum(totals, 1)[:, None]
    left = np.zeros(len(names))
    for k, (colour, ink, hatch, words) in enumerate(STATUSES.values()):
        drawn.barh(
            range(len(names)), shares[:, k], left=left, height=0.74, color=colour, label=words,
            hatch=hatch, edgecolor="white", linewidth=0.6,
        )  # fmt: skip
        for row, share in enumerate(shares[:, k]):
            if share >= 3.5:
                box = {"facecolor": colour, "edgecolor": "none", "pad": 0.8} if hatch else None
                drawn.text(
                    left[row] + share / 2, row, f"{share:.0f}", color=ink, fontsize=8,
                    ha="center", va="center", bbox=box,
                )  # fmt: skip
        left += shares[:, k]
    for row, total in enumerate(totals):
        drawn.text(101, row, f"n = {count(total)}", fontsize=8, va="center", color=style.SOFT)
    drawn.set(xlim=(0, 100), ylim=(len(names) - 0.4, -0.6), xlabel="share of scoring lanes (%)")
    style.ticks(drawn.yaxis, range(len(names)), [short(n, 30) for n in names])
    drawn.tick_params(axis="y", length=0, labelsize=8.5)
    drawn.spines["left"].set_visible(False)
    style.words(
        made, 0.12, tall + 1.4 - 0.2, "How scoring lanes ended", fontsize=11, weight="bold",
        va="center",
    )  # fmt: skip
    drawn.legend(
        loc="lower left", bbox_to_anchor=(0, 1.0), ncols=5, frameon=False, fontsize=8,
        handlelength=1.2, handleheight=1.0, borderaxespad=0.3, columnspacing=1.4,
    )  # fmt: skip
    return made
