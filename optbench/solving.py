"""Minimisers of smooth convex problems to the last digits: the reference values of data problems.

L-BFGS comes near; Newton's method, whose Hessian comes from differences of the gradient, ends it.
"""

import numpy as np

from optbench.errors import UserError

TOLERANCE = 1e-10
"""Largest entry of the gradient that counts as solved, as a share of that at the start."""
MOST_COORDINATES = 200
"""Up to here a Hessian is cheap."""


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
        "maxiter": 20_000, "maxfun": 50_000, "ftol": 0.0, "gtol": 1e-12 * scale, "maxcor": 50
    }  # fmt: skip
    x = minimize(value_and_grad, start, jac=True, method="L-BFGS-B", options=options).x
    if len(x) <= MOST_COORDINATES:
        x = _newton(value_and_grad, x)
    left = np.abs(value_and_grad(x)[1]).max() / scale
    if not left <= TOLERANCE:
        raise UserError(
            f"no minimiser was found: the gradient is still {left:.1e} of that at the start; "
            "declare f_min, or a solver"
        )
    return x


def _newton(value_and_grad, x, steps=4):
    """Take Newton steps as long as the gradient shrinks."""
    g = value_and_grad(x)[1]
    for _ in range(steps):
        h = 1e-5 * np.maximum(1.0, np.abs(x))
        ahead, behind = (value_and_grad(x + side * np.diag(h))[1] for side in (1.0, -1.0))
        hessian = (ahead - behind) / (2.0 * h[:, None])
        moved = x - np.linalg.lstsq(hessian + hessian.T, 2.0 * g, rcond=1e-12)[0]
        new = value_and_grad(moved)[1]
        if not np.abs(new).max() < np.abs(g).max():
            break
        x, g = moved, new
    return x
