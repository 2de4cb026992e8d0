"""The minimiser of a smooth convex function to the last digits, from values and gradients alone.

A call takes many points, and costs least for each of them where there are tens. So L-BFGS comes
near the minimiser, and Newton's method ends it with dense Hessians: all columns of one are
differences of gradients from one call, it serves as long as steps gain enough, and a step is tried
in several lengths at once. Where one has no room, products with it come from differences.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from optbench.catalog.blas import one_blas_thread
from optbench.catalog.instance import Floats
from optbench.errors import UserError

ValueAndGrad: TypeAlias = Callable[[Floats], tuple[Any, Floats]]

TOLERANCE = 1e-10
"""Largest entry of the gradient that counts as solved, as a share of that at the start."""
GOAL = 1e-13
"""The same, where nothing more is to be gained."""
LARGEST_DENSE = 1024
"""Coordinates up to which Hessians are dense."""
CHEAP = 64
"""Coordinates up to which a Hessian costs less than to come near the minimiser without one."""
NEAR, NEARER = 1e-2, 1e-5
"""Share of the gradient at the start that L-BFGS leaves for dense and for other Newton steps."""
DIFFERENCE = 1e-6
"""Of points that a Hessian is made of, as a share of a coordinate or of 1."""
DAMPING = 1e-5
"""What is added to curvatures, as a share of their mean: more than differences are wrong by."""
LENGTHS = np.array([1.0, 0.5, 0.25, 0.125, 0.0625, 0.015625, 1.5, 2.0])
"""Of a Newton step, which are tried together."""
ENOUGH = 0.3
"""Share of the gradient that may be left by a step whose Hessian serves for the next one."""
SETTLED = 1e-3
"""Longest last step to a minimiser, as a share of its largest coordinate or of 1."""
MOST_STEPS = 200
MOST_PRODUCTS = 200
"""With the Hessian, for one Newton step by conjugate gradients."""


def smooth_convex(value_and_grad: ValueAndGrad, start: Floats) -> Floats:
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
    scale = max(np.abs(value_and_grad(start)[1]).max(), 1e-300)
    remaining = np.inf
    with np.errstate(all="ignore"), one_blas_thread():
        if len(start) <= LARGEST_DENSE:
            near = start if len(start) <= CHEAP else _lbfgs(value_and_grad, start, NEAR * scale)
            x = _dense_newton(value_and_grad, near, GOAL * scale)
            remaining = np.abs(value_and_grad(x)[1]).max() / scale
        if not remaining <= TOLERANCE:
            x = _newton(value_and_grad, _lbfgs(value_and_grad, start, NEARER * scale))
            remaining = np.abs(value_and_grad(x)[1]).max() / scale
    if not remaining <= TOLERANCE:
        raise UserError(
            f"no minimiser was found: the gradient is still {remaining:.1e} of that at the start; "
            "declare f_min, or a solver"
        )
    return x


def _lbfgs(value_and_grad: ValueAndGrad, start: Floats, goal: float) -> Floats:
    """Return a point where no entry of the gradient is above `goal`, or as near as L-BFGS comes."""
    from scipy.optimize import minimize

    options = {"maxiter": 20_000, "maxfun": 50_000, "ftol": 0.0, "gtol": goal, "maxcor": 50}
    found = minimize(value_and_grad, start, jac=True, method="L-BFGS-B", options=options)
    return np.asarray(found.x)


# ------------------------------------------------------------------------------ dense Hessians


def _dense_newton(value_and_grad: ValueAndGrad, start: Floats, goal: float) -> Floats:
    """Take steps until no entry of the gradient is above `goal`, or nothing is gained.

    Return `start` if the last one was long: gradients also vanish on the way to infinity.
    """
    from scipy.linalg import LinAlgError, cho_factor, cho_solve

    x, moved, factor = start, 0.0, None
    f, g = value_and_grad(x)
    for _ in range(MOST_STEPS):
        size = np.abs(g).max()
        if size <= goal:
            break
        fresh = factor is None
        try:
            factor = cho_factor(_hessian(value_and_grad, x, g)) if fresh else factor
        except (LinAlgError, ValueError):  # not convex, or not finite
            break
        points = x - LENGTHS[:, None] * cho_solve(factor, g)
        values, slopes = value_and_grad(points)
        sizes = np.abs(slopes).max(axis=1)
        best = _best(values, sizes, size)
        gained = values[best] < f or sizes[best] < size
        if gained:
            moved = np.abs(points[best] - x).max()
            x, f, g = points[best], values[best], slopes[best]
        elif fresh:
            break
        if not gained or sizes[best] > ENOUGH * size:
            factor = None
    return x if moved <= SETTLED * max(1.0, np.abs(x).max()) else start


def _best(values: Floats, sizes: Floats, size: float) -> int:
    """Return the number of the best of some points, by their values and sizes of gradients.

    Near the minimiser values are all rounding; far away gradients may grow on the way down.
    """
    sizes = np.nan_to_num(sizes, nan=np.inf)
    by = sizes if sizes.min() <= 0.5 * size else np.nan_to_num(values, nan=np.inf)
    return int(by.argmin())


def _hessian(value_and_grad: ValueAndGrad, x: Floats, g: Floats) -> Floats:
    """Return the Hessian [d, d] at x, where the gradient is g, damped a little."""
    h = DIFFERENCE * np.maximum(1.0, np.abs(x))
    hessian = (value_and_grad(x + np.diag(h))[1] - g) / h[:, None]
    hessian = 0.5 * (hessian + hessian.T)
    hessian[np.diag_indices_from(hessian)] += DAMPING * hessian.trace() / len(x)
    return hessian


# --------------------------------------------------------------------- products with the Hessian


def _newton(value_and_grad: ValueAndGrad, x: Floats, steps: int = 8) -> Floats:
    """Take Newton steps as long as the gradient shrinks."""
    g = value_and_grad(x)[1]
    for _ in range(steps):
        moved = x - _newton_step(value_and_grad, x, g)
        new = value_and_grad(moved)[1]
        if not np.abs(new).max() < np.abs(g).max():
            break
        x, g = moved, new
    return x


def _newton_step(value_and_grad: ValueAndGrad, x: Floats, g: Floats) -> Floats:
    """Return s with H s = g, to a share of 1e-6, by conjugate gradients."""
    s, residual = np.zeros_like(x), g.copy()
    direction, size = residual, residual @ residual
    for _ in range(min(2 * len(x), MOST_PRODUCTS)):
        if np.abs(residual).max() <= 1e-6 * np.abs(g).max():
            break
        h = 1e-4 / np.linalg.norm(direction)
        ahead, behind = value_and_grad(np.stack([x + h * direction, x - h * direction]))[1]
        product = (ahead - behind) / (2.0 * h)
        curvature = direction @ product
        if curvature <= 0.0:
            break
        length = size / curvature
        s, residual = s + length * direction, residual - length * product
        size_before, size = size, residual @ residual
        direction = residual + size / size_before * direction
    return s
