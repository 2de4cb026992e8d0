"""The figure of one problem: loss curves left, the ladder of names, rate sensitivity right."""

import numpy as np

from optbench.report.figures import rate_scores, style
from optbench.report.figures.bands import starting_value
from optbench.report.figures.curves import (
    EDGE,
    diverged_note,
    draw_bands,
    draw_departures,
    draw_ladder,
    heights,
    reaches_edge,
)
from optbench.report.figures.numbers import text

VALUE = {
    "deterministic": ("gap", "gap  f − f_ref"),
    "stochastic": ("gap", "gap, noise-free  f − f_ref"),
    "data": ("gap", "gap on all training data  f − f_ref"),
    "net": ("f", "training loss"),
}
"""What the curves of each kind of problem show: column and axis label."""

SCORE = {
    "deterministic": "tuning score\n(median best gap)",
    "stochastic": "tuning score\n(median final gap)",
    "data": "tuning score\n(median over lanes)",
    "net": "tuning score\n(median validation loss)",
}

WIDTH, HEIGHT = 12.0, 4.4


def draw(*, label, kind, bands, series, styles, diverged, target, unit="gradient evaluations"):
    """Return the figure of one problem.

    Parameters
    ----------
    label, kind : str
    bands : dict
        optimizer -> `reduce.Band` of the column named in `VALUE`.
    series : dict
        optimizer -> dict of arrays lr, score, diverged_share, best, and the bool at_edge.
    styles : dict
    diverged : dict
        optimizer -> (diverged, total) scoring lanes.
    target : float
        The value at which a lane counts as successful (median over lanes); NaN if there is none.
    unit : str
        What the curves' axis counts.
    """
    lost = rate_scores.diverging(series)
    strip = rate_scores.strip_height(lost)
    height = max(HEIGHT + 0.6 * strip, 1.5 + 0.15 * len(bands))  # the ladder needs room
    made = style.figure(WIDTH, height)
    bottom, top = 0.82, height - 0.52
    left = style.axes(made, 0.78, bottom, 4.4, top - bottom)
    ladder = style.axes(made, 5.2, bottom, 2.0, top - bottom)
    notes = [_draw_curves(left, ladder, kind, bands, styles, diverged, target, unit)]
    style.words(made, 0.12, height - 0.25, label, fontsize=11, weight="bold", va="center")
    if series:
        start = starting_value(bands)
        notes.append(_draw_sensitivity(made, kind, series, styles, start, (bottom, top), lost))
    style.words(
        made, 0.12, 0.1, "\n".join(n for n in notes if n), fontsize=7.5, color=style.SOFT,
        va="bottom", linespacing=1.35,
    )  # fmt: skip
    return made


def logarithmic(values, start):
    """Tell whether values suit a log axis: none is negative beyond rounding."""
    finite = np.concatenate([v[np.isfinite(v)] for v in values]) if values else np.empty(0)
    scale = abs(start) if np.isfinite(start) else 1.0
    return not (finite < -1e-9 * max(1.0, scale)).any()


def _draw_curves(drawn, ladder, kind, bands, styles, diverged, target, unit):
    drawn.set_ylabel(VALUE[kind][1])
    if not bands:
        drawn.text(0.5, 0.5, "no curves", transform=drawn.transAxes, ha="center", color=style.SOFT)
        ladder.set_axis_off()
        return ""
    start = starting_value(bands)
    medians = [band.median for band in bands.values()]
    style.evaluation_axis(drawn, np.concatenate([b.evaluations for b in bands.values()]), unit)
    cut, transform = False, _same
    if logarithmic(medians, start):
        quartiles = [side for band in bands.values() for side in (band.low, band.high)]
        low, high, cut = style.log_limits(start, *medians, *quartiles)
        if np.isfinite(target) and target > 0:
            low = min(low, max(target / 3, low / 30))
        style.log_axis(drawn, "y", low, high)
        transform = _Floor(low)
    else:
        finite = np.concatenate([m[np.isfinite(m)] for m in medians])
        margin = 0.05 * (np.ptp(finite) or 1.0)
        drawn.set_ylim(finite.min() - margin, finite.max() + margin)
    draw_bands(drawn, bands, styles, transform=transform)
    draw_departures(drawn, bands, styles, transform=transform)
    if np.isfinite(target) and drawn.get_ylim()[0] <= target <= drawn.get_ylim()[1]:
        drawn.axhline(target, color=style.SOFT, linewidth=0.8, linestyle=(0, (2, 2)), zorder=1)
        drawn.text(
            0.006, target, "target", transform=drawn.get_yaxis_transform(), fontsize=7,
            color=style.SOFT, va="bottom",
        )  # fmt: skip
    marks = {name: diverged_note(*diverged.get(name, (0, 0))) for name in bands}
    draw_ladder(ladder, heights(drawn, bands, transform), styles, notes=marks)
    return _curve_note(bands, marks, cut, drawn.get_ylim()[0])


def _same(values):
    return values


class _Floor:
    """Lift values to the lowest one shown."""

    def __init__(self, low):
        self.low = low

    def __call__(self, values):
        return np.maximum(values, self.low)


def _curve_note(bands, marks, cut, low):
    most = max(band.lanes for band in bands.values())
    parts = [
        f"line: median of {most} lanes, band: middle half" if most > 1 else "line: the single lane"
    ]
    if any(marks.values()):
        parts.append("cross: a lane stops being finite, ×k/n: k of all n scoring lanes diverged")
    if any(reaches_edge(band) for band in bands.values()):
        parts.append(EDGE)
    if cut:
        parts.append(f"values below {text(low)} are drawn at the lower edge")
    return "Left: " + "; ".join(parts) + "."


def _draw_sensitivity(made, kind, series, styles, start, span, lost):
    bottom, top = span
    strip = rate_scores.strip_height(lost)
    room = top - bottom - strip - (0.12 if lost else 0.0)
    left, width = 8.5, WIDTH - 8.5 - 0.25
    rates = np.concatenate([s["lr"] for s in series.values()])
    scores = np.concatenate([s["score"] for s in series.values()])
    finite = scores[np.isfinite(scores)]
    shown = (rates.min() / 1.3, rates.max() * 1.3)
    drawn = style.axes(made, left, bottom, width, room)
    drawn.set_ylabel(SCORE[kind])
    drawn.set_xlabel("learning rate")
    if not len(finite):
        drawn.set(yticks=[], ylim=(0, 1))
        drawn.text(
            0.5, 0.5, "no learning rate has a finite score", transform=drawn.transAxes,
            ha="center", color=style.SOFT,
        )  # fmt: skip
    elif (finite < 0).any():
        rate_scores.draw_scores(drawn, series, styles, (-np.inf, np.inf))
    else:
        # Limits are set by the start: rates near divergence have scores far beyond it.
        low, high, _ = style.log_limits(start, finite)
        style.log_axis(drawn, "y", low, high, most=6)
        rate_scores.draw_scores(drawn, series, styles, (low, high))
    style.log_axis(drawn, "x", *shown, most=7)
    if lost:
        above = style.axes(made, left, top - strip, width, strip)
        style.log_axis(above, "x", *shown, most=7)
        rate_scores.draw_strip(above, series, lost, styles)
    return (
        "Right: large mark: the tuned rate; a triangle instead of a disc: it met the edge of the "
        "study's grid, which was then extended."
    )
