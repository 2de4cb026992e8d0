"""Wilcoxon's signed-rank test with Pratt's zeros, of many pairs of optimizers at once.

Differences are ranked by size with the zeros among them, and the zeros' ranks are left out then
(Pratt 1959): a tie is evidence that the two do not differ, and keeps the others' ranks high without
taking a side. Infinite differences, of lanes that one optimizer failed, tie for the highest ranks.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

EXACT = 50
"""Pairs of lanes up to which the null distribution is computed, not approximated."""

Floats = NDArray[np.float64]


def signed_rank_test(differences: Floats) -> tuple[Floats, Floats]:
    """Return sums of signed ranks, and p-values of the hypothesis that d lies evenly about 0.

    Up to `EXACT` differences the null distribution is exact, conditional on their sizes: each sign
    that is not 0 is a toss of a fair coin. Beyond, the sum of ranks is normal with the same mean
    and variance, without a correction for continuity.

    Parameters
    ----------
    differences : ndarray [..., n]
        May be infinite; not NaN.

    Returns
    -------
    sums : ndarray [...]
        Below 0 where negative differences prevail.
    p : ndarray [...]
        Two-sided; 1 where all differences are 0.

    References
    ----------
    Pratt 1959, "Remarks on zeros and ties in the Wilcoxon signed rank procedures", sec. 5.
    """
    shape, n = differences.shape[:-1], differences.shape[-1]
    if not differences.size:
        return np.zeros(shape), np.ones(shape)
    rows = differences.reshape(-1, n)
    ranks = np.where(rows == 0.0, 0, doubled_ranks(np.abs(rows)))
    doubled = np.sum(np.where(rows > 0.0, ranks, -ranks), axis=1)
    null = _exact if n <= EXACT else _normal
    p = null(ranks, np.abs(doubled))
    return np.reshape(doubled / 2, shape), np.reshape(p, shape)


def doubled_ranks(values: Floats) -> NDArray[np.int64]:
    """Return twice the ranks of ``values[rows, n]`` in their rows, from 1; ties share the middle.

    They are whole numbers. `scipy.stats.rankdata` gives half of it, and takes half a second to
    import.
    """
    order = np.argsort(values, axis=1)
    ordered = np.take_along_axis(values, order, axis=1)
    places = np.broadcast_to(np.arange(values.shape[1]), values.shape)
    differs = ordered[:, 1:] != ordered[:, :-1]
    first, last = places.copy(), places.copy()
    first[:, 1:][~differs] = 0
    last[:, :-1][~differs] = values.shape[1] - 1
    first = np.maximum.accumulate(first, axis=1)
    last = np.minimum.accumulate(last[:, ::-1], axis=1)[:, ::-1]
    ranks = np.empty(values.shape, np.int64)
    np.put_along_axis(ranks, order, first + last + 2, axis=1)
    return ranks


def least_p(untied: NDArray[np.integer]) -> Floats:
    """Return the least p-value that so many differences other than 0 can have: all of one sign."""
    return np.asarray(np.minimum(1.0, 2.0 ** (1.0 - untied)))


def _exact(ranks: NDArray[np.int64], distance: NDArray[np.int64]) -> Floats:
    """Return the chance of sums of signed ranks at least as far from 0 as `distance` [rows]."""
    sizes, which = np.unique(np.sort(ranks, axis=1), axis=0, return_inverse=True)
    tails = _tails(sizes)
    # The sum of signed ranks moves in steps of 2 from -total to total.
    at = (sizes.sum(axis=1)[which.ravel()] + distance) // 2
    chance: Floats = 2.0 * tails[which.ravel(), at]
    return np.where(distance == 0, 1.0, np.minimum(1.0, chance))


def _tails(sizes: NDArray[np.int64]) -> Floats:
    """Return the chance [rows, s] that the ranks with a plus sum up to at least s."""
    rows, most = len(sizes), int(sizes.sum(axis=1).max(initial=0))
    chance = np.zeros((rows, most + 1))
    chance[:, 0] = 1.0
    sums = np.arange(most + 1)
    for column in sizes.T:
        before = sums - column[:, None]
        moved = np.take_along_axis(chance, np.maximum(before, 0), axis=1)
        chance = 0.5 * (chance + np.where(before >= 0, moved, 0.0))
    return np.cumsum(chance[:, ::-1], axis=1)[:, ::-1]


def _normal(ranks: NDArray[np.int64], distance: NDArray[np.int64]) -> Floats:
    """Return two-sided tails of the normal distribution with the variance of the sum."""
    deviation = np.sqrt(np.sum(ranks.astype(float) ** 2, axis=1))
    z = distance / np.where(deviation > 0.0, deviation, 1.0)
    return np.asarray(2.0 * ndtr(-z))
