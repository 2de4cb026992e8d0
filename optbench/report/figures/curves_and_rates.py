"""The figure of one problem: loss curves left, the ladder of names, rate sensitivity right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from optbench.report.figures import rate_scores, style
from optbench.report.figures.bands import Band, starting_value
from optbench.report.figures.curves import (
    EDGE,
    Transform,
    diverged_note,
    draw_bands,
    draw_bounds,
    draw_departures,
    draw_ladder,
    heights,
    reaches_edge,
    unchanged,
)
from optbench.report.figures.numbers import text
from optbench.report.figures.rate_scores import RateScores
from optbench.report.figures.style import Style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

VALUE = {
    "deterministic": ("gap", "gap  f − f_ref"),
    "stochastic": ("gap", "gap, noise-free  f − f_ref"),
    "data": ("gap", "gap on all training data  f − f_ref"),
    "net": ("f", "training loss"),
}
"""What the curves of each kind of problem show: column and axis label."""

SCORE = {
    "deterministic": "mean gap at the end, in tuning",
    "stochastic": "mean gap at the end, in tuning",
    "data": "mean gap at the end, in tuning",
    "net": "median validation loss, in tuning",
}
"""What rates are shown by; the gaps' means are geometric."""

WIDTH, HEIGHT = 12.0, 4.4
FOOT, HEAD = 0.82, 0.52
"""Inches below and above the axes."""
CURVES = (0.78, 4.4)
LADDER = (5.2, 2.0)
RATES = (8.5, WIDTH - 8.5 - 0.25)
"""Inches from the left, and width, of the three parts."""


def draw(
    *,
    label: str,
    kind: str,
    bands: Mapping[str, Band],
    scores: Mapping[str, RateScores],
    styles: Mapping[str, Style],
    diverged: Mapping[str, tuple[float, float]],
    target: float,
    bounds: Mapping[str, NDArray[np.float64]] | None = None,
    unit: str = "gradient evaluations",
) -> Figure:
    """Return the figure of one problem.

    Parameters
    ----------
    label, kind : str
    bands : dict
        optimizer -> `Band` of the column named in `VALUE`.
    scores : dict
        optimizer -> `RateScores`.
    styles : dict
    diverged : dict
        optimizer -> (diverged, total) scoring lanes.
    target : float
        The value at which a lane counts as successful (median over lanes); NaN if there is none.
    bounds : dict, optional
        optimizer -> what is proved of its median, at the evaluations of its band.
    unit : str
        What the curves' axis counts.
    """
    strip = rate_scores.strip_height(rate_scores.diverging(scores))
    height = max(HEIGHT + 0.6 * strip, 1.5 + 0.15 * len(bands))  # the ladder needs room
    figure = style.empty_figure(WIDTH, height)
    tall = height - HEAD - FOOT
    axes = style.add_axes(figure, CURVES[0], FOOT, CURVES[1], tall)
    ladder = style.add_axes(figure, LADDER[0], FOOT, LADDER[1], tall)
    axes.set_ylabel(VALUE[kind][1])
    notes = []
    if bands:
        style.evaluation_axis(
            axes, np.concatenate([band.evaluations for band in bands.values()]), unit
        )
        notes.append(_draw_curves(axes, ladder, bands, styles, diverged, target))
        draw_bounds(axes, bands, bounds or {})
    else:
        axes.text(0.5, 0.5, "no curves", transform=axes.transAxes, ha="center", color=style.SOFT)
        ladder.set_axis_off()
    style.add_title(figure, label, 0.25)
    if scores:
        notes.append(_draw_rates(figure, SCORE[kind], scores, styles, starting_value(bands)))
    style.add_note(figure, "\n".join(notes), linespacing=1.35)
    return figure


def logarithmic(values: Sequence[NDArray[np.float64]], start: float) -> bool:
    """Tell whether values suit a log axis: none is negative beyond rounding."""
    finite = np.concatenate([v[np.isfinite(v)] for v in values]) if values else np.empty(0)
    scale = abs(start) if np.isfinite(start) else 1.0
    return not (finite < -1e-9 * max(1.0, scale)).any()


def _draw_curves(
    axes: Axes,
    ladder: Axes,
    bands: Mapping[str, Band],
    styles: Mapping[str, Style],
    diverged: Mapping[str, tuple[float, float]],
    target: float,
) -> str:
    """Draw the curves and the names beside them; return the note about them."""
    transform, is_cut = _value_axis(axes, bands, target)
    draw_bands(axes, bands, styles, transform=transform)
    draw_departures(axes, bands, styles, transform=transform)
    if np.isfinite(target) and axes.get_ylim()[0] <= target <= axes.get_ylim()[1]:
        axes.axhline(target, color=style.SOFT, linewidth=0.8, linestyle=(0, (2, 2)), zorder=1)
        axes.text(
            0.006, target, "target", transform=axes.get_yaxis_transform(), fontsize=7,
            color=style.SOFT, va="bottom",
        )  # fmt: skip
    marks = {name: diverged_note(*diverged.get(name, (0, 0))) for name in bands}
    draw_ladder(ladder, heights(axes, bands, transform), styles, notes=marks)
    return _curve_note(bands, any(marks.values()), axes.get_ylim()[0] if is_cut else None)


def _value_axis(axes: Axes, bands: Mapping[str, Band], target: float) -> tuple[Transform, bool]:
    """Set the y axis; return what is drawn of values, and whether some lie below the axis."""
    start = starting_value(bands)
    medians = [band.median for band in bands.values()]
    if logarithmic(medians, start):
        quartiles = [side for band in bands.values() for side in (band.low, band.high)]
        low, high, is_cut = style.log_limits(start, *medians, *quartiles)
        if np.isfinite(target) and target > 0:
            low = min(low, max(target / 3, low / 30))
        style.log_axis(axes, "y", low, high)
        return _Floor(low), is_cut
    finite = np.concatenate([m[np.isfinite(m)] for m in medians])
    margin = 0.05 * (np.ptp(finite) or 1.0)
    axes.set_ylim(finite.min() - margin, finite.max() + margin)
    return unchanged, False


class _Floor:
    """Lift values to the lowest one shown."""

    def __init__(self, low: float) -> None:
        self.low = low

    def __call__(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.maximum(values, self.low)


def _curve_note(bands: Mapping[str, Band], any_diverged: bool, edge: float | None) -> str:
    """Return the note about curves; `edge` is the lower edge, if values are drawn at it."""
    lanes = max(band.lanes for band in bands.values())
    parts = [
        f"line: median of {lanes} lanes, band: middle half"
        if lanes > 1
        else "line: the single lane"
    ]
    if any_diverged:
        parts.append("cross: a lane stops being finite, ×k/n: k of all n scoring lanes diverged")
    if any(reaches_edge(band) for band in bands.values()):
        parts.append(EDGE)
    if edge is not None:
        parts.append(f"values below {text(edge)} are drawn at the lower edge")
    return "Left: " + "; ".join(parts) + "."


def _draw_rates(
    figure: Figure,
    score_label: str,
    scores: Mapping[str, RateScores],
    styles: Mapping[str, Style],
    start: float,
) -> str:
    """Draw tuning scores against rates, above them rates that diverged; return the note."""
    names = rate_scores.diverging(scores)
    left, width = RATES
    top = figure.get_size_inches()[1] - HEAD
    strip = rate_scores.strip_height(names)
    room = top - FOOT - strip - (0.12 if names else 0.0)
    rates = np.concatenate([np.append(own.lr, own.default[:, 0]) for own in scores.values()])
    limits = rates.min() / 1.3, rates.max() * 1.3
    axes = style.add_axes(figure, left, FOOT, width, room)
    axes.set_ylabel(score_label)
    axes.set_xlabel("learning rate")
    _draw_scores(axes, scores, styles, start)
    style.log_axis(axes, "x", *limits, most=7)
    if names:
        above = style.add_axes(figure, left, top - strip, width, strip)
        style.log_axis(above, "x", *limits, most=7)
        rate_scores.draw_strip(above, scores, names, styles)
    return (
        "Right: large mark: the tuned rate; a triangle instead of a disc: it met the edge of the "
        "study's grid, which was then extended. Open diamond: the default setting."
    )


def _draw_scores(
    axes: Axes, scores: Mapping[str, RateScores], styles: Mapping[str, Style], start: float
) -> None:
    every = np.concatenate([np.append(own.score, own.default[:, 1]) for own in scores.values()])
    finite = every[np.isfinite(every)]
    if not len(finite):
        axes.set(yticks=[], ylim=(0, 1))
        axes.text(
            0.5, 0.5, "no learning rate has a finite score", transform=axes.transAxes,
            ha="center", color=style.SOFT,
        )  # fmt: skip
    elif (finite < 0).any():
        rate_scores.draw_scores(axes, scores, styles, (-np.inf, np.inf))
    else:
        # Limits are set by the start: rates near divergence have scores far beyond it.
        low, high, _ = style.log_limits(start, finite)
        style.log_axis(axes, "y", low, high, most=6)
        rate_scores.draw_scores(axes, scores, styles, (low, high))
