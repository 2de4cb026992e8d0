"""The weights of a net's layers, at initialisation and at the end of training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from optbench.report.figures import framing, letters, style
from optbench.report.figures.layer_statistics import some_of
from optbench.report.figures.palette import Style
from optbench.report.figures.panels import Panels, name_panel

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NAME = 8.5
"""Points of the letters of optimizers."""


class Histogram(NamedTuple):
    """The weights of a layer at a step: counts in equal bins from `low` to `high`."""

    step: int
    low: float
    high: float
    counts: NDArray[np.int64]


def ends(rows: pd.DataFrame) -> list[Histogram]:
    """Return the first and the last histogram of a layer, given its rows in the order of steps."""
    return [
        Histogram(row.step, row.weight_low, row.weight_high, np.array(row.weight_counts))
        for row in (rows.iloc[0], rows.iloc[-1])
    ]


def draw(
    *,
    label: str,
    titles: Mapping[int, str],
    styles: Mapping[str, Style],
    weights: Mapping[tuple[str, int], Sequence[Histogram]],
    width: float = 12.0,
) -> Figure:
    """Return histograms: a row for each optimizer, a column for each layer.

    Parameters
    ----------
    label : str
    titles, styles : dict
    weights : dict
        (optimizer, layer) -> histograms of the first and the last point.
    width : float
        Inches.
    """
    titles, some = some_of(titles, width)
    names = {name: letters.fitted(name, 0.25 * width, NAME) for name in styles}
    left = letters.widest(list(names.values()), NAME) + 0.25
    panels = Panels(len(styles), len(titles), width, left=left, tall=0.62)
    figure = panels.figure()
    for c, layer in enumerate(titles):
        ends = [(one.low, one.high) for (_, n), both in weights.items() if n == layer
                for one in both]  # fmt: skip
        low, high = float(np.min(ends)), float(np.max(ends))
        margin = 0.03 * (high - low) or 0.5
        for r, (name, looks) in enumerate(styles.items()):
            axes = panels.add(figure, r, c)
            _draw_histograms(axes, weights.get((name, layer), ()), looks.colour)
            axes.set_xlim(low - margin, high + margin)
            axes.set(yticks=[], ylim=(0, None))
            axes.spines["left"].set_visible(False)
            style.ticks(axes.xaxis, *_round_ticks(low, high, panels.inner))
            name_panel(axes, r == len(styles) - 1, titles[layer] if r == 0 else "", "weight")
            if c == 0:
                middle = panels.bottom(r) + panels.tall / 2
                style.add_text(figure, style.EDGE, middle, names[name],
                               fontsize=style.points(NAME), va="center")  # fmt: skip
    framing.frame(
        figure, f"{label}{some}: weights at initialisation and at the end",
        "Grey: at initialisation, the same for all. Line: at the end, or at the last point before "
        "the lane diverged. Areas are equal; instance 0, seed 0, tuned.",
    )  # fmt: skip
    return figure


def _draw_histograms(axes: Axes, histograms: Sequence[Histogram], colour: str) -> None:
    """Draw the first as a grey area and the last as a line, both of area 1."""
    looks: tuple[dict[str, Any], ...] = (
        {"fill": True, "color": "#b8b8b8", "linewidth": 0},
        {"color": colour, "linewidth": 1.2},
    )
    for histogram, kwargs in zip(histograms, looks, strict=False):
        edges = np.linspace(histogram.low, histogram.high, len(histogram.counts) + 1)
        width = (edges[1] - edges[0]) or 1.0
        heights = histogram.counts / (max(1, histogram.counts.sum()) * width)
        axes.stairs(heights, edges, **kwargs)


def _round_ticks(low: float, high: float, inner: float) -> tuple[list[float], list[str]]:
    """Return round numbers in [low, high] for an axis of `inner` inches, and their texts."""
    places = [
        float(v)
        for v in MaxNLocator(min(4, style.most_ticks(inner))).tick_values(low, high)
        if low <= v <= high
    ]
    return places, [f"{v:g}" for v in places]
