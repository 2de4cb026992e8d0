"""What is shown of the layers of a net, and of which of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

MOST_LAYERS = 6
PANEL = 1.2
"""Inches that a layer takes at least: narrow figures show fewer."""


class Statistic(NamedTuple):
    """A row of panels: the column of the frame, its words, whether its axis is logarithmic."""

    column: str
    words: str
    logarithmic: bool


STATISTICS = (
    Statistic("mean", "activation:\nmean", False),
    Statistic("std", "activation:\nstd", False),
    Statistic("saturated", "saturated\nshare", False),
    Statistic("dead", "dead units:\nshare", False),
    Statistic("gradient_norm", "gradient\nnorm", True),
    Statistic("update_ratio", "update /\nweight", True),
)


def spaced(layers: Sequence[int], width: float) -> list[int]:
    """Return as many layers as a figure has room for: both ends, and some between."""
    most = max(1, min(MOST_LAYERS, int((width - 0.6) / PANEL), len(layers)))
    places = np.linspace(0, len(layers) - 1, most)
    return [layers[round(i)] for i in places]


def some_of(titles: Mapping[int, str], width: float) -> tuple[dict[int, str], str]:
    """Return the titles of the layers that are shown, and words for how many of all these are."""
    shown = spaced(sorted(titles), width)
    words = f" ({len(shown)} of {len(titles)} layers)" if len(shown) < len(titles) else ""
    return {layer: titles[layer] for layer in shown}, words
