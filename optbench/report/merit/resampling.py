"""The intervals that resamples of the lanes of many problems give.

The lanes of each problem are drawn again by themselves: the problems are the strata (Agarwal et al.
2021, sec. 4.1).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from optbench.report.merit.arrays import Floats
from optbench.report.statistics.intervals import LEVEL
from optbench.report.statistics.resampling import RESAMPLES, SCORING, draw_counts


def percentile_interval(resampled: Floats, level: float = LEVEL) -> tuple[Floats, Floats]:
    """Return (low, high) of statistics [..., draws]: their percentiles (Efron 1979)."""
    tail = np.full(resampled.shape[:-1], (1 - level) / 2)
    ordered = np.sort(resampled, axis=-1)
    return _quantile(ordered, tail), _quantile(ordered, 1 - tail)


def bca_interval(
    estimate: Floats, resampled: Floats, left_out: list[Floats], level: float = LEVEL
) -> tuple[Floats, Floats]:
    """Return (low, high) of statistics: percentiles corrected for bias and acceleration.

    With z0 = Phi^-1(share of resamples below the estimate) and the acceleration a, an end is the
    percentile Phi(z0 + (z0 + z) / (1 - a (z0 + z))) (Efron 1987, JASA 82, eqs. 2.3 and 4.9);
    a = sum U^3 / (6 (sum U^2)^1.5), where U is (n - 1) / n x (mean - statistic without a lane), n
    the lanes of its problem, as `scipy.stats.bootstrap` has it.

    Parameters
    ----------
    estimate : ndarray [...]
    resampled : ndarray [..., draws]
    left_out : list of ndarray [..., lanes]
        For each problem the statistic without one of its lanes.
    level : float
    """
    from scipy.special import ndtr, ndtri

    below = (resampled < estimate[..., None]).mean(axis=-1)
    upto = (resampled <= estimate[..., None]).mean(axis=-1)
    bias = ndtri((below + upto) / 2)
    influence = [
        (values.shape[-1] - 1) / values.shape[-1] * (values.mean(axis=-1, keepdims=True) - values)
        for values in left_out
    ]
    cubes = sum(np.sum(part**3, axis=-1) for part in influence)
    squares = np.asarray(sum(np.sum(part**2, axis=-1) for part in influence))
    with np.errstate(divide="ignore", invalid="ignore"):  # of lanes that are all alike
        acceleration = np.where(squares > 0, cubes / (6 * squares**1.5), 0.0)
    ordered = np.sort(resampled, axis=-1)
    ends = []
    for tail in ((1 - level) / 2, (1 + level) / 2):
        shifted = bias + ndtri(tail)
        with np.errstate(invalid="ignore"):  # all resamples on one side: the end is the last one
            share = ndtr(bias + shifted / (1 - acceleration * shifted))
        ends.append(_quantile(ordered, np.where(np.isfinite(bias), share, (bias > 0) * 1.0)))
    return ends[0], ends[1]


def _quantile(ordered: Floats, share: Floats) -> Floats:
    """Return quantiles along the last axis, linear between order statistics; inf stays inf."""
    place = share * (ordered.shape[-1] - 1)
    left = np.floor(place).astype(np.int64)
    right = np.minimum(left + 1, ordered.shape[-1] - 1)
    low, high = (np.take_along_axis(ordered, at[..., None], -1)[..., 0] for at in (left, right))
    part = place - left
    with np.errstate(invalid="ignore"):
        between = low + part * (high - low)
    return np.where((part == 0) | (low == high), low, between)


def counts_by_problem(
    problems: Sequence[str], instances: Sequence[NDArray[np.integer]]
) -> NDArray[np.uint8]:
    """Return how often each lane is in each resample [B, problems, most lanes].

    Those of a problem hang on no other problem: see `statistics.resampling`.

    Parameters
    ----------
    problems : sequence of str
        Labels.
    instances : sequence of ndarray of int
        The instance of each lane of each problem; lanes beyond are in no resample.
    """
    most = max(len(own) for own in instances)
    counts = np.zeros((RESAMPLES, len(problems), most), np.uint8)
    for p, (label, own) in enumerate(zip(problems, instances, strict=True)):
        counts[:, p, : len(own)] = draw_counts(label, SCORING, own)
    return counts
