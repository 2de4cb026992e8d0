"""Training curves of data problems and nets: loss and accuracy on each part of the data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from optbench.kernels.status import PART_NAMES
from optbench.report.figures import framing, style
from optbench.report.figures.bands import Band
from optbench.report.figures.curves import (
    EDGE,
    Transform,
    draw_bands,
    draw_ladder,
    heights,
    reaches_edge,
    unchanged,
)
from optbench.report.figures.palette import Style
from optbench.report.statistics.intervals import median

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PartBands: TypeAlias = Mapping[str, Mapping[str, Band]]
"""part -> optimizer -> `Band`."""

WIDE, LADDERED = 6.0, 9.0
"""Inches from which the parts are side by side, and names beside the ends of the lines."""
LEFT, RIGHT, LADDER, BETWEEN = 0.78, 0.15, 2.0, 0.3
"""Inches left of the panels, right of them, of the names, and between two panels."""
FOOT, GAP = 0.5, 0.34
"""Inches below the panels, and above each."""
ACCURACIES = (0.0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999)
"""Where the axis of accuracies has ticks."""


def nines(accuracy: ArrayLike) -> NDArray[np.float64]:
    """Return accuracy on the scale -log10(1 - accuracy), which keeps 98 % and 99 % apart."""
    return -np.log10(np.clip(1.0 - np.asarray(accuracy, dtype=float), 1e-3, 1.0))


def draw(
    *,
    label: str,
    losses: PartBands,
    accuracies: PartBands,
    styles: Mapping[str, Style],
    width: float = 12.0,
) -> Figure:
    """Return the figure of one data problem or net.

    Parameters
    ----------
    label : str
    losses, accuracies : dict
        part -> optimizer -> `Band`.
    styles : dict
    width : float
        Inches.
    """
    rows = [("loss", losses)]
    if any(accuracies.get(part) for part in PART_NAMES):
        rows.append(("accuracy", accuracies))
    names = sorted({name for bands in losses.values() for name in bands})
    laddered = width >= LADDERED
    columns = len(PART_NAMES) if width >= WIDE else 1
    tall = max(1.9, 0.15 * len(names)) if laddered else 1.6
    across = (width - LEFT - RIGHT - LADDER * laddered + BETWEEN) / columns
    lines = len(rows) * len(PART_NAMES) // columns
    figure = style.empty_figure(width, FOOT + lines * (tall + GAP))
    for r, (metric, bands) in enumerate(rows):
        panels = []
        for p in range(len(PART_NAMES)):
            line, column = divmod(r * len(PART_NAMES) + p, columns)
            bottom = FOOT + (lines - 1 - line) * (tall + GAP)
            place = LEFT + across * column, bottom, across - BETWEEN, tall
            panels.append(style.add_axes(figure, *place))
            _name_panel(panels[-1], PART_NAMES[p], metric, column == 0, line == lines - 1)
        _draw_row(panels, metric, bands, styles, style.most_ticks(across - BETWEEN))
        if laddered:
            ends = heights(panels[-1], bands.get("test", {}), _transform(metric))
            place = LEFT + across * columns - BETWEEN + 0.02, bottom, LADDER, tall
            draw_ladder(style.add_axes(figure, *place), ends, styles, length=20)
    entries = () if laddered else framing.line_entries({name: styles[name] for name in names})
    framing.frame(figure, f"{label}: training, validation and test", _note(rows, laddered), entries)
    return figure


def _name_panel(axes: Axes, part: str, metric: str, is_first: bool, is_lowest: bool) -> None:
    """Write what a panel shows, and numbers only where no neighbour has them."""
    axes.set_title(f"{part} part", fontsize=style.points(9))
    if is_first:
        axes.set_ylabel(metric)
    else:
        axes.tick_params(axis="y", labelleft=False)
    if is_lowest:
        axes.set_xlabel("gradient evaluations")
    else:
        axes.tick_params(axis="x", labelbottom=False)


def _note(rows: Sequence[tuple[str, PartBands]], laddered: bool) -> str:
    note = (
        "Line: median over lanes, band: middle half. Learning rates were tuned without the test "
        "part."
    )
    if laddered:
        note += " Names stand where the test curves end."
    if any(reaches_edge(one) for _, parts in rows for bands in parts.values()
           for one in bands.values()):  # fmt: skip
        note += f" {EDGE.capitalize()}."
    return note


def _draw_row(
    panels: Sequence[Axes], metric: str, parts: PartBands, styles: Mapping[str, Style], most: int
) -> None:
    """Draw a metric on each part of the data, the panels of which share the y axis."""
    _share_scale(panels, metric, parts)
    for part, axes in zip(PART_NAMES, panels, strict=True):
        bands = parts.get(part, {})
        draw_bands(axes, bands, styles, transform=_transform(metric), shade=0.09)
        evaluations = [band.evaluations for band in bands.values()] or [np.empty(0)]
        words = axes.get_xlabel()
        style.evaluation_axis(axes, np.concatenate(evaluations), words, most=min(5, most))


def _transform(metric: str) -> Transform:
    return nines if metric == "accuracy" else unchanged


def _share_scale(panels: Sequence[Axes], metric: str, parts: PartBands) -> None:
    """Give the panels of one row the same y axis, so that parts compare."""
    medians = [band.median for part in PART_NAMES for band in parts.get(part, {}).values()]
    finite = np.concatenate([m[np.isfinite(m)] for m in medians]) if medians else np.empty(0)
    for axes in panels:
        if not len(finite):
            axes.set_yticks([])
        elif metric == "accuracy":
            low, high = float(nines(finite.min())) - 0.05, float(nines(finite.max())) + 0.1
            places = [accuracy for accuracy in ACCURACIES if low <= nines(accuracy) <= high]
            style.ticks(axes.yaxis, nines(places).tolist(), [f"{100 * a:g} %" for a in places])
            axes.set_ylim(low, high)
        else:
            low, high, _ = style.log_limits(median([m[0] for m in medians]), finite)
            style.log_axis(axes, "y", max(low, 1e-6 * high), high, most=6)
