"""From frames to the plain arrays that figures are drawn from.

Drawing happens in other processes, so what they are given is small, and free of pandas.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from optbench.report.figures.quantities import shown_kind
from optbench.report.statistics.intervals import median, quartiles
from optbench.report.statistics.pooling import pooled
from optbench.report.statistics.rows import ProblemRow

if TYPE_CHECKING:
    import pandas as pd

Rows: TypeAlias = "pd.DataFrame | Mapping[str, NDArray[Any]]"
"""Records of one optimizer on one problem, by columns: instance, seed, evaluations, values."""


@dataclass(frozen=True)
class Band:
    """Median and quartiles of one optimizer's lanes against evaluations.

    Attributes
    ----------
    evaluations, low, median, high : array [n]
    lanes : int
        How many lanes are summarised.
    left_at, left_from : array [k]
        Evaluations and value of the last finite record of each lane that diverged.
    """

    evaluations: NDArray[np.float64]
    low: NDArray[np.float64]
    median: NDArray[np.float64]
    high: NDArray[np.float64]
    lanes: int
    left_at: NDArray[np.float64]
    left_from: NDArray[np.float64]


def matrix(rows: Rows, column: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return (evaluations [n], values [n, lanes]) of one optimizer's curves on one problem.

    A lane that has no record there keeps its last one.
    """
    evaluations, at = np.unique(np.asarray(rows["evaluations"], float), return_inverse=True)
    seed = np.asarray(rows["seed"])
    ids = np.asarray(rows["instance"]) * (int(seed.max()) + 1) + seed
    lanes, lane = np.unique(ids, return_inverse=True)
    values = np.full((len(evaluations), len(lanes)), np.nan)
    values[at, lane] = np.asarray(rows[column], float)
    recorded = np.zeros(values.shape, dtype=bool)
    recorded[at, lane] = True
    for n in range(1, len(evaluations)):
        values[n] = np.where(recorded[n], values[n], values[n - 1])
    return evaluations, values


def band(rows: Rows, column: str) -> Band | None:
    """Return the `Band` of a column of curves, or None if it holds nothing."""
    evaluations, values = matrix(rows, column)
    if np.isnan(values).all():
        return None
    # A record that is no number after numbers is a lane that left, as an infinite one is. Left
    # lanes are the worst ones, and of accuracies the worst is the least.
    left = ~np.isfinite(values) & ~np.isnan(values[:1])
    values = np.where(left, -np.inf if column.endswith("_accuracy") else np.inf, values)
    low, middle, high = quartiles(values)
    diverged = np.flatnonzero(~np.isfinite(values[-1]) & np.isfinite(values[0]))
    last = np.array(
        [np.flatnonzero(np.isfinite(values[:, lane]))[-1] for lane in diverged], dtype=int
    )
    return Band(
        evaluations, low, middle, high, values.shape[1], evaluations[last], values[last, diverged]
    )


def bands(curves: pd.DataFrame, column: str) -> dict[str, Band]:
    """Return optimizer -> `Band` for the curves of one problem at the tuned settings."""
    rows = pooled(curves[curves["setting"] == "tuned"])
    every = {
        name: band(own, column) for name, own in rows.groupby("optimizer", sort=True, observed=True)
    }
    return {name: one for name, one in every.items() if one is not None}


def starting_value(bands: Mapping[str, Band]) -> float:
    """Return the median over optimizers of the first value; NaN if there is none."""
    starts = [band.median[0] for band in bands.values() if len(band.median)]
    return median([start for start in starts if np.isfinite(start)])


def logarithmic(values: Sequence[NDArray[np.float64]], start: float) -> bool:
    """Tell whether values suit a log axis: none is negative beyond rounding."""
    finite = np.concatenate([v[np.isfinite(v)] for v in values]) if values else np.empty(0)
    scale = abs(start) if np.isfinite(start) else 1.0
    return not (finite < -1e-9 * max(1.0, scale)).any()


def target_value(facts: ProblemRow, bands: Mapping[str, Band]) -> float:
    """Return the level of success: an absolute one as it is, else tau times the starting gap.

    NaN where there is none: without a reference value no gap is known.
    """
    if facts.target is None or math.isnan(facts.target) or shown_kind(facts) == "value":
        return math.nan
    is_absolute = facts.kind == "net" or facts.absolute_targets
    return facts.target if is_absolute else facts.target * starting_value(bands)
