"""How low a method must end to have found the basin of the global minimum.

Every point below all other local minima lies in the global basin, whatever the shape of the
surface. So the lowest of the others, as descents from many points find it, separates lanes that
ended in the global basin from those that did not, or did not get far enough to tell.
"""

import functools
import math
from collections.abc import Iterable

import numpy as np

from optbench.catalog import solved
from optbench.catalog.blas import one_blas_thread
from optbench.catalog.building import make
from optbench.catalog.instance import Floats, Problem
from optbench.catalog.references import reference, reference_values
from optbench.catalog.surface import SurfaceInstance
from optbench.define import generator

DESCENTS = 64
"""Descents that look for the other local minima, from near the minimum to the far ends of the box.
"""
NEAREST = 1e-2
"""Least distance of their starts, as a share of the box."""
RESOLUTION = 1e-7
"""Minima that differ less, as a share of the gap of the box's points, count as one."""
MARGIN = 1e-3
"""By which share a point must be below another minimum: one that is in it may be computed, in
float32 above all, a little too low."""
_WHAT = f"second level {solved.code(__file__)}"


def minima_compare(problem: Problem) -> bool:
    """Say whether final gaps compare: all local minima, if there are several, are global."""
    return "several-basins" not in problem.tags or "equal-minima" in problem.tags


def basin_gap(problem: Problem) -> float | None:
    """Return the gap below which a point is in the global basin, None where final gaps compare.

    See `second_level`, of which it is a little less; NaN where there is no other minimum to be
    found. Problems with absolute targets that declare no level are read by these alone.
    """
    if minima_compare(problem) or (problem.absolute_targets and declared_level(problem) is None):
        return None
    return (1.0 - MARGIN) * second_level(problem)


def second_level(problem: Problem) -> float:
    """Return f - f_min at the lowest local minimum that is not global; NaN if none is found.

    It is declared, or looked for.

    Parameters
    ----------
    problem : Problem
        A surface tagged "several-basins", with f_min.
    """
    assert isinstance(problem, SurfaceInstance)
    declared = declared_level(problem)
    return _second_level(_representative(problem)) if declared is None else declared


def declared_level(problem: Problem) -> float | None:
    """Return the `second_level` that an instance declares, None if it declares none."""
    return problem.second_level if isinstance(problem, SurfaceInstance) else None


def prepare(problems: Iterable[Problem]) -> None:
    """Find what `reference` and `basin_gap` say of problems, so that asking takes no time."""
    problems = list(problems)
    reference_values(problems)
    for problem in problems:
        basin_gap(problem)


def _representative(problem: SurfaceInstance) -> SurfaceInstance:
    """Return instance 0 in place of one that only differs in its frame: levels are the same."""
    canonical = make(problem.definition, problem.dim)
    assert isinstance(canonical, SurfaceInstance)
    same = np.array_equal(problem.placement.p, canonical.placement.p)
    return canonical if same and not problem.definition.instance_function else problem


@functools.lru_cache(maxsize=1024)
def _second_level(problem: SurfaceInstance) -> float:
    """See `second_level`."""
    level = solved.stored(_WHAT, problem)
    if level is None:
        with np.errstate(all="ignore"), one_blas_thread():
            level = _lowest_above(problem)
        solved.store(_WHAT, {problem: level})
    return level


def _lowest_above(problem: SurfaceInstance) -> float:
    """Return the lowest level of the minima where descents end that is above the global one."""
    from scipy.optimize import minimize

    f_min = reference(problem).value
    starts = _descent_starts(problem)
    scale = max(np.median(problem.value(starts)) - f_min, np.finfo(float).tiny)
    levels = []
    for x in starts:
        end = minimize(problem.value_and_grad, x, jac=True, method="L-BFGS-B").x
        f, g = problem.value_and_grad(end)
        if np.isfinite(f) and _is_minimum(problem, end, f, g, scale):
            levels.append(float(f - f_min))
    above = [level for level in levels if level > RESOLUTION * scale]
    return min(above, default=math.nan)


def _descent_starts(problem: SurfaceInstance) -> Floats:
    """Return points of the box, half of them drawn towards the minimum, by all orders.

    Every other of these differs from the minimum in one coordinate only: in many dimensions the
    lowest of the other minima tend to be there.
    """
    low, high = problem.box
    rng = generator("basins", problem.name, problem.dim)
    points: Floats = rng.uniform(low, high, (DESCENTS, problem.dim))
    if problem.minimum is None:
        return points
    offsets = points[::2] - problem.minimum
    coordinate = rng.integers(0, problem.dim, len(offsets))
    offsets[::2] *= (np.arange(problem.dim) == coordinate[:, None])[::2]
    shares = np.geomspace(NEAREST, 1.0, DESCENTS // 4)
    points[::2] = problem.minimum + np.repeat(shares, 2)[:, None] * offsets
    return points


def _is_minimum(problem: SurfaceInstance, x: Floats, f: float, g: Floats, scale: float) -> bool:
    """Say whether nothing around x is lower: descents also stop on plateaus, saddles and walls."""
    low, high = problem.box
    around = generator("around", problem.dim).standard_normal((64, problem.dim))
    around = x + 1e-4 * (high - low) * around
    flat = np.abs(g * (high - low)).max() <= 1e-3 * scale
    return bool(flat and (problem.value(around) >= f).all())
