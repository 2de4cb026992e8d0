"""Intervals that hold for skewed data and few lanes."""

import math
from statistics import NormalDist

import numpy as np

LEVEL = 0.95


def median_interval(values, level=LEVEL):
    """Return (median, low, high): the order-statistic interval of the median.

    The ends are the order statistics x_(k) and x_(n+1-k) with the largest k that covers the median
    with probability >= `level`, whatever the distribution (Conover 1999, sec. 3.2). With fewer than
    six values no such pair exists; the ends are the extremes then, whose coverage is
    1 - 2^(1 - n). With fewer than two values they are NaN. +inf (a failure) is a value like others.
    """
    ordered = np.sort(np.asarray(values, dtype=float))
    n = len(ordered)
    if n == 0:
        return math.nan, math.nan, math.nan
    middle = _median(ordered)
    if n == 1:
        return middle, math.nan, math.nan
    k = 1
    while k < n / 2 and 1 - 2 * _binomial_cdf(k, n) >= level:
        k += 1
    return middle, ordered[k - 1], ordered[n - k]


def _binomial_cdf(k, n):
    """Probability of at most k heads in n tosses of a fair coin."""
    return sum(math.comb(n, i) for i in range(k + 1)) / 2**n


def _median(ordered):
    low, high = ordered[(len(ordered) - 1) // 2], ordered[len(ordered) // 2]
    return low if low == high else (low + high) / 2


def wilson_interval(successes, n, level=LEVEL):
    """Return (share, low, high) of a proportion (Wilson 1927)."""
    if n == 0:
        return math.nan, math.nan, math.nan
    z = NormalDist().inv_cdf(0.5 + level / 2)
    share = successes / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return share, max(0.0, centre - half), min(1.0, centre + half)
