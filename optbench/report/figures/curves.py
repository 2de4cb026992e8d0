"""Loss curves: the median over lanes with a quartile band, and a ladder of names beside them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from optbench.report.figures import style
from optbench.report.figures.bands import Band
from optbench.report.figures.numbers import DIVERGED, short
from optbench.report.figures.palette import SOFT, Style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Transform: TypeAlias = Callable[[Any], Any]
"""From values to what is drawn of them, elementwise: of a number a number, of an array an array."""
MARKS = 6  # markers along a line
EDGE = "a band that runs to the edge: a quarter of the lanes or more diverged"


def unchanged(values: Any) -> Any:
    """Return the values: the transform of what is drawn as it is."""
    return values


def draw_bands(
    axes: Axes,
    bands: Mapping[str, Band],
    styles: Mapping[str, Style],
    *,
    transform: Transform = unchanged,
    shade: float = 0.13,
) -> None:
    """Draw each optimizer's median line and quartile band; infinite parts are left out."""
    for i, (name, band) in enumerate(bands.items()):
        looks = styles[name]
        x = band.evaluations
        middle = np.where(np.isfinite(band.median), transform(band.median), np.nan)
        if band.lanes > 1 and shade:
            # An outer quartile of a partly diverged group is infinite: its band goes to the edge.
            low, high = (
                np.where(np.isinf(v), edge, transform(v))
                for v, edge in zip((band.low, band.high), axes.get_ylim(), strict=True)
            )
            inside = np.isfinite(band.low) & np.isfinite(band.high)
            one_sided = np.isfinite(band.low) != np.isfinite(band.high)
            fill: dict[str, Any] = {"color": looks.colour, "linewidth": 0}
            axes.fill_between(x, low, high, inside, alpha=shade, **fill)
            if one_sided.any():  # paler: it is large and says less
                axes.fill_between(x, low, high, one_sided, alpha=0.4 * shade, **fill)
        every = max(1, len(x) // MARKS)
        axes.plot(
            x, middle, color=looks.colour, linestyle=looks.line, linewidth=1.5,
            marker=looks.marker, markersize=4, markeredgewidth=0,
            markevery=(i * every // max(1, len(bands)), every),
        )  # fmt: skip


def reaches_edge(band: Band) -> bool:
    """Tell whether a quartile is infinite where the other one is not."""
    return bool((np.isfinite(band.low) != np.isfinite(band.high)).any())


def draw_departures(
    axes: Axes,
    bands: Mapping[str, Band],
    styles: Mapping[str, Style],
    *,
    transform: Transform = unchanged,
) -> None:
    """Mark where lanes stop being finite, at the edge if their last value is beyond it."""
    low, high = axes.get_ylim()
    for name, band in bands.items():
        if len(band.left_at):
            axes.plot(
                band.left_at, np.clip(transform(band.left_from), low, high), linestyle="none",
                marker="x", markersize=6, markeredgewidth=1.4, color=styles[name].colour,
                clip_on=False, zorder=4,
            )  # fmt: skip


def draw_bounds(
    axes: Axes, bands: Mapping[str, Band], bounds: Mapping[str, NDArray[np.float64]]
) -> None:
    """Draw what is proved of medians as thin grey lines, each with the name of its optimizer.

    Parameters
    ----------
    axes : Axes
        With its limits; nothing is drawn unless its y axis is a logarithmic one.
    bands, bounds : dict
        optimizer -> its `Band`, and the bound on its median at the same evaluations.
    """
    low, high = axes.get_ylim()
    if low <= 0.0:
        return
    for i, (name, bound) in enumerate(bounds.items()):
        inside = np.flatnonzero((bound >= low) & (bound <= high))
        if not len(inside):
            continue
        x = bands[name].evaluations
        axes.plot(x, np.where(np.isfinite(bound), bound, np.nan), color=SOFT, linewidth=0.7)
        # Lines often end side by side: each next name is higher up on its line.
        height = low * (high / low) ** (0.04 + 0.07 * i)
        height = min(max(height, bound[inside[-1]]), bound[inside].max())
        axes.text(
            _crossing(x, bound, height), height, f"bound on {short(name, 24)} ", fontsize=7,
            color=SOFT, ha="right", va="center",
            bbox={"color": "white", "alpha": 0.7, "pad": 0.5},
        )  # fmt: skip


def _crossing(
    x: NDArray[np.float64], values: NDArray[np.float64], height: float
) -> float:  # fmt: skip
    """Return where a positive line falls to a height for the last time, else where it ends."""
    last = int(np.flatnonzero(values >= height)[-1])
    if last == len(x) - 1 or not values[last + 1] > 0.0:
        return float(x[last])
    left, right = np.log(values[last : last + 2] / height)
    share = left / (left - right) if np.isfinite(left) else 1.0
    return float(x[last] + share * (x[last + 1] - x[last]))


LEFT = 2.0
"""Stands for the end of a line that left the figure."""


def spread(places: Sequence[float], gap: float) -> list[float]:
    """Move sorted (falling) places in [0, 1] apart until neighbours are `gap` from each other."""
    moved = list(places)
    for i in range(len(moved)):
        highest = 1.0 if i == 0 else moved[i - 1] - gap
        moved[i] = min(moved[i], highest)
    for i in reversed(range(len(moved))):
        lowest = 0.0 if i == len(moved) - 1 else moved[i + 1] + gap
        moved[i] = max(moved[i], lowest)
    return moved


def heights(
    axes: Axes, bands: Mapping[str, Band], transform: Transform = unchanged
) -> dict[str, float]:
    """Return name -> where its line ends as a share of the axes' height, or +-`LEFT`."""
    to_axes = axes.transData + axes.transAxes.inverted()
    ends = {}
    for name, band in bands.items():
        last = band.median[-1]
        if not np.isfinite(last):
            ends[name] = LEFT if last > 0 else -LEFT
            continue
        y = to_axes.transform((band.evaluations[-1], float(transform(last))))[1]
        ends[name] = float(np.clip(y, 0.0, 1.0))
    return ends


def draw_ladder(
    axes: Axes,
    ends: Mapping[str, float],
    styles: Mapping[str, Style],
    *,
    notes: Mapping[str, str] | None = None,
    length: int = 24,
) -> None:
    """Write the names beside the ends of their lines, apart from each other.

    Parameters
    ----------
    axes : Axes
        Empty axes of the same height, right of the curves.
    ends : dict
        name -> height at which its line ends; `LEFT` when it left at the top, -`LEFT` below.
    notes : dict, optional
        name -> words after the name.
    length : int
        Characters that a name may have.
    """
    axes.set_axis_off()
    axes.set(xlim=(0, 1), ylim=(0, 1))
    inches = axes.get_window_extent().height / axes.figure.dpi
    names = sorted(ends, key=lambda name: (-ends[name], name))
    gap = min(0.165 / inches, 1 / max(1, len(names) - 1))
    places = spread([min(max(ends[name], 0.0), 1.0) for name in names], gap)
    for name, y in zip(names, places, strict=True):
        looks = styles[name]
        if abs(ends[name]) < LEFT:
            axes.plot([0, 0.09], [ends[name], y], color=looks.colour, linewidth=0.5, clip_on=False)
        axes.plot(
            [0.1, 0.17, 0.24], [y, y, y], color=looks.colour, linestyle=looks.line, linewidth=1.5,
            marker=looks.marker, markersize=4, markeredgewidth=0, markevery=[1], clip_on=False,
        )  # fmt: skip
        note = (notes or {}).get(name, "")
        axes.text(
            0.27,
            y,
            short(name, length) + (f"  {note}" if note else ""),
            fontsize=style.points(8),
            va="center",
        )


def diverged_note(diverged: float, total: float) -> str:
    """Return what a legend says of an optimizer whose lanes diverged: ``×3/20``."""
    return f"{DIVERGED}{int(diverged)}/{int(total)}" if diverged > 0 else ""
