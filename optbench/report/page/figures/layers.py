"""What goes on inside a net: statistics of its layers through training, and their weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from optbench.report.figures.layers import STATISTICS, spaced
from optbench.report.figures.weights import Histogram, ends
from optbench.report.page.contents import Contents
from optbench.report.page.packing import rounded, whole

if TYPE_CHECKING:
    import pandas as pd

HISTOGRAM_DIGITS = 3


def data(contents: Contents) -> dict[str, Any] | None:
    """Return what the statistics are, and label -> the layers that are shown, and its curves.

    `curves` are optimizer -> for each layer its steps and statistics, and its `weights`: the
    histograms of the first and the last point, [low, high, densities]. One lane, the canonical one.
    """
    figures = {
        label: _net(rows) for label, rows in contents.by_label("layers").items() if len(rows)
    }
    if not figures:
        return None
    words = {one.column: one.words.replace("\n", " ") for one in STATISTICS}
    logarithmic = [one.column for one in STATISTICS if one.logarithmic]
    return {"words": words, "logarithmic": logarithmic, "nets": figures}


def _net(rows: pd.DataFrame) -> dict[str, Any]:
    shown = spaced(sorted(rows["layer"].unique().tolist()))
    last = int(rows["layer"].max())
    units = rows.groupby("layer")["units"].first().to_dict()
    curves: dict[str, list[dict[str, Any]]] = {}
    for (name, _), own in rows[rows["layer"].isin(shown)].groupby(
        ["optimizer", "layer"], observed=True
    ):
        curves.setdefault(str(name), []).append(_layer(own.sort_values("step")))
    titles = [f"layer {n}, {units[n]} units" + ", output" * (n == last) for n in shown]
    return {"titles": titles, "layers": last, "curves": curves}


def _layer(rows: pd.DataFrame) -> dict[str, Any]:
    columns = {one.column: rows[one.column].to_numpy(float) for one in STATISTICS}
    columns["dead"] = columns["dead"] / rows["units"].to_numpy(float)
    return {
        "step": whole(rows["step"]),
        **{name: rounded(own) for name, own in columns.items()},
        "weights": [_densities(one) for one in ends(rows)],
    }


def _densities(histogram: Histogram) -> list[Any]:
    width = (histogram.high - histogram.low) / len(histogram.counts) or 1.0
    heights = histogram.counts / (max(1, histogram.counts.sum()) * width)
    return [*rounded([histogram.low, histogram.high]), rounded(heights, HISTOGRAM_DIGITS)]
