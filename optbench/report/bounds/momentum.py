"""Heavy ball and Nesterov's momentum with constant rate h and momentum b, on quadratics.

Along an eigenvector of curvature c the error obeys a recursion of two terms; see `two_terms`. The
gap is a sum over eigenvectors of c / 2 times squared errors, so it is at most the square of the
largest |e_k / e_0| over mu <= c <= L, times the first gap.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from optbench.report.bounds.convex_starts import ConvexStarts
from optbench.report.bounds.two_terms import oscillating, overdamped

Floats = NDArray[np.float64]


def heavy_ball(starts: ConvexStarts, steps: Floats, rate: float, momentum: float) -> Floats:
    """Return a bound on the gap of x_{k+1} = x_k - h grad f(x_k) + b (x_k - x_{k-1}), x_{-1} = x_0.

    s = 1 + b - h c and t = b (Polyak 1964, eq. 9 and sec. 2). With his rate and momentum,
    h = 4 / (sqrt(L) + sqrt(mu))^2 and b = ((sqrt(kappa) - 1) / (sqrt(kappa) + 1))^2, the bound is
    b^k (k + 1 + sqrt(b) k)^2 times the first gap, and a start along the steepest axis meets it.

    Parameters
    ----------
    starts : ConvexStarts
    steps : ndarray [r]
    rate, momentum : float

    Returns
    -------
    ndarray [n, r]
        inf where h L > (1 + sqrt(b))^2, beyond which it may diverge, and where f is no quadratic.
    """
    smoothness, convexity, _, gap = starts.columns()
    t = np.full(gap.shape, momentum)
    share = oscillating(steps, t, t)
    s = 1.0 + momentum - rate * convexity
    damped = rate * convexity < (1.0 - np.sqrt(momentum)) ** 2
    slow = overdamped(steps, np.where(damped, s, 2.0), t, s - momentum)
    share = np.where(damped, np.maximum(share, slow), share)
    stable = starts.quadratic & (rate * smoothness <= (1.0 + np.sqrt(momentum)) ** 2 * ROUNDED)
    return np.where(stable, share**2 * gap, np.inf)


ROUNDED = 1.0 + 1e-12
"""Polyak's rate meets the edge of what is stable, and may lie beyond it by rounding."""


def nesterov(
    starts: ConvexStarts, steps: Floats, rate: float, momentum: float, *, ahead: bool
) -> Floats:
    """Return a bound on the gap of y_k = x_k + b (x_k - x_{k-1}), x_{k+1} = y_k - h grad f(y_k).

    s = (1 + b)(1 - h c) and t = b (1 - h c), for x_k and y_k alike: Lessard, Recht and Packard
    2016, Analysis and design of optimization algorithms via integral quadratic constraints, sec. 2.

    Parameters
    ----------
    starts : ConvexStarts
    steps : ndarray [r]
    rate, momentum : float
    ahead : bool
        Whether the gap is at y_k, where gradients are taken, or at x_k.

    Returns
    -------
    ndarray [n, r]
        inf where h > 1 / L, and where f is no quadratic.
    """
    smoothness, convexity, _, gap = starts.columns()
    left = np.maximum(1.0 - rate * convexity, 0.0)
    # Roots are real up to this curvature; of the larger ones t is largest for the least.
    edge = ((1.0 - momentum) / (1.0 + momentum)) ** 2
    damped = rate * convexity < edge
    t = momentum * np.where(damped, 1.0 - edge, left)
    # y_{-1} = y_0 / (1 - h c) in the recursion of y, and x_{-1} = x_0 in that of x.
    share = oscillating(steps, t, np.full(t.shape, momentum) if ahead else t)
    first = left - rate * convexity * momentum if ahead else left
    s = np.where(damped, (1.0 + momentum) * left, 2.0)
    slow = overdamped(steps, s, np.where(damped, momentum * left, t), first)
    share = np.where(damped, np.maximum(share, slow), share)
    stable = starts.quadratic & (rate * smoothness <= 1.0)
    return np.where(stable, share**2 * gap, np.inf)
