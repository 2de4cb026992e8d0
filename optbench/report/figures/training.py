"""Training curves of data problems and nets: loss and accuracy on each part of the data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from optbench.kernels.status import PART_NAMES
from optbench.report.figures import style
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
from optbench.report.figures.style import Style
from optbench.report.statistics.intervals import median

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PartBands: TypeAlias = Mapping[str, Mapping[str, Band]]
"""part -> optimizer -> `Band`."""

WIDTH = 12.0
LEFT, PANEL, COLUMN = 0.78, 2.85, 3.15
"""Inches to the first panel, of a panel, and from one panel to the next."""
LADDER = 2.0
FOOT, HEAD, GAP = 0.85, 0.35, 0.3
"""Inches below all rows, above them, and between two."""
ACCURACIES = (0.0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999)
"""Where the axis of accuracies has ticks."""


def nines(accuracy: ArrayLike) -> NDArray[np.float64]:
    """Return accuracy on the scale -log10(1 - accuracy), which keeps 98 % and 99 % apart."""
    return -np.log10(np.clip(1.0 - np.asarray(accuracy, dtype=float), 1e-3, 1.0))


def draw(
    *, label: str, losses: PartBands, accuracies: PartBands, styles: Mapping[str, Style]
) -> Figure:
    """Return the figure of one data problem or net.

    Parameters
    ----------
    label : str
    losses, accuracies : dict
        part -> optimizer -> `Band`.
    styles : dict
    """
    rows = [("loss", losses)]
    if any(accuracies.get(part) for part in PART_NAMES):
        rows.append(("accuracy", accuracies))
    tall = max(1.9, 0.15 * max(len(bands) for bands in losses.values()))  # room for the ladder
    figure = style.empty_figure(WIDTH, FOOT + HEAD + len(rows) * (tall + GAP))
    for r, (metric, bands) in enumerate(rows):
        bottom = FOOT + (len(rows) - 1 - r) * (tall + GAP)
        panels = [style.add_axes(figure, LEFT + COLUMN * c, bottom, PANEL, tall) for c in range(3)]
        ladder_at = LEFT + COLUMN * 2 + PANEL + 0.02, bottom, LADDER, tall
        _draw_row(panels, metric, bands, styles)
        if r < len(rows) - 1:
            for axes in panels:
                axes.set_xlabel("")
                axes.tick_params(axis="x", labelbottom=False)
        if r == 0:
            for part, axes in zip(PART_NAMES, panels, strict=True):
                axes.set_title(f"{part} part", fontsize=9)
        ends = heights(panels[-1], bands.get("test", {}), _transform(metric))
        draw_ladder(style.add_axes(figure, *ladder_at), ends, styles, length=20)
    style.add_title(figure, f"{label}: training, validation and test", 0.25)
    note = (
        "Line: median over lanes, band: middle half. Learning rates were tuned without the test "
        "part. Names stand where the test curves end."
    )
    if any(reaches_edge(one) for _, parts in rows for bands in parts.values()
           for one in bands.values()):  # fmt: skip
        note += f" {EDGE.capitalize()}."
    style.add_note(figure, note)
    return figure


def _draw_row(
    panels: Sequence[Axes], metric: str, parts: PartBands, styles: Mapping[str, Style]
) -> None:
    """Draw a metric on each part of the data, the panels of which share the y axis."""
    _share_scale(panels, metric, parts)
    for part, axes in zip(PART_NAMES, panels, strict=True):
        bands = parts.get(part, {})
        draw_bands(axes, bands, styles, transform=_transform(metric), shade=0.09)
        evaluations = [band.evaluations for band in bands.values()] or [np.empty(0)]
        style.evaluation_axis(axes, np.concatenate(evaluations), most=5)
        if axes is panels[0]:
            axes.set_ylabel(metric)
        else:
            axes.tick_params(axis="y", labelleft=False)


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
