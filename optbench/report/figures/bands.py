"""From frames to the plain arrays that figures are drawn from.

Drawing happens in other processes, so what they are given is small, and free of pandas.
"""

from dataclasses import dataclass

import numpy as np

from optbench.report.statistics.intervals import median, quartiles
from optbench.report.statistics.pooling import pooled


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

    evaluations: np.ndarray
    low: np.ndarray
    median: np.ndarray
    high: np.ndarray
    lanes: int
    left_at: np.ndarray
    left_from: np.ndarray


def matrix(rows, column):
    """Return (evaluations [n], values [n, lanes]) of one optimizer's curves on one problem.

    A lane that has no record at a step keeps its last one: it stopped there.
    """
    steps, at = np.unique(rows["step"].to_numpy(), return_inverse=True)
    lane = rows["instance"].to_numpy() * (int(rows["seed"].max()) + 1) + rows["seed"].to_numpy()
    ids, number = np.unique(lane, return_inverse=True)
    values = np.full((len(steps), len(ids)), np.nan)
    values[at, number] = rows[column].to_numpy(dtype=float)
    present = np.zeros(values.shape, dtype=bool)
    present[at, number] = True
    for n in range(1, len(steps)):
        values[n] = np.where(present[n], values[n], values[n - 1])
    evaluations = np.zeros(len(steps))
    np.maximum.at(evaluations, at, rows["evaluations"].to_numpy(dtype=float))
    return evaluations, values


def band(rows, column):
    """Return the `Band` of a column of curves, or None if it holds nothing."""
    evaluations, values = matrix(rows, column)
    if np.isnan(values).all():
        return None
    # A record that is no number after numbers is a lane that left, as an infinite one is. Left
    # lanes are the worst ones, and of accuracies the worst is the least.
    left = ~np.isfinite(values) & ~np.isnan(values[:1])
    values = np.where(left, -np.inf if column.endswith("_accuracy") else np.inf, values)
    low, median, high = quartiles(values)
    gone = np.flatnonzero(~np.isfinite(values[-1]) & np.isfinite(values[0]))
    last = np.array([np.flatnonzero(np.isfinite(values[:, lane]))[-1] for lane in gone], dtype=int)
    return Band(
        evaluations, low, median, high, values.shape[1], evaluations[last], values[last, gone]
    )


def bands(curves, column, kind):
    """Return optimizer -> `Band` for the curves of one problem of this kind."""
    made = {
        name: band(pooled(rows, kind), column)
        for name, rows in curves.groupby("optimizer", sort=True, observed=True)
    }
    return {name: b for name, b in made.items() if b is not None}


def starting_value(made):
    """Return the median over optimizers of the first value; NaN if there is none."""
    first = [b.median[0] for b in made.values() if len(b.median) and np.isfinite(b.median[0])]
    return median(first)
