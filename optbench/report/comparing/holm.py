"""Holm's adjustment of many tests on one problem, and which of them could not have passed it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LEVEL = 0.05
"""Of the tests on one problem together: the chance that at least one of them errs."""

Floats = NDArray[np.float64]


def holm(p: Floats) -> Floats:
    """Return adjusted p-values [K]: the least level at which Holm's procedure rejects each.

    References
    ----------
    Holm 1979, "A simple sequentially rejective multiple test procedure".
    """
    order = np.argsort(p, kind="stable")
    factors = len(p) - np.arange(len(p))
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(factors * p[order]))
    return adjusted


def could_pass(p: Floats, least: Floats, level: float = LEVEL) -> NDArray[np.bool_]:
    """Return whether each test [K] would pass, had it its least p-value and all others theirs.

    Parameters
    ----------
    p : ndarray [K]
        As observed.
    least : ndarray [K]
        The p-values if one optimizer had won every pair of lanes that is not tied.
    level : float
    """
    rejected = holm(p) <= level
    before = np.searchsorted(np.sort(p), least, side="left")
    alone = (before <= rejected.sum()) & ((len(p) - before) * least <= level)
    return np.asarray(rejected | alone)
