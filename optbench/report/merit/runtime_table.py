"""The frame "runtimes": how many targets each pair met within so many evaluations a dimension."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd

from optbench.report.merit.arrays import Floats
from optbench.report.merit.target_hits import Pairs, hits_by_pair
from optbench.report.statistics.pair_results import PairResults

POINTS = 64
"""At which evaluations are counted, even in the logarithm."""
SETTINGS: tuple[Literal["tuned", "default"], ...] = ("tuned", "default")
COLUMNS = ["label", "optimizer", "setting", "x", "met", "count"]


def runtime_frame(results: Sequence[PairResults], failed: Pairs = ()) -> pd.DataFrame:
    """Return rows of each pair and setting, "tuned" or "default", at the same points of all.

    Of `count` (target, lane), `met` were met within `x` evaluations a dimension. The sum over
    problems is the runtime ECDF of any of them; see `target_hits`.
    """
    hits = {
        (label, optimizer, setting): own
        for setting in SETTINGS
        for (optimizer, label), own in hits_by_pair(results, setting, failed).items()
    }
    at = points(list(hits.values()))
    if not len(at):
        return pd.DataFrame(columns=COLUMNS)
    met = [np.searchsorted(np.sort(own), at, side="right") for own in hits.values()]
    keys = np.repeat(np.array(list(hits), dtype=object), len(at), axis=0)
    return pd.DataFrame(
        {
            **{name: keys[:, i] for i, name in enumerate(COLUMNS[:3])},
            "x": np.tile(at, len(hits)),
            "met": np.concatenate(met),
            "count": np.repeat([len(own) for own in hits.values()], len(at)),
        }
    )


def points(hits: Sequence[Floats]) -> Floats:
    """Return `POINTS` from the first hit to the last one, even in the logarithm; none of none."""
    every = np.concatenate([np.empty(0), *(own[np.isfinite(own)] for own in hits)])
    if not len(every):
        return every
    at = np.geomspace(every.min(), every.max(), POINTS)
    at[-1] = every.max()
    return at
