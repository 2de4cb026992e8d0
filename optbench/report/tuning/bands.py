"""Simultaneous confidence bands for the distribution of scores, from n independent trials.

The i-th least of n independent uniform draws is Beta(i, n + 1 - i). Intervals of these n laws, all
of one coverage c, hold at once with a probability that grows with c. The band takes the c at which
it is the level that is asked for (Learned-Miller and DeStefano 2008; Lourie, Cho and He 2024, "Show
Your Work with Confidence", sec. 4): under a continuous distribution it is exact at any n.

`opda` finds c by simulating 100,000 samples, which takes seconds for a hundred trials. Here the
probability is computed, and does not depend on draws.
"""

from __future__ import annotations

import functools
import math

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv

from optbench.report.statistics.roots import root

Floats = NDArray[np.float64]


@functools.lru_cache(maxsize=64)
def distribution_band(n: int, level: float) -> tuple[Floats, Floats]:
    """Return (lows, highs) of the distribution function between n sorted trials, each [n + 1].

    Entry i holds from the i-th least trial (from minus infinity where i = 0) up to the next one.

    Parameters
    ----------
    n : int
        At least 1.
    level : float
        Probability that all of it holds, in (0, 1).

    Raises
    ------
    ValueError
    """
    if n < 1 or not 0.0 < level < 1.0:
        raise ValueError(f"a band needs trials and a level within (0, 1); got {n} and {level}")
    rank = np.arange(1, n + 1)

    def intervals(log_missing: float) -> tuple[Floats, Floats]:
        below = math.exp(log_missing) / 2  # the interval of each law has as much on either side
        return betaincinv(rank, n + 1 - rank, below), betaincinv(rank, n + 1 - rank, 1.0 - below)

    missing = 1.0 - level
    ends = math.log(missing / n), math.log(missing)  # by Bonferroni; of one interval alone
    log_missing = ends[1]
    if n > 1:
        log_missing = root(
            lambda at: simultaneous_probability(*intervals(at)) - level, *ends, tolerance=1e-10
        )
    low, high = intervals(log_missing)
    return np.append(0.0, low), np.append(high, 1.0)


def simultaneous_probability(low: Floats, high: Floats) -> float:
    """Return the probability that n sorted uniform draws lie in n intervals, all of them.

    With N(t) the number of draws up to t, draw i is in [low_i, high_i] where N(low_i) < i and
    N(high_i) >= i. N is a Poisson process of rate n, given that N(1) = n: from one end to the next
    its increments are Poisson, so that convolutions add up all paths that keep within the ends
    (Moscovich and Nadler 2017, "Fast calculation of boundary crossing probabilities").

    Parameters
    ----------
    low, high : ndarray of float64 [n]
        Ascending, in [0, 1].
    """
    n = len(low)
    times = np.unique(np.concatenate([low, high, [1.0]]))
    most = np.searchsorted(low, times, side="left").tolist()
    least = np.searchsorted(high, times, side="right").tolist()
    first, paths = 0, np.ones(1)  # of N = first, first + 1, ...
    for step, floor, cap in zip(np.diff(times, prepend=0.0).tolist(), least, most, strict=True):
        width = cap + 1 - first
        if width <= 0 or floor > cap:
            return 0.0
        paths = np.convolve(paths, _poisson(n * step, width))[:width]
        paths = paths[max(floor - first, 0) :]
        first = max(first, floor)
    return float(paths[0]) / math.exp(n * math.log(n) - n - math.lgamma(n + 1))


def _poisson(mean: float, count: int) -> Floats:
    """Return the probabilities of 0, 1, ... count - 1 events."""
    factors: Floats = np.full(count, mean) / np.maximum(np.arange(count), 1)
    factors[0] = math.exp(-mean)
    return np.asarray(np.cumprod(factors), np.float64)
