"""How many lanes would show a small difference: of pairs, and of lanes that are no pairs."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

DIFFERENCE = 1.05
"""Ratio of costs that is to be shown."""
LEVEL, POWER = 0.05, 0.8
"""The two-sided level of the test, and the chance with which it is to see the difference."""

Floats = NDArray[np.float64]


def lanes_needed(a: Floats, b: Floats, ratio: float = DIFFERENCE) -> tuple[float, float]:
    """Return how many pairs of lanes, and how many unpaired lanes of each, would show a ratio.

    n = (z_{1 - level/2} + z_{power})^2 var / ln(ratio)^2, with the variance of differences of
    pairs, and with the sum of both variances (Lachin 1981, eq. 1): what pairing saves is what the
    two have in common.

    Parameters
    ----------
    a, b : ndarray [n]
        ln of the costs of paired lanes.
    ratio : float

    Returns
    -------
    (float, float)
        Whole numbers, at least 2; NaN where a lane failed or there are fewer than two: failures
        have no variance.
    """
    if len(a) < 2 or not (np.isfinite(a).all() and np.isfinite(b).all()):
        return math.nan, math.nan
    z = ndtri(1.0 - LEVEL / 2.0) + ndtri(POWER)
    unit = (z / math.log(ratio)) ** 2
    paired = unit * float(np.var(a - b, ddof=1))
    unpaired = unit * float(np.var(a, ddof=1) + np.var(b, ddof=1))
    return float(max(2, math.ceil(paired))), float(max(2, math.ceil(unpaired)))
