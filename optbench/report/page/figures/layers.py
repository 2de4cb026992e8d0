"""What goes on inside a net: statistics of its layers through training, and their weights."""

from __future__ import annotations

from typing import Any

import numpy as np

from optbench.report.figures.layer_statistics import STATISTICS, spaced
from optbench.report.page.contents import Contents
from optbench.report.page.groups import Columns, groups
from optbench.report.page.packing import rounded, whole

WEIGHTS = ["weight_low", "weight_high", "weight_counts"]
COLUMNS = ["step", "units", "name", *(one.column for one in STATISTICS), *WEIGHTS]
HISTOGRAM_DIGITS = 3
WIDTH = 12.0
"""Inches of a figure that has room for as many layers as the page shows."""


def data(contents: Contents) -> dict[str, Any] | None:
    """Return what the statistics are, and label -> the layers that are shown, and its curves.

    `curves` are optimizer -> for each layer its steps and statistics, and its `weights`: the
    histograms of the first and the last point, [low, high, densities]. One lane, the canonical one.
    """
    frame, drawn = contents.frames["layers"], set(contents.labels)
    nets: dict[str, dict[str, dict[int, dict[str, Any]]]] = {}
    titles: dict[tuple[str, int], str] = {}
    for (label, name, layer), rows in groups(frame, ["label", "optimizer", "layer"], COLUMNS):
        if label in drawn:
            nets.setdefault(label, {}).setdefault(name, {})[layer] = _layer(rows)
            titles[label, layer] = f"{rows['name'][0]}, {int(rows['units'][0])} units"
    if not nets:
        return None
    return {
        "words": {one.column: one.words.replace("\n", " ") for one in STATISTICS},
        "logarithmic": [one.column for one in STATISTICS if one.logarithmic],
        "nets": {
            label: _net(own, {layer: t for (of, layer), t in titles.items() if of == label})
            for label, own in nets.items()
        },
    }


def _net(curves: dict[str, dict[int, dict[str, Any]]], titles: dict[int, str]) -> dict[str, Any]:
    """Return some layers of a net, given the titles of all."""
    shown, last = spaced(sorted(titles), WIDTH), max(titles)
    return {
        "titles": [titles[n] + ", output" * (n == last) for n in shown],
        "layers": len(titles),
        "curves": {name: [own.get(layer) for layer in shown] for name, own in curves.items()},
    }


def _layer(rows: Columns) -> dict[str, Any]:
    order = np.argsort(rows["step"], kind="stable")
    rows = {name: values[order] for name, values in rows.items()}
    rows["dead"] = rows["dead"] / rows["units"]
    return {
        "step": whole(rows["step"]),
        **{one.column: rounded(rows[one.column]) for one in STATISTICS},
        "weights": [_densities(*(rows[name][at] for name in WEIGHTS)) for at in (0, -1)],
    }


def _densities(low: float, high: float, counts: list[int]) -> list[Any]:
    """Return [low, high, heights] of counts in equal bins, as an area of 1."""
    width = (high - low) / len(counts) or 1.0
    heights = np.array(counts) / (max(1, sum(counts)) * width)
    return [*rounded([low, high]), rounded(heights, HISTOGRAM_DIGITS)]
