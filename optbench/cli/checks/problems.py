"""What must hold for every problem, the user's own included: one function a check.

A check takes a `Problem` as it is written down (no instance); see `running.Checks`. The contract
tests and ``optbench check`` call the same functions.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from optbench.catalog import plain
from optbench.catalog.building import make
from optbench.catalog.instance import Problem
from optbench.catalog.plain import at
from optbench.catalog.stages import has_minimum
from optbench.catalog.surface import SurfaceInstance
from optbench.cli.checks.cost import nanoseconds
from optbench.cli.checks.differences import STEPS, slopes
from optbench.cli.checks.findings import FAILED, Finding, NotApplicableError, Report
from optbench.cli.checks.minima import lower_points, minimum
from optbench.cli.checks.precision import repeatable, single_precision
from optbench.cli.checks.running import Checks
from optbench.cli.checks.sampling import (
    POINTS,
    coordinates,
    points,
    scale,
    size,
    start,
    tensors,
    wrong,
)
from optbench.define.definitions import NetDefinition, ProblemDefinition
from optbench.errors import UserError
from optbench.kernels.authors import blocks
from optbench.lanes.pool import Unit
from optbench.lanes.starts import start_points
from optbench.lanes.units import gradient_units, problem_units

COORDINATES = 24
"""Coordinates along which a gradient is compared, at each point; fewer of data and nets."""
SLOPE_TOLERANCE = 1e-6
STARTS = 64
"""Starts of lanes that are tried."""


# ---------------------------------------------------------------------------------- it works at all


def as_written(problem: Problem) -> str:
    """The author's function, as plain Python, fills g, leaves x alone and returns a number."""
    if not isinstance(problem, SurfaceInstance):
        raise NotApplicableError("a net has no function of its own")
    compared = 0
    for x in np.vstack([start(problem), points(problem, 2)]):
        f, g = plain.value_and_grad(problem, x)
        value, gradient = problem.value_and_grad(x)
        if not np.isfinite([f, value]).all():
            continue
        compared += 1
        if abs(value - f) > 1e-10 * max(1.0, abs(f)):
            raise wrong(problem, f"compiled it gives {value!r} at {at(x)}, as Python {f!r}")
        if g is None or not np.isfinite(g).all():
            continue
        if not np.abs(gradient - g).max() <= 1e-8 * (1.0 + np.abs(g).max()):
            raise wrong(problem, f"compiled its gradient differs from Python's at {at(x)}")
    source = "by hand" if "g" in problem.definition.arguments else "from dual numbers"
    return f"gradient {source}; compiled equals plain Python at {compared} points"


def at_start(problem: Problem) -> str:
    """Value and gradient at the start are finite."""
    x = start(problem)
    f, g = problem.value_and_grad(x)
    bad = np.flatnonzero(~np.isfinite(g))
    if not np.isfinite(f) or bad.size:
        what = f"g[{bad[0]}] = {g[bad[0]]}" if np.isfinite(f) else f"f = {f}"
        raise wrong(problem, f"{what} at its own start {at(x)}: choose a start where it is finite")
    if problem.kind != "net":
        return f"f = {f:.10g}, |g| = {np.linalg.norm(g):.6g}, g = {at(g)}"
    return f"f = {f:.10g}, |g| = {np.linalg.norm(g):.6g} ({size(problem)} parameters)"


def at_other_starts(problem: Problem) -> str:
    """The value is finite where lanes start, which is anywhere in the box."""
    if problem.kind == "net":
        raise NotApplicableError("weights are drawn for its layers")
    x = start_points(problem, range(1, 1 + STARTS))
    broken = np.flatnonzero(~np.isfinite(problem.value(x)))
    if broken.size:
        raise wrong(
            problem,
            f"f is not finite at {broken.size} of {STARTS} starts, which are drawn in its box, "
            f"such as {at(x[broken[0]])}: give a box in which it is finite",
        )
    return f"f is finite at {STARTS} starts in its box"


# ------------------------------------------------------------------------------------- the gradient


class _Slope(NamedTuple):
    """A slope by the gradient and by differences, and how far they are apart."""

    off: float
    """As a share of what is allowed: above 1 the gradient is wrong."""
    i: int
    gradient: float
    difference: float
    x: NDArray[np.float64]


def gradient(problem: Problem) -> str:
    """The gradient agrees with high-order differences of the value at random points."""
    if "no_gradient" in problem.tags:
        raise NotApplicableError("tagged no_gradient")
    if "game" in problem.tags:
        raise NotApplicableError("tagged game: its field is not the slope of f")
    if isinstance(problem, SurfaceInstance) and not has_minimum(problem.definition):
        raise NotApplicableError("the value is not the one whose gradient it gives")
    seen, unclear, order = _compared_slopes(problem)
    if not seen:
        raise NotApplicableError("differences do not settle at random points")
    compared = len(seen)
    off, i, slope, difference, x = max(seen, key=lambda slope: slope.off)
    if off > 1.0:
        raise wrong(
            problem,
            f"g[{i}] = {slope:.10g} at {at(x)}, but differences of f give {difference:.10g} (the "
            f"worst of {compared} slopes): correct the gradient, or leave g out and have it from "
            "dual numbers",
        )
    if unclear >= compared and "nonsmooth" not in problem.tags and not _is_costly(problem):
        raise wrong(
            problem,
            f"differences of f settle along {compared} of {compared + unclear} slopes only: if it "
            "has kinks, tag it nonsmooth",
        )
    skipped = f", {unclear} at kinks or out of range skipped" if unclear else ""
    apart = abs(slope - difference)
    relative = apart / max(abs(difference), 1e-300) if difference else abs(slope)
    return (
        f"{compared} slopes agree with differences of order {order}{skipped}; worst: g[{i}], "
        f"relative difference {relative:.1e}"
    )


def _is_costly(problem: Problem) -> bool:
    """Whether an evaluation passes over data: then few slopes are compared."""
    return problem.kind in ("data", "net")


def _compared_slopes(problem: Problem) -> tuple[list[_Slope], int, int]:
    """Return slopes at random points, how many more do not settle, and the differences' order."""
    costly, net = _is_costly(problem), problem.kind == "net"
    most = max(4, len(tensors(problem))) if costly else COORDINATES
    # Below 10^-8 they are for ripples, which data have not. A net's are few and each value is a
    # pass over its data: at steps of 10^-3.5 and less, order 4 is exact up to rounding.
    steps = STEPS[3:12:3] if net else STEPS[:15] if costly else STEPS
    order = 4 if net else 8
    rng = np.random.default_rng(7)
    compared, unclear = [], 0
    for x in points(problem, 1 if costly else POINTS, seed=3):
        f, g = problem.value_and_grad(x)
        if not np.isfinite(f):
            continue
        along = coordinates(problem, most, rng)
        differences, errors = slopes(problem.value, x, along, scale(problem, x), steps, order)
        steepest = np.abs(g).max()
        for i, slope, error in zip(along, differences, errors, strict=True):
            if not error <= 1e-3 * (abs(slope) + 1e-3 * steepest) + 1e-6:
                unclear += 1
                continue
            allowed = 10.0 * error
            allowed += SLOPE_TOLERANCE * (max(abs(slope), abs(g[i])) + 1e-3 * steepest)
            off = abs(g[i] - slope) / max(allowed, 1e-300) if np.isfinite(g[i]) else np.inf
            compared.append(_Slope(off, i, g[i], slope, x))
    return compared, unclear, order


# -------------------------------------------------------------------------------------------- speed


def lanes(problem: Problem) -> str:
    """Whether the problem runs in SIMD, and what keeps it from it."""
    if not isinstance(problem, SurfaceInstance):
        raise NotApplicableError("a net uses SIMD within a lane")
    function = problem.function(np.float64)
    if function.lanes > 1:
        return f"{function.lanes} lanes at once"
    obstacle = blocks.problem_obstacle(problem.written.problem, np.float64, problem.dim)
    return f"lane by lane: {obstacle}"


def cost(problem: Problem) -> str:
    """Nanoseconds of one value and gradient, on one thread."""
    each = nanoseconds(problem, points(problem, 1 if problem.across else 64))
    what = "on the whole training part " if problem.examples else ""
    return f"{each:.3g} ns per evaluation {what}(float64, d = {size(problem)}, one thread)"


# ------------------------------------------------------------------------------------ all of them


def _units(problem: Problem) -> Iterator[Unit]:
    """Yield what the checks compile: in both dtypes, and a declared minimum in all dimensions."""
    for dtype in (np.float64, np.float32):
        if isinstance(problem, SurfaceInstance):
            yield from problem_units(problem, dtype)
        else:
            yield from gradient_units(problem, dtype)
    if isinstance(problem, SurfaceInstance) and problem.f_min is not None:
        for dim in problem.definition.dims:
            yield from gradient_units(make(problem.definition, dim), np.float64)


CHECKS: Checks[Problem] = Checks(
    kind="problem",
    functions={
        "as written": as_written,
        "start": at_start,
        "other starts": at_other_starts,
        "gradient": gradient,
        "minimum": minimum,
        "lower points": lower_points,
        "repeatable": repeatable,
        "float32": single_precision,
        "SIMD": lanes,
        "cost": cost,
    },
    first=("as written", "start"),
    units=_units,
)


def report(definition: ProblemDefinition | NetDefinition) -> Report:
    """Return the `Report` of all checks of a problem's definition."""
    name, place = definition.name, definition.place
    try:
        problem = make(definition)
    except UserError as error:  # its data, say: others that are checked with it go on
        return Report("problem", name, place, (Finding("made", FAILED, str(error)),), 0.0)
    return CHECKS.report(problem, name, place)
