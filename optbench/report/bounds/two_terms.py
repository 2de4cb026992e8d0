"""Errors of momentum on quadratics, which obey e_{k+1} = s e_k - t e_{k-1} along each eigenvector.

Where the roots of r^2 - s r + t are complex, both are sqrt(t) in size, and e_k is t^{k/2} times
Chebyshev's polynomials of the second kind in s / (2 sqrt(t)):

    e_k = t^{k/2} U_k e_0 - t^{(k+1)/2} U_{k-1} e_{-1},    |U_k| <= k + 1

(Polyak 1964, Some methods of speeding up the convergence of iteration methods, sec. 2). Where they
are real and positive, errors do not change their sign, and are largest for the least curvature: of
the quotients q_k = e_k / e_{k-1} the first falls with the curvature, and so does each next one,
q_{k+1} = s - t / q_k, since s and -t / q do.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def oscillating(steps: Floats, t: Floats, before: Floats) -> Floats:
    """Return the bound on |e_k / e_0| where roots are complex.

    Parameters
    ----------
    steps : ndarray [r]
    t : ndarray [n, 1]
        The largest of the product of the roots, over the curvatures.
    before : ndarray [n, 1]
        The largest of t |e_{-1} / e_0|.
    """
    half = np.sqrt(t)
    size: Floats = half**steps * (steps + 1.0)
    size += before * steps * half ** np.maximum(steps - 1.0, 0.0)
    return size


def overdamped(steps: Floats, s: Floats, t: Floats, first: Floats) -> Floats:
    """Return e_k / e_0 where roots are real and differ.

    With roots r_1 and r_2, e_k = (a r_1^k - b r_2^k) / (a - b) for a = q_1 - r_2, b = q_1 - r_1.

    Parameters
    ----------
    steps : ndarray [r]
    s, t : ndarray [n, 1]
        Sum and product of the roots.
    first : ndarray [n, 1]
        q_1 = e_1 / e_0.
    """
    apart = np.sqrt(np.maximum(s * s - 4.0 * t, 0.0))
    large = 0.5 * (s + apart)
    small = np.where(large > 0.0, t / np.where(large > 0.0, large, 1.0), 0.0)
    apart = np.where(apart > 0.0, apart, 1.0)
    slow = (first - small) / apart
    fast = (large - first) / apart
    return slow * large**steps + fast * small**steps
