"""What must hold of a problem's declared minimum: it is one, and nothing is lower."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from optbench.catalog.blas import one_blas_thread
from optbench.catalog.building import make
from optbench.catalog.instance import Problem
from optbench.catalog.plain import at
from optbench.catalog.surface import SurfaceInstance
from optbench.cli.checks.findings import NotApplicableError
from optbench.cli.checks.sampling import points, start, wrong

VALUE_TOLERANCE, GRADIENT_TOLERANCE = 1e-10, 1e-8
"""How well f(minimum) = f_min and gradient(minimum) = 0 must hold, unless rounding hides it."""
RANDOM_POINTS = 2000
INSTANCES = (1, 4)
ENDLESS = 1e6
"""Times the values in the box: what falls as far below 0 has no minimum."""
WITHOUT_MINIMUM = ": no target is known, and optimizers are ordered by their last values"


def minimum(problem: Problem) -> str:
    """f(minimum) = f_min, and the gradient vanishes there, in instances and dimensions too."""
    if not isinstance(problem, SurfaceInstance) or (
        problem.minimum is None and problem.f_min is None
    ):
        without = "" if problem.kind in ("data", "net") else WITHOUT_MINIMUM
        raise NotApplicableError(f"none declared{without}")
    sentence = _checked_minimum(problem)
    definition = problem.definition
    for instance in INSTANCES:
        _checked_minimum(make(definition, problem.dim, instance))
    for dim in definition.dims:
        if dim != problem.dim:
            _checked_minimum(make(definition, dim))
    return sentence


def _checked_minimum(problem: Problem) -> str:
    """Return a sentence on the minimum of one dimension and instance, or raise."""
    x = problem.minimum
    if x is None:
        raise NotApplicableError("f_min is declared without a minimum")
    where = f"{at(x)} (d = {problem.dim}, instance {problem.instance})"
    if problem.f_min is None:
        raise wrong(problem, f"a minimum is declared without f_min: f is {problem.value(x)!r}")
    f, g = problem.value_and_grad(x)
    f_noise, g_noise = _noise(problem, x)
    allowed = max(VALUE_TOLERANCE * max(1.0, abs(problem.f_min)), f_noise)
    if not abs(f - problem.f_min) <= allowed:
        raise wrong(
            problem,
            f"f(minimum) = {f!r}, but f_min = {problem.f_min!r} is declared, at {where}: correct "
            "minimum or f_min (all digits)",
        )
    off = f"f(minimum) - f_min = {f - problem.f_min:.1e}"
    if {"nonsmooth", "no_gradient"} & set(problem.tags):
        return off
    size = np.abs(g).max()
    if not size <= max(GRADIENT_TOLERANCE, g_noise):
        i = int(np.abs(g).argmax())
        raise wrong(
            problem,
            f"g[{i}] = {g[i]:.3g} at the declared minimum {where}, where it should be 0: give the "
            "minimum to all digits, or tag the problem nonsmooth if it has a kink there",
        )
    return f"{off}, |g| = {size:.1e} there"


def _noise(problem: Problem, x: NDArray[Any]) -> tuple[float, float]:
    """Return what rounding x to the nearest numbers does to value and gradient."""
    signs = np.random.default_rng(0).choice([-1.0, 1.0], (8, problem.dim))
    sizes = np.abs(x) if problem.start is None else np.maximum(np.abs(x), np.abs(problem.start))
    moved = x + 2.0 * signs * np.spacing(sizes)
    (f, g), (values, gradients) = problem.value_and_grad(x), problem.value_and_grad(moved)
    return 4.0 * np.abs(values - f).max(), 4.0 * np.abs(gradients - g).max()


def lower_points(problem: Problem) -> str:
    """No random point and no descent finds less than f_min, or none falls without end."""
    solved = problem.f_min is None and problem.kind == "data"
    if not isinstance(problem, SurfaceInstance) or solved:
        raise NotApplicableError("no f_min declared")
    from scipy.optimize import minimize

    candidates = points(problem, RANDOM_POINTS, seed=1)
    values = problem.value(candidates)
    best = min(zip(values, candidates, strict=True), key=lambda pair: pair[0])
    ends = 0
    with np.errstate(all="ignore"), one_blas_thread():
        for x in np.vstack([start(problem), candidates[np.argsort(values)[:2]], candidates[:3]]):
            end: Any = minimize(
                problem.value_and_grad, x, jac=True, method="L-BFGS-B", options={"maxiter": 100}
            )
            ends += 1
            counts = problem.f_min is None or np.isfinite(end.fun)  # -inf falls without end
            if counts and end.fun < best[0]:
                best = end.fun, end.x
    f, x = best
    looked = f"in {RANDOM_POINTS} random points and {ends} descents; best {f:.6g}"
    if problem.f_min is None:
        if f < -ENDLESS * (1.0 + np.abs(values[np.isfinite(values)]).max(initial=0.0)):
            raise wrong(
                problem,
                f"f = {f:.3g} at {at(x)}: it falls without end outside of the box, which does not "
                "constrain the search, so that the largest rate would be the best; bound it below",
            )
        return f"none falls without end {looked}"
    if f < problem.f_min - VALUE_TOLERANCE * max(1.0, abs(problem.f_min)):
        low, high = problem.box
        inside = "" if ((low <= x) & (x <= high)).all() else ", outside the box"
        raise wrong(
            problem,
            f"f = {f!r} at {at(x)}{inside}, below f_min = {problem.f_min!r}: correct f_min and "
            "minimum, or keep f from falling outside the box, which does not constrain the search",
        )
    return f"none below f_min {looked}"
