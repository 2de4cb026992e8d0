"""Friedman's test and Nemenyi's critical difference (Demšar 2006, JMLR 7).

Optimizers are ranked on each block; the test asks whether their mean ranks differ more than chance
would have them, and two whose mean ranks are nearer than the critical difference are not told
apart. Blocks have to be independent, which problems of one family are not: a block is a family.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtrc

from optbench.report.merit.arrays import Floats
from optbench.report.merit.studentized_range import upper_point

BLOCKS = 10
"""Blocks from which the statistic is nearly chi-squared (Demšar 2006, sec. 3.2.2)."""
LEVEL = 0.05


class Friedman(NamedTuple):
    """The test, and what mean ranks have to differ by.

    Attributes
    ----------
    statistic, p : float
        Chi-squared with k - 1 degrees of freedom, corrected for ties, and its p-value.
    difference : float
        Of mean ranks: what is nearer is not told apart at the level of 5 %.
    """

    statistic: float
    p: float
    difference: float


def ranks(values: ArrayLike) -> Floats:
    """Return the ranks within each row of ``values[blocks, k]``: 1 is the least, ties share.

    Those of a row with NaN are NaN.
    """
    array = np.asarray(values, np.float64)
    order = np.argsort(array, axis=1, kind="stable")
    ordered = np.take_along_axis(array, order, axis=1)
    place = np.arange(array.shape[1])
    begins = np.ones(array.shape, bool)
    begins[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    ends = np.ones(array.shape, bool)
    ends[:, :-1] = begins[:, 1:]
    first = np.maximum.accumulate(np.where(begins, place, 0), axis=1)
    last = np.where(ends, place, array.shape[1])[:, ::-1]
    last = np.minimum.accumulate(last, axis=1)[:, ::-1]
    own = np.empty(array.shape)
    np.put_along_axis(own, order, (first + last) / 2.0 + 1.0, axis=1)
    own[np.isnan(array).any(axis=1)] = np.nan
    return own


def friedman(values: ArrayLike) -> Friedman:
    """Test whether optimizers differ.

    The statistic is 12 N / (k (k + 1)) x sum (R_j - (k + 1) / 2)^2 over the mean ranks R_j, divided
    by 1 - sum (t^3 - t) / (N (k^3 - k)) for ties of t. The critical difference is q sqrt(k (k + 1)
    / (6 N)), q the 95 % point of the studentized range over sqrt(2) (Nemenyi 1963; both in Demšar
    2006, sec. 3.2.2).

    Parameters
    ----------
    values : array_like [blocks, optimizers]
        Less is better; +inf is the worst.

    Raises
    ------
    ValueError
        If there are fewer than three optimizers or ten blocks, a value is NaN, or all are equal.
    """
    array = np.asarray(values, np.float64)
    if array.ndim != 2 or array.shape[1] < 3 or array.shape[0] < BLOCKS:
        raise ValueError(
            f"values {array.shape}: expected [blocks >= {BLOCKS}, optimizers >= 3]; below that the "
            "distribution of the statistic is not chi-squared"
        )
    if np.isnan(array).any():
        raise ValueError("values: NaN, expected a number for each (inf is the worst)")
    own = ranks(array)
    n, k = array.shape
    # Without ties (k^3 - k) / 12 for each block; with them less, which is their correction.
    spread = float(np.sum((own - (k + 1) / 2) ** 2))
    if spread == 0:
        raise ValueError("values: equal within every block, so that there is nothing to test")
    between = n * float(np.sum((own.mean(axis=0) - (k + 1) / 2) ** 2))
    statistic = (k - 1) * n * between / spread
    q = upper_point(LEVEL, k) / math.sqrt(2)
    difference = q * math.sqrt(k * (k + 1) / (6 * n))
    return Friedman(statistic, float(chdtrc(k - 1, statistic)), difference)
