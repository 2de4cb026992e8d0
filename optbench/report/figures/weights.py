"""The weights of a net's layers, at initialisation and at the end of training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from optbench.report.figures import style
from optbench.report.figures.numbers import short
from optbench.report.figures.panels import Panels, name_panel
from optbench.report.figures.style import Style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


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
) -> Figure:
    """Return histograms: a row for each optimizer, a column for each layer.

    Parameters
    ----------
    label : str
    titles, styles : dict
    weights : dict
        (optimizer, layer) -> histograms of the first and the last point.
    """
    panels = Panels(len(styles), len(titles), left=1.6, top=0.62, tall=0.62)
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
            style.ticks(axes.xaxis, *_round_ticks(low, high))
            name_panel(axes, r == len(styles) - 1, titles[layer] if r == 0 else "", "weight")
            if c == 0:
                middle = panels.bottom(r) + panels.tall / 2
                style.add_text(figure, style.EDGE, middle, short(name, 20), fontsize=8.5,
                               va="center")  # fmt: skip
    style.add_title(figure, f"{label}: weights at initialisation and at the end", 0.22)
    style.add_note(
        figure, "Grey: at initialisation, the same for all. Line: at the end, or at the "
        "last point before the lane diverged. Areas are equal; instance 0, seed 0, tuned.",
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
        heights = histogram.counts / (histogram.counts.sum() * width)
        axes.stairs(heights, edges, **kwargs)


def _round_ticks(low: float, high: float) -> tuple[list[float], list[str]]:
    """Return a few round numbers in [low, high], and their texts."""
    places = [float(v) for v in MaxNLocator(4).tick_values(low, high) if low <= v <= high]
    return places, [f"{v:g}" for v in places]
