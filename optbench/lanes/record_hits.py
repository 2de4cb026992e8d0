"""Hits where the value is not looked at in every step: noise, data and nets.

There a target is hit at the first record from which all later ones meet it, so that a lane that
touches it by luck has not reached it; between that record and the one before, the logarithm of the
gap is taken as linear in the evaluations.
"""

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def record_hits(
    evaluations: NDArray[np.int64], f: NDArray[np.floating], thresholds: Floats, f_ref: Floats
) -> NDArray[np.int32]:
    """Return the evaluation at which each lane reached its targets, from 1; 0 where it did not.

    Parameters
    ----------
    evaluations : ndarray [r]
        Of the records: 0 at the start.
    f : ndarray [n, r]
        Values at the records, +inf after a lane diverged.
    thresholds : ndarray [n, m]
        The values of f that are targets, NaN for those that do not count.
    f_ref : ndarray [n]
        What gaps are measured from; losses are from 0.

    Returns
    -------
    ndarray [n, m]
    """
    values = np.where(np.isnan(f), np.inf, f.astype(np.float64))
    worst_to_come = np.maximum.accumulate(values[:, ::-1], axis=1)[:, ::-1]
    hits = np.zeros(thresholds.shape, np.int32)
    for m in range(thresholds.shape[1]):
        goal = thresholds[:, m]
        with np.errstate(invalid="ignore"):
            held = np.flatnonzero(worst_to_come[:, -1] <= goal)
        if not held.size:
            continue
        record = np.argmax(worst_to_come[held] <= goal[held, None], axis=1)
        before, reference = np.maximum(record - 1, 0), f_ref[held]
        above, below = (values[held, row] - reference for row in (before, record))
        first, last = evaluations[before], evaluations[record]
        at = _between(first, last, above, below, goal[held] - reference)
        at = np.where(record == 0, 0.0, at)
        # Logarithms are rounded: what is a whole number but for that must not become the next.
        hits[held, m] = np.ceil(at * (1.0 - 1e-9)) + 1
    return hits


def _between(
    first: NDArray[np.int64], last: NDArray[np.int64], above: Floats, below: Floats, goal: Floats
) -> Floats:
    """Return the evaluations at which gaps fell to `goal` on their way from `above` to `below`."""
    tiny = math.ulp(0.0)
    with np.errstate(all="ignore"):
        # A gap may be 0 or, by rounding, less; then all the way is one step of the logarithm.
        fall = np.log(above) - np.log(np.maximum(below, tiny))
        share = (np.log(above) - np.log(np.maximum(goal, tiny))) / fall
    share = np.where(np.isfinite(share), np.clip(share, 0.0, 1.0), 1.0)
    evaluations: Floats = first + share * (last - first)
    return evaluations
