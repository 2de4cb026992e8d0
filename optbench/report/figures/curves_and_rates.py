"""The figure of one problem: loss curves left, the ladder of names, rate sensitivity right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from optbench.report.figures import framing, letters, palette, rate_scores, style
from optbench.report.figures.bands import Band, logarithmic, starting_value
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
from optbench.report.figures.numbers import short, text
from optbench.report.figures.palette import Style
from optbench.report.figures.quantities import SCORE, VALUE
from optbench.report.figures.rate_scores import RateScores

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDE, LADDERED = 9.0, 5.5
"""Inches from which rates are beside the curves, and names beside the ends of their lines."""
TALL = (2.0, 3.0)
"""Inches of a panel's height in the narrowest and in wide figures."""
FOOT, GAP, LEFT, RIGHT = 0.5, 0.62, 0.78, 0.25
"""Inches below the lowest axes, between two that stand on each other, and beside them."""
LADDER = 2.0
NAME = 18
"""Letters of a name left of the strip of rates that diverged."""


@dataclass(frozen=True)
class Places:
    """Where the parts of the figure are: (left, bottom, width, height), in inches.

    Attributes
    ----------
    height : float
        Of the figure.
    curves, rates : tuple of float
    ladder : tuple of float or None
        None where names are in a legend.
    """

    height: float
    curves: tuple[float, float, float, float]
    rates: tuple[float, float, float, float]
    ladder: tuple[float, float, float, float] | None


def places(width: float, names: int, strip: float, margin: float, has_rates: bool) -> Places:
    """Return where the parts are: rates beside the curves, or below them in narrow figures.

    Parameters
    ----------
    width : float
        Inches of the figure.
    names : int
        In the ladder.
    strip : float
        Inches of the strip of rates that diverged.
    margin : float
        Inches that its names need.
    has_rates : bool
    """
    laddered = width >= LADDERED
    tall = float(np.interp(width, (style.WIDTHS[0], WIDE), TALL))
    if laddered:
        tall = max(tall, 0.15 * names - 0.2)
    free = width - LEFT - RIGHT - (LADDER + 0.02) * laddered
    if width >= WIDE and has_rates:
        tall = max(tall + 0.6 * strip, 1.6 + strip)
        across = 0.575 * (free - margin)
        rates = LEFT + across + 0.02 + LADDER + margin, FOOT, free - margin - across, tall
        bottom, height = FOOT, FOOT + tall + 0.1
    else:
        across, below = free, (tall + strip + GAP) * has_rates
        rates = max(LEFT, margin), FOOT, width - RIGHT - max(LEFT, margin), tall + strip
        bottom, height = FOOT + below, FOOT + below + tall + 0.1
    ladder = (LEFT + across + 0.02, bottom, LADDER, tall) if laddered else None
    return Places(height, (LEFT, bottom, across, tall), rates, ladder)


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
    width: float = 12.0,
) -> Figure:
    """Return the figure of one problem.

    Parameters
    ----------
    label, kind : str
    bands, scores, styles : dict
        optimizer -> `Band` of the column named in `VALUE`, `RateScores`, `Style`.
    diverged : dict
        optimizer -> (diverged, total) scoring lanes.
    target : float
        The value at which a lane counts as successful (median over lanes); NaN if there is none.
    bounds : dict, optional
        optimizer -> what is proved of its median, at the evaluations of its band.
    unit : str
        What the curves' axis counts.
    width : float
        Inches.
    """
    lost = rate_scores.diverging(scores)
    strip = rate_scores.strip_height(lost)
    margin = letters.widest([short(name, NAME) for name in lost], 7.0) + 0.2 if lost else 0.0
    at = places(width, len(bands), strip, max(margin, 0.9 if width >= WIDE else 0.0), bool(scores))
    figure = style.empty_figure(width, at.height)
    axes = style.add_axes(figure, *at.curves)
    ladder = style.add_axes(figure, *at.ladder) if at.ladder else None
    notes: list[str] = []
    if bands:
        notes.append(show_curves(axes, kind, bands, styles, diverged, target, bounds, unit, ladder))
    else:
        axes.set_ylabel(VALUE[kind][1])
        axes.text(0.5, 0.5, "no curves", transform=axes.transAxes, ha="center", color=palette.SOFT)
        if ladder is not None:
            ladder.set_axis_off()
    if scores:
        start = starting_value(bands)
        notes.append(_draw_rates(figure, at.rates, SCORE[kind], scores, styles, start))
    shown = {name: styles[name] for name in bands or scores}
    entries = framing.line_entries(shown, _marks(bands, diverged)) if ladder is None else ()
    framing.frame(figure, label, " ".join(notes), entries)
    return figure


def show_curves(
    axes: Axes,
    kind: str,
    bands: Mapping[str, Band],
    styles: Mapping[str, Style],
    diverged: Mapping[str, tuple[float, float]],
    target: float,
    bounds: Mapping[str, NDArray[np.float64]] | None = None,
    unit: str = "gradient evaluations",
    ladder: Axes | None = None,
) -> str:
    """Show curves on axes, with names in a ladder beside them; return the note about them.

    The parameters are those of `draw`.
    """
    axes.set_ylabel(VALUE[kind][1])
    evaluations = np.concatenate([band.evaluations for band in bands.values()])
    style.evaluation_axis(axes, evaluations, unit, most=style.most_ticks(style.inches(axes)))
    note = _draw_curves(axes, ladder, bands, styles, diverged, target)
    draw_bounds(axes, bands, bounds or {})
    return note


def _marks(
    bands: Mapping[str, Band], diverged: Mapping[str, tuple[float, float]]
) -> dict[str, str]:  # fmt: skip
    """Return what is written after the names of optimizers whose lanes diverged."""
    return {name: diverged_note(*diverged.get(name, (0, 0))) for name in bands}


def _draw_curves(
    axes: Axes,
    ladder: Axes | None,
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
        axes.axhline(target, color=palette.SOFT, linewidth=0.8, linestyle=(0, (2, 2)), zorder=1)
        axes.text(
            0.006, target, "target", transform=axes.get_yaxis_transform(),
            fontsize=style.points(7), color=palette.SOFT, va="bottom",
        )  # fmt: skip
    marks = _marks(bands, diverged)
    if ladder is not None:
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
    axes.set_ylim(*linear_limits(bands))
    return unchanged, False


def linear_limits(bands: Mapping[str, Band]) -> tuple[float, float]:
    """Return what is shown of values that go below 0: as far above the start as below it."""
    sides = [side for band in bands.values() for side in (band.median, band.low)]
    finite = np.concatenate([side[np.isfinite(side)] for side in sides])
    low, high = rate_scores.limits(finite, starting_value(bands))
    margin = 0.05 * (high - low)
    return low - margin, high + margin


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
    return "Curves: " + "; ".join(parts) + "."


def _draw_rates(
    figure: Figure,
    place: tuple[float, float, float, float],
    score_label: str,
    scores: Mapping[str, RateScores],
    styles: Mapping[str, Style],
    start: float,
) -> str:
    """Draw tuning scores against rates, above them rates that diverged; return the note."""
    names = rate_scores.diverging(scores)
    left, bottom, width, tall = place
    strip = rate_scores.strip_height(names)
    axes = style.add_axes(figure, left, bottom, width, tall - strip - (0.2 if names else 0.0))
    rate_scores.show(axes, score_label, scores, styles, start)
    if names:
        above = style.add_axes(figure, left, bottom + tall - strip, width, strip)
        style.log_axis(above, "x", *axes.get_xlim(), most=style.most_ticks(width))
        rate_scores.draw_strip(above, scores, names, styles, NAME)
    note = (
        "Rates: large mark: the tuned rate; a triangle instead of a disc: it met the edge of the "
        "study's grid, which was then extended. Open diamond: the default setting."
    )
    return f"{note} {rate_scores.cut_words(scores, start)}".rstrip()
