"""Interquartile mean and probability of improvement (Agarwal et al. 2021, rliable).

The interquartile mean drops a quarter of all scores, of all lanes on all problems together, at
either end: unlike the median it hears half of them, unlike the mean no outlier moves it. The
probability of improvement says how likely a lane of one beats a lane of another on a problem taken
at random, and not by how much. Both: Agarwal et al. 2021, NeurIPS, "Deep reinforcement learning at
the edge of the statistical precipice", sec. 4.3.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from optbench.report.merit.arrays import Floats
from optbench.report.merit.ranks import ranks

CUT = 0.25
"""Of the scores, at either end."""


def interquartile_mean(scores: ArrayLike) -> float:
    """Return the mean of the middle half of all scores; see `weighted_interquartile_means`.

    Parameters
    ----------
    scores : array_like [problems, lanes] or [n]
        More is better; NaN is refused.

    Raises
    ------
    ValueError
        If there is none, or one is NaN.
    """
    flat = np.asarray(scores, np.float64).reshape(-1)
    if not len(flat) or np.isnan(flat).any():
        raise ValueError(
            f"{len(flat)} scores, {int(np.isnan(flat).sum())} of them NaN: expected one at least, "
            "and a number for each (a failure has the worst score)"
        )
    return float(weighted_interquartile_means(flat, np.ones((1, len(flat)), np.int64))[0])


def weighted_interquartile_means(scores: Floats, counts: NDArray[np.integer]) -> Floats:
    """Return the interquartile mean of each resample [draws].

    Of n scores the least and the greatest int(n / 4) are dropped (scipy.stats.trim_mean). A
    resample is the same scores, counted; sorted once for all of them.

    Parameters
    ----------
    scores : ndarray [n]
    counts : ndarray [draws, n] of int
        How often each score is in each resample.
    """
    order = np.argsort(scores, kind="stable")
    ordered = scores[order]
    means = np.empty(len(counts))
    for draw, unordered in enumerate(counts):
        own = unordered[order]
        total = np.cumsum(own, dtype=np.int64)
        n = int(total[-1])
        cut = int(CUT * n)
        first, last = np.searchsorted(total, [cut + 1, n - cut])
        # All copies of scores in between count; of the first and the last those inside the cuts.
        inside = own[first : last + 1].astype(np.float64)
        inside[0] = total[first] - cut
        inside[-1] -= total[last] - (n - cut)
        # Not by BLAS, whose sums hang on how many threads there are.
        means[draw] = np.einsum("i,i", inside, ordered[first : last + 1]) / (n - 2 * cut)
    return means


def improvement(scores: ArrayLike, others: ArrayLike) -> float:
    """Return the probability that a lane of one has a better score than one of the other.

    The mean over problems of (#{x > y} + #{x = y} / 2) / (lanes x lanes), the Mann-Whitney U
    statistic over its largest value (Agarwal et al. 2021, sec. 4.3).

    Parameters
    ----------
    scores, others : array_like [problems, lanes]
        More is better; the lanes need not be as many.

    Raises
    ------
    ValueError
        If the problems are not the same number, there is no lane, or a score is NaN.
    """
    x, y = np.asarray(scores, np.float64), np.asarray(others, np.float64)
    if x.ndim != 2 or y.ndim != 2 or len(x) != len(y) or not (x.size and y.size):
        raise ValueError(f"scores {x.shape} and {y.shape}: expected [problems, lanes] of the same")
    if np.isnan(x).any() or np.isnan(y).any():
        raise ValueError("scores: NaN, expected a number for each lane (a failure has the worst)")
    above = x[:, :, None] > y[:, None, :]
    equal = x[:, :, None] == y[:, None, :]
    return float(np.mean(above + equal / 2))


def improvement_over_others(scores: ArrayLike) -> Floats:
    """Return the mean over all others of the probability of improvement over them [optimizers].

    Of ranks among all lanes of a problem: less the ranks among an optimizer's own lanes they count
    the lanes of others that are worse, which takes no time over pairs.

    Parameters
    ----------
    scores : array_like [problems, optimizers, lanes]
        More is better.

    Raises
    ------
    ValueError
        If there are fewer than two optimizers, no problem or lane, or a score is NaN.
    """
    array = np.asarray(scores, np.float64)
    if array.ndim != 3 or not array.size or array.shape[1] < 2 or np.isnan(array).any():
        raise ValueError(
            f"scores {array.shape}: expected numbers [problems, optimizers >= 2, lanes], none NaN"
        )
    problems, optimizers, lanes = array.shape
    among_all = ranks(array.reshape(problems, -1)).reshape(array.shape)
    worse = among_all.sum(axis=2) - lanes * (lanes + 1) / 2
    return np.asarray((worse / (lanes * lanes * (optimizers - 1))).mean(axis=0))
