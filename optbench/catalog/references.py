"""Minimisers of smooth convex problems to the last digits: the reference values of data problems.

L-BFGS comes near; Newton's method ends it. Its steps come from conjugate gradients, whose products
with the Hessian are differences of the gradient.
"""

import numpy as np

from optbench.errors import UserError

TOLERANCE = 1e-10
"""Largest entry of the gradient that counts as solved, as a share of that at the start."""
MOST_PRODUCTS = 200
"""With the Hessian, for one Newton step."""


def smooth_convex(value_and_grad, start):
    """Return the minimiser [d] of a smooth convex function.

    Parameters
    ----------
    value_and_grad : callable
        From points [n, d] or [d] to values and gradients.
    start : ndarray [d]

    Raises
    ------
    UserError
        If the gradient stays above `TOLERANCE`.
    """
    from scipy.optimize import minimize

    scale = max(np.abs(value_and_grad(start)[1]).max(), 1e-300)
    options = {
        "maxiter": 20_000, "maxfun": 50_000, "ftol": 0.0, "gtol": 1e-5 * scale, "maxcor": 50
    }  # fmt: skip
    x = minimize(value_and_grad, start, jac=True, method="L-BFGS-B", options=options).x
    x = _newton(value_and_grad, x)
    left = np.abs(value_and_grad(x)[1]).max() / scale
    if not left <= TOLERANCE:
        raise UserError(
            f"no minimiser was found: the gradient is still {left:.1e} of that at the start; "
            "declare f_min, or a solver"
        )
    return x


def _newton(value_and_grad, x, steps=8):
    """Take Newton steps as long as the gradient shrinks."""
    g = value_and_grad(x)[1]
    for _ in range(steps):
        moved = x - _newton_step(value_and_grad, x, g)
        new = value_and_grad(moved)[1]
        if not np.abs(new).max() < np.abs(g).max():
            break
        x, g = moved, new
    return x


def _newton_step(value_and_grad, x, g):
    """Return s with H s = g, to a share of 1e-6, by conjugate gradients."""
    s, left = np.zeros_like(x), g.copy()
    along, size = left, left @ left
    for _ in range(min(2 * len(x), MOST_PRODUCTS)):
        if np.abs(left).max() <= 1e-6 * np.abs(g).max():
            break
        h = 1e-4 / np.linalg.norm(along)
        ahead, behind = value_and_grad(np.stack([x + h * along, x - h * along]))[1]
        product = (ahead - behind) / (2.0 * h)
        curvature = along @ product
        if curvature <= 0.0:
            break
        share = size / curvature
        s, left = s + share * along, left - share * product
        before, size = size, left @ left
        along = left + size / before * along
    return s
