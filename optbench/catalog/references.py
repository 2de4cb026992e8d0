"""The reference value of a problem, and the minimiser of data problems to the last digits.

L-BFGS comes near the minimiser; Newton's method ends it. Its steps come from conjugate gradients,
whose products with the Hessian are differences of the gradient.
"""

import functools
import math
from collections.abc import Callable
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np

from optbench.catalog.instance import Floats, Problem
from optbench.define.definitions import ProblemDefinition
from optbench.errors import UserError

ValueAndGrad: TypeAlias = Callable[[Floats], tuple[Any, Floats]]

TOLERANCE = 1e-10
"""Largest entry of the gradient that counts as solved, as a share of that at the start."""
MOST_PRODUCTS = 200
"""With the Hessian, for one Newton step."""


class Reference(NamedTuple):
    """The value that gaps are measured from, NaN if it is unknown, and where it is from."""

    value: float
    source: Literal["declared", "solver", "none"]


@functools.lru_cache(maxsize=512)
def reference(problem: Problem) -> Reference:
    """Return the declared minimum, else a solver's, else (NaN, "none")."""
    if problem.f_min is not None:
        return Reference(float(problem.f_min), "declared")
    if problem.kind == "data" and "convex" in problem.tags:
        return Reference(float(problem.value(solution(problem))), "solver")
    return Reference(math.nan, "none")


@functools.lru_cache(maxsize=512)
def solution(problem: Problem) -> Floats:
    """Return the minimiser [d] of a convex data problem, as a solver finds it.

    Raises
    ------
    UserError
        If none is found.
    """
    assert isinstance(problem.definition, ProblemDefinition) and problem.start is not None
    solver = problem.definition.solver_function
    if solver is not None:
        return np.asarray(solver(problem.placement.p, problem.placement.q))
    return smooth_convex(problem.value_and_grad, problem.start)


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
    from scipy.optimize import minimize

    scale = max(np.abs(value_and_grad(start)[1]).max(), 1e-300)
    options = {
        "maxiter": 20_000, "maxfun": 50_000, "ftol": 0.0, "gtol": 1e-5 * scale, "maxcor": 50
    }  # fmt: skip
    x = minimize(value_and_grad, start, jac=True, method="L-BFGS-B", options=options).x
    x = _newton(value_and_grad, x)
    remaining = np.abs(value_and_grad(x)[1]).max() / scale
    if not remaining <= TOLERANCE:
        raise UserError(
            f"no minimiser was found: the gradient is still {remaining:.1e} of that at the start; "
            "declare f_min, or a solver"
        )
    return x


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
