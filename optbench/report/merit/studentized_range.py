"""The studentized range where the variance is known: how far apart k normal numbers lie."""

from __future__ import annotations

import functools
import math

import numpy as np
from scipy.special import ndtr

from optbench.report.statistics.roots import root

Z = np.linspace(-9.0, 9.0, 721)
"""Places of the greatest of the numbers; beyond them nothing is as much as rounding."""
WEIGHTS = np.exp(-(Z**2) / 2) / math.sqrt(2 * math.pi) * (Z[1] - Z[0])
"""Of the normal density: sums over even steps are exact to rounding for what is so smooth."""
WIDEST = 40.0


def chance_beyond(width: float, k: int) -> float:
    """Return the probability that k standard normal numbers lie farther apart than `width`.

    Less k times the integral of phi(z) (Phi(z) - Phi(z - width))^(k - 1), z the greatest of them
    (Demšar 2006, sec. 3.2.2, takes it with infinite degrees of freedom).
    """
    return 1.0 - k * float(np.einsum("i,i", WEIGHTS, (ndtr(Z) - ndtr(Z - width)) ** (k - 1)))


@functools.lru_cache(maxsize=1024)
def upper_point(level: float, k: int) -> float:
    """Return the width beyond which k standard normal numbers lie with probability `level`.

    Parameters
    ----------
    level : float
        In (0, 1), not less than 1e-9.
    k : int
        At least 2.
    """
    return root(lambda width: chance_beyond(width, k) - level, 0.0, WIDEST)
