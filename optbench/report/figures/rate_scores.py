"""Learning-rate sensitivity: tuning score against rate, and which rates diverged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from optbench.report.figures import letters, palette, style
from optbench.report.figures.numbers import DIVERGED, short
from optbench.report.figures.palette import Style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MARKS = 40  # about, along a line
ROW = 0.125  # inches of one optimizer in the strip of diverged rates
RISE = 10.0
"""How many times the start's value a score is shown: rates beyond are too large, however much."""
CUT = f"Cut off: scores above {RISE:g} times the value at the start."
CUT_VALUES = "Cut off: scores farther above the start than the best is below it."


@dataclass(frozen=True)
class RateScores:
    """The tuning of one optimizer on one problem, by rates that ascend.

    Attributes
    ----------
    lr, score, diverged_share : array [rates]
        The score is infinite where the median lane diverged.
    best : array [rates]
        Whether it is the tuned rate.
    at_edge : bool
        Whether the tuned rate met the edge of the study's grid.
    is_grid : bool
        Whether trials differ in the rate alone; others are points without a line.
    default : array [n, 2]
        Rate and score of the default setting; n is 0 where it was not tried.
    """

    lr: NDArray[np.float64]
    score: NDArray[np.float64]
    diverged_share: NDArray[np.float64]
    best: NDArray[np.bool_]
    at_edge: bool
    is_grid: bool
    default: NDArray[np.float64]


def diverging(scores: Mapping[str, RateScores]) -> list[str]:
    """Return the names of optimizers for which some lane diverged at some rate."""
    return [
        name
        for name, own in scores.items()
        if np.isinf(own.score).any() or np.nansum(own.diverged_share) > 0
    ]


def strip_height(names: Sequence[str]) -> float:
    """Return the inches that the strip of diverged rates takes."""
    return ROW * len(names) + 0.1 if names else 0.0


def draw_scores(
    axes: Axes,
    scores: Mapping[str, RateScores],
    styles: Mapping[str, Style],
    limits: tuple[float, float],
) -> None:
    """Draw finite scores; the tuned rate is a large mark, a triangle if at the grid's edge."""
    low, high = limits
    for name, own in scores.items():
        looks = styles[name]
        score = np.where(np.isfinite(own.score), np.clip(own.score, low, None), np.nan)
        axes.plot(
            own.lr, score, color=looks.colour, linewidth=1.3,
            linestyle=looks.line if own.is_grid else "none",
            marker=looks.marker, markersize=2.6, markeredgewidth=0,
            markevery=max(1, len(own.lr) // MARKS) if own.is_grid else 1,
        )  # fmt: skip
        for rate, value in own.default[np.isfinite(own.default).all(axis=1)]:
            axes.plot(
                rate, np.clip(value, low, high), marker="D", markersize=5, markerfacecolor="white",
                markeredgecolor=looks.colour, markeredgewidth=1.2, zorder=4,
            )  # fmt: skip
        for k in np.flatnonzero(own.best & np.isfinite(score)):
            marker = "o"
            if own.at_edge:
                marker = ">" if own.lr[k] >= np.median(own.lr) else "<"
            axes.plot(
                own.lr[k], min(score[k], high), marker=marker, markersize=8 if own.at_edge else 7,
                markerfacecolor=looks.colour, markeredgecolor="white", markeredgewidth=1.0,
                clip_on=False, zorder=5,
            )  # fmt: skip


def show(
    axes: Axes,
    score_label: str,
    scores: Mapping[str, RateScores],
    styles: Mapping[str, Style],
    start: float,
) -> None:
    """Show tuning scores against rates on axes; `start` is the median value at the start."""
    rates = np.concatenate([np.append(own.lr, own.default[:, 0]) for own in scores.values()])
    axes.set_ylabel(score_label)
    axes.set_xlabel("learning rate")
    _draw_all(axes, scores, styles, start)
    most = style.most_ticks(style.inches(axes))
    style.log_axis(axes, "x", rates.min() / 1.3, rates.max() * 1.3, most=most)


def _draw_all(
    axes: Axes, scores: Mapping[str, RateScores], styles: Mapping[str, Style], start: float
) -> None:
    finite = finite_scores(scores)
    if not len(finite):
        axes.set(yticks=[], ylim=(0, 1))
        axes.text(
            0.5, 0.5, "no learning rate has a finite score", transform=axes.transAxes,
            ha="center", color=palette.SOFT,
        )  # fmt: skip
        return
    low, high = limits(finite, start)
    if (finite < 0).any():
        axes.set_ylim(low - 0.05 * (high - low), high + 0.05 * (high - low))
    else:
        style.log_axis(axes, "y", low, high, most=6)
    draw_scores(axes, scores, styles, (low, high))


def finite_scores(scores: Mapping[str, RateScores]) -> NDArray[np.float64]:
    """Return all scores but those of trials whose median lane diverged."""
    every = np.concatenate([np.append(own.score, own.default[:, 1]) for own in scores.values()])
    finite: NDArray[np.float64] = every[np.isfinite(every)]
    return finite


def limits(finite: NDArray[np.float64], start: float) -> tuple[float, float]:
    """Return what is shown of scores: rates near divergence have some far beyond the start's.

    Of values below 0 the axis is a linear one, which ends as far above the start as the least score
    is below it.

    Parameters
    ----------
    finite : ndarray [n]
        At least one.
    start : float
        The median value at the start; NaN where it is unknown.
    """
    if not (finite < 0).any():
        low, high, _ = style.log_limits(start, finite, rise=RISE)
        return low, high
    low, high = float(finite.min()), float(finite.max())
    if np.isfinite(start) and start > low:
        high = min(high, 2.0 * start - low)
    return low, max(high, low + 1e-9 * max(1.0, abs(low)))


def cut_words(scores: Mapping[str, RateScores], start: float) -> str:
    """Return what is said of scores above what is shown, "" if there are none."""
    finite = finite_scores(scores)
    if not len(finite) or finite.max() <= limits(finite, start)[1]:
        return ""
    return CUT_VALUES if (finite < 0).any() else CUT


def draw_strip(
    axes: Axes,
    scores: Mapping[str, RateScores],
    names: Sequence[str],
    styles: Mapping[str, Style],
    length: int,
) -> None:
    """Draw one row an optimizer: a cross at each rate without a finite score.

    A dot is a rate whose score is finite although some of its lanes diverged.
    """
    for row, name in enumerate(names):
        own, looks = scores[name], styles[name]
        all_lost = np.isinf(own.score)
        some_lost = ~all_lost & (own.diverged_share > 0)
        for rates, marker, size in ((all_lost, "x", 3.6), (some_lost, ".", 3.5)):
            axes.plot(
                own.lr[rates], np.full(rates.sum(), row), linestyle="none", marker=marker,
                markersize=size, markeredgewidth=1.0, color=looks.colour,
            )  # fmt: skip
    axes.set_ylim(len(names) - 0.4, -0.6)
    style.ticks(axes.yaxis, range(len(names)), [short(name, length) for name in names])
    axes.tick_params(axis="y", length=0, labelsize=style.points(7), pad=2)
    axes.tick_params(axis="x", length=0, labelbottom=False)
    axes.spines[["left", "bottom"]].set_visible(False)
    axes.grid(False)
    words = f"{DIVERGED} median tuning lane diverged, · some lanes diverged"
    room = axes.get_window_extent().width / axes.figure.dpi
    axes.set_title(
        "\n".join(letters.wrapped(words, room, 7.5)), fontsize=style.points(7.5),
        color=palette.SOFT, loc="left", pad=3,
    )  # fmt: skip
