"""Resampled draws, one set for all statistics: intervals in different tables rest on the same luck.

A resample draws the instances of a problem again, with replacement and as many as there are, all
seeds of one together: lanes of one instance are alike (a cluster). All optimizers of a problem meet
the same resamples, so that they stay paired. Keys are the problem's label, the phase and the number
of instances: nothing depends on the order of rows, on other problems, or on who else was run.
"""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from optbench.define.draws import generator
from optbench.report.statistics.intervals import LEVEL, expanded_tail

RESAMPLES = 500
TUNING, SCORING = "tuning", "scoring"

Floats = NDArray[np.float64]


def draw_counts(label: str, phase: str, instances: NDArray[np.integer]) -> Floats:
    """Return how often each draw counts in each of `RESAMPLES` resamples [B, D]; whole numbers.

    Parameters
    ----------
    label : str
        Of the problem.
    phase : {"tuning", "scoring"}
    instances : ndarray of int [D]
        The instance of each draw.
    """
    return _draw_counts(label, phase, np.asarray(instances, np.int64).tobytes())


@functools.lru_cache(maxsize=512)
def _draw_counts(label: str, phase: str, instances: bytes) -> Floats:
    """Return the counts of draws whose instances are given as int64: all optimizers have them."""
    numbers, of_draw = np.unique(np.frombuffer(instances, np.int64), return_inverse=True)
    counts = _instance_counts(label, phase, len(numbers))[:, of_draw]
    counts.flags.writeable = False
    return counts


@functools.lru_cache(maxsize=256)
def _instance_counts(label: str, phase: str, n: int) -> Floats:
    chosen = generator("resamples", label, phase, n).integers(n, size=(RESAMPLES, n))
    places = np.arange(RESAMPLES)[:, None] * n + chosen
    counts = np.bincount(places.ravel(), minlength=RESAMPLES * n).reshape(RESAMPLES, n)
    return counts.astype(np.float64)


def halves_of(instances: NDArray[np.integer]) -> Floats | None:
    """Return 1 where a draw is of every second instance, and of the others [2, D]; None of one.

    Parameters
    ----------
    instances : ndarray of int [D]
        The instance of each draw.
    """
    numbers, place = np.unique(instances, return_inverse=True)
    if len(numbers) < 2:
        return None
    return np.stack([place % 2 == 0, place % 2 == 1]).astype(np.float64)


def resampled_interval(
    resampled: Floats, n: int, upper: Floats | None = None
) -> tuple[Floats, Floats]:
    """Return the ends of a 95 % interval from statistics in resamples [..., B].

    Percentiles a little further out than the level says: see `intervals.expanded_tail`. They are
    order statistics, since ends may be infinite.

    Parameters
    ----------
    resampled : ndarray [..., B]
    n : int
        Instances, or families, that were drawn again; of one there is no interval: NaN.
    upper : ndarray [..., B], optional
        Where a statistic lies between bounds, the upper ones; `resampled` has the lower ones.
        NaN is no bound.
    """
    if n < 2:
        none = np.full(resampled.shape[:-1], np.nan)
        return none, none
    count = resampled.shape[-1]
    k = int(count * expanded_tail(n, LEVEL))
    below = np.where(np.isnan(resampled), -np.inf, resampled)
    above = resampled if upper is None else upper
    above = np.where(np.isnan(above), np.inf, above)
    return (
        np.partition(below, k, axis=-1)[..., k],
        np.partition(above, count - 1 - k, axis=-1)[..., count - 1 - k],
    )
