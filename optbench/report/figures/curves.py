"""Loss curves: the median over lanes with a quartile band, and a ladder of names beside them."""

import numpy as np

from optbench.report.figures.numbers import DIVERGED, short

MARKS = 6  # markers along a line
EDGE = "a band that runs to the edge: a quarter of the lanes or more diverged"


def draw_bands(drawn, bands, styles, *, transform=lambda v: v, shade=0.13):
    """Draw each optimizer's median line and quartile band; infinite parts are left out."""
    for i, (name, band) in enumerate(bands.items()):
        looks = styles[name]
        x = band.evaluations
        middle = np.where(np.isfinite(band.median), transform(band.median), np.nan)
        if band.lanes > 1 and shade:
            # An outer quartile of a partly diverged group is infinite: its band goes to the edge.
            low, high = (
                np.where(np.isinf(v), edge, transform(v))
                for v, edge in zip((band.low, band.high), drawn.get_ylim(), strict=True)
            )
            inside = np.isfinite(band.low) & np.isfinite(band.high)
            part = np.isfinite(band.low) != np.isfinite(band.high)
            fill = {"color": looks.colour, "linewidth": 0}
            drawn.fill_between(x, low, high, inside, alpha=shade, **fill)
            if part.any():  # paler: it is large and says less
                drawn.fill_between(x, low, high, part, alpha=0.4 * shade, **fill)
        every = max(1, len(x) // MARKS)
        drawn.plot(
            x, middle, color=looks.colour, linestyle=looks.line, linewidth=1.5,
            marker=looks.marker, markersize=4, markeredgewidth=0,
            markevery=(i * every // max(1, len(bands)), every),
        )  # fmt: skip


def reaches_edge(band):
    """Tell whether a quartile is infinite where the other one is not."""
    return bool((np.isfinite(band.low) != np.isfinite(band.high)).any())


def draw_departures(drawn, bands, styles, *, transform=lambda v: v):
    """Mark where lanes stop being finite, at the edge if their last value is beyond it."""
    low, high = drawn.get_ylim()
    for name, band in bands.items():
        if len(band.left_at):
            drawn.plot(
                band.left_at, np.clip(transform(band.left_from), low, high), linestyle="none",
                marker="x", markersize=6, markeredgewidth=1.4, color=styles[name].colour,
                clip_on=False, zorder=4,
            )  # fmt: skip


LEFT = 2.0
"""Stands for the end of a line that left the figure."""


def spread(places, gap):
    """Move sorted (falling) places in [0, 1] apart until neighbours are `gap` from each other."""
    moved = list(places)
    for i in range(len(moved)):
        highest = 1.0 if i == 0 else moved[i - 1] - gap
        moved[i] = min(moved[i], highest)
    for i in reversed(range(len(moved))):
        lowest = 0.0 if i == len(moved) - 1 else moved[i + 1] + gap
        moved[i] = max(moved[i], lowest)
    return moved


def heights(drawn, bands, transform=lambda v: v):
    """Return name -> where its line ends as a share of the axes' height, or +-`LEFT`."""
    to_axes = drawn.transData + drawn.transAxes.inverted()
    ends = {}
    for name, band in bands.items():
        last = band.median[-1]
        if not np.isfinite(last):
            ends[name] = LEFT if last > 0 else -LEFT
            continue
        y = to_axes.transform((band.evaluations[-1], float(transform(last))))[1]
        ends[name] = float(np.clip(y, 0.0, 1.0))
    return ends


def draw_ladder(drawn, ends, styles, *, notes=None, length=24):
    """Write the names beside the ends of their lines, apart from each other.

    Parameters
    ----------
    drawn : Axes
        Empty axes of the same height, right of the curves.
    ends : dict
        name -> height at which its line ends; `LEFT` when it left at the top, -`LEFT` below.
    notes : dict, optional
        name -> words after the name.
    """
    drawn.set_axis_off()
    drawn.set(xlim=(0, 1), ylim=(0, 1))
    inches = drawn.get_window_extent().height / drawn.figure.dpi
    names = sorted(ends, key=lambda name: (-ends[name], name))
    gap = min(0.165 / inches, 1 / max(1, len(names) - 1))
    places = spread([min(max(ends[name], 0.0), 1.0) for name in names], gap)
    for name, y in zip(names, places, strict=True):
        looks = styles[name]
        if abs(ends[name]) < LEFT:
            drawn.plot([0, 0.09], [ends[name], y], color=looks.colour, linewidth=0.5, clip_on=False)
        drawn.plot(
            [0.1, 0.17, 0.24], [y, y, y], color=looks.colour, linestyle=looks.line, linewidth=1.5,
            marker=looks.marker, markersize=4, markeredgewidth=0, markevery=[1], clip_on=False,
        )  # fmt: skip
        note = (notes or {}).get(name, "")
        drawn.text(
            0.27, y, short(name, length) + (f"  {note}" if note else ""), fontsize=8, va="center"
        )


def diverged_note(diverged, total):
    """Return what a legend says of an optimizer whose lanes diverged: ``×3/20``."""
    return f"{DIVERGED}{int(diverged)}/{int(total)}" if diverged > 0 else ""
