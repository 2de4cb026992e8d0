"""Nesterov's accelerated methods on convex functions that need not be quadratics."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from optbench.report.bounds.convex_starts import ConvexStarts

Floats = NDArray[np.float64]


def convex(starts: ConvexStarts, steps: Floats, rate: float) -> Floats:
    """Return 2 R^2 / (h (k + 1)^2) for the growing momentum t_k and h <= 1 / L, else inf.

    Of the gradient steps, which `nesterov_convex` reports: Beck and Teboulle 2009, A fast iterative
    shrinkage-thresholding algorithm, theorem 4.4; Nesterov 1983.

    Parameters
    ----------
    starts : ConvexStarts
    steps : ndarray [r]
    rate : float

    Returns
    -------
    ndarray [n, r]
    """
    smoothness, _, distance, _ = starts.columns()
    value = 2.0 * distance**2 / (rate * (steps + 1.0) ** 2)
    return np.where(rate * smoothness <= 1.0, value, np.inf)


def strongly_convex(starts: ConvexStarts, steps: Floats, rate: float, momentum: float) -> Floats:
    """Return (1 - sqrt(h m))^k (g + m R^2 / 2), g the first gap, for constant momentum b.

    Here m <= mu is the convexity that the momentum is made for, b = (1 - sqrt(h m)) /
    (1 + sqrt(h m)); h <= 1 / L and m <= mu are the conditions, else inf. Of the gradient steps,
    which `nesterov_sutskever` reports: Nesterov 2004, theorem 2.2.3 with h = 1 / L; d'Aspremont,
    Scieur and Taylor 2021, Acceleration methods, corollary 4.15, where (1 - sqrt(1 / kappa))^k.

    Parameters
    ----------
    starts : ConvexStarts
    steps : ndarray [r]
    rate, momentum : float

    Returns
    -------
    ndarray [n, r]
    """
    smoothness, convexity, distance, gap = starts.columns()
    root = (1.0 - momentum) / (1.0 + momentum)
    assumed = root**2 / rate
    value = (1.0 - root) ** steps * (gap + 0.5 * assumed * distance**2)
    met = (rate * smoothness <= 1.0) & (assumed <= convexity * ROUNDED) & (root <= 1.0)
    return np.where(met, value, np.inf)


ROUNDED = 1.0 + 1e-12
"""The convexity that a momentum was made for comes back with rounding."""
