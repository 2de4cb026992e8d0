"""Intervals of figures over problems: the lanes of each problem are drawn again by themselves.

They are about other lanes on these problems, not about other problems (Agarwal et al. 2021, sec.
4.1). Scores are [problems, lanes], NaN where a problem has fewer lanes than another one.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from optbench.report.merit.arrays import Floats
from optbench.report.merit.resampling import bca_interval, percentile_interval
from optbench.report.merit.robust import interquartile_mean, weighted_interquartile_means

Estimate = tuple[float, float, float]
"""An estimate and the ends of its interval."""


def mean_over_problems(scores: Floats, counts: NDArray[np.uint8]) -> Estimate:
    """Return the mean over problems of the mean over lanes, with its BCa interval.

    Percentiles cover less where scores are skewed or of two kinds: BCa is used for that.

    Parameters
    ----------
    scores : ndarray [problems, lanes]
    counts : ndarray [draws, problems, lanes] of int
        See `resampling.counts_of`.
    """
    within = ~np.isnan(scores)
    lanes, values = within.sum(axis=1), np.where(within, scores, 0.0)
    share = 1.0 / (lanes * len(scores))
    means = values.sum(axis=1) / lanes
    estimate = means.mean()
    weighted = (values * share[:, None]).reshape(-1)
    # Not by BLAS, whose sums hang on how many threads there are.
    resampled = np.einsum("bi,i->b", counts.reshape(len(counts), -1), weighted)
    # Without lane i the mean of its problem moves by (mean - score) / (n - 1).
    left_out = [
        estimate + (mean - own[inside]) / (max(n - 1, 1) * len(scores))
        for own, inside, mean, n in zip(values, within, means, lanes, strict=True)
    ]
    low, high = bca_interval(np.asarray(estimate), resampled, left_out)
    return float(estimate), float(low), float(high)


def robust_mean(scores: Floats, counts: NDArray[np.uint8]) -> Estimate:
    """Return the interquartile mean of all lanes, with its percentile interval.

    Parameters
    ----------
    scores, counts
        See `mean_over_problems`.
    """
    within = ~np.isnan(scores)
    values = scores[within]
    # `take` keeps a resample together in memory, which indexing by a mask does not.
    own = np.take(counts.reshape(len(counts), -1), np.flatnonzero(within), axis=1)
    low, high = percentile_interval(weighted_interquartile_means(values, own))
    return interquartile_mean(values), float(low), float(high)
