"""Learning-rate sensitivity: tuning score against rate, and which rates diverged."""

import numpy as np

from optbench.report.figures import style
from optbench.report.figures.numbers import DIVERGED, short

ROW = 0.125  # inches of one optimizer in the strip of diverged rates


def diverging(series):
    """Return the names of optimizers for which some lane diverged at some rate."""
    return [
        name
        for name, s in series.items()
        if np.isinf(s["score"]).any() or np.nansum(s["diverged_share"]) > 0
    ]


def strip_height(names):
    """Return the inches that the strip of diverged rates takes."""
    return ROW * len(names) + 0.1 if names else 0.0


def draw_scores(drawn, series, styles, limits):
    """Draw finite scores; the tuned rate is a large mark, a triangle if at the grid's edge."""
    low, high = limits
    for name, s in series.items():
        looks = styles[name]
        score = np.where(np.isfinite(s["score"]), np.clip(s["score"], low, None), np.nan)
        drawn.plot(
            s["lr"], score, color=looks.colour, linestyle=looks.line, linewidth=1.3,
            marker=looks.marker, markersize=2.6, markeredgewidth=0,
        )  # fmt: skip
        for k in np.flatnonzero(s["best"] & np.isfinite(score)):
            if s["at_edge"]:
                marker = ">" if s["lr"][k] >= np.median(s["lr"]) else "<"
            else:
                marker = "o"
            drawn.plot(
                s["lr"][k], min(score[k], high), marker=marker, markersize=8 if s["at_edge"] else 7,
                markerfacecolor=looks.colour, markeredgecolor="white", markeredgewidth=1.0,
                clip_on=False, zorder=5,
            )  # fmt: skip


def draw_strip(drawn, series, names, styles, length=18):
    """Draw one row an optimizer: a cross at each rate without a finite score.

    A dot is a rate whose score is finite although some of its lanes diverged.
    """
    for row, name in enumerate(names):
        s, looks = series[name], styles[name]
        lost = np.isinf(s["score"])
        some = ~lost & (s["diverged_share"] > 0)
        for chosen, marker, size in ((lost, "x", 3.6), (some, ".", 3.5)):
            drawn.plot(
                s["lr"][chosen], np.full(chosen.sum(), row), linestyle="none", marker=marker,
                markersize=size, markeredgewidth=1.0, color=looks.colour,
            )  # fmt: skip
    drawn.set_ylim(len(names) - 0.4, -0.6)
    style.ticks(drawn.yaxis, range(len(names)), [short(name, length) for name in names])
    drawn.tick_params(axis="y", length=0, labelsize=7, pad=2)
    drawn.tick_params(axis="x", length=0, labelbottom=False)
    drawn.spines[["left", "bottom"]].set_visible(False)
    drawn.grid(False)
    drawn.set_title(
        f"{DIVERGED} median tuning lane diverged    · some lanes diverged",
        fontsize=7.5, color=style.SOFT, loc="left", pad=3,
    )  # fmt: skip
