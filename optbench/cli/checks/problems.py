"""What must hold for every problem, the user's own included: one function a check.

A check takes a `Problem` as it is written down (no instance) and returns a sentence on what it
saw; it raises `WrongError` with what is wrong and what to do, or `NotApplicableError`. The contract
tests and ``optbench check`` call the same functions.
"""

import time

import numpy as np

from optbench.catalog import plain
from optbench.catalog.building import make
from optbench.catalog.plain import at
from optbench.cli.checks.cost import nanoseconds
from optbench.cli.checks.differences import STEPS, slopes
from optbench.cli.checks.findings import (
    FAILED,
    OK,
    SKIPPED,
    Finding,
    NotApplicableError,
    Report,
    WrongError,
)
from optbench.cli.checks.minima import lower_points, minimum
from optbench.cli.checks.precision import repeatable, single_precision
from optbench.cli.checks.sampling import POINTS, chosen, points, scale, size, start, tensors, wrong
from optbench.errors import DefinitionError
from optbench.kernels.authors import blocks

COORDINATES = 24
"""Coordinates along which a gradient is compared, at each point; fewer of data and nets."""
SLOPE_TOLERANCE = 1e-6


# ---------------------------------------------------------------------------------- it works at all


def as_written(problem):
    """The author's function, as plain Python, fills g, leaves x alone and returns a number."""
    if problem.net is not None:
        raise NotApplicableError("a net has no function of its own")
    compared = 0
    for x in np.vstack([start(problem), points(problem, 2)]):
        f, g = plain.called(problem, x)
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


def at_start(problem):
    """Value and gradient at the start are finite."""
    x = start(problem)
    f, g = problem.value_and_grad(x)
    bad = np.flatnonzero(~np.isfinite(g))
    if not np.isfinite(f) or bad.size:
        what = f"g[{bad[0]}] = {g[bad[0]]}" if np.isfinite(f) else f"f = {f}"
        raise wrong(problem, f"{what} at its own start {at(x)}: choose a start where it is finite")
    if problem.net is None:
        return f"f = {f:.10g}, |g| = {np.linalg.norm(g):.6g}, g = {at(g)}"
    return f"f = {f:.10g}, |g| = {np.linalg.norm(g):.6g} ({size(problem)} parameters)"


# ------------------------------------------------------------------------------------- the gradient


def gradient(problem):
    """The gradient agrees with high-order differences of the value at random points."""
    if "no_gradient" in problem.tags:
        raise NotApplicableError("tagged no_gradient")
    if "game" in problem.tags:
        raise NotApplicableError("tagged game: its field is not the slope of f")
    # An evaluation passes over the data; steps below 10^-8 are for ripples that it has not.
    few = problem.kind in ("data", "net")
    most = max(4, len(tensors(problem))) if few else COORDINATES
    rng = np.random.default_rng(7)
    worst, unclear, compared = (-1.0,), 0, 0
    for x in points(problem, 1 if few else POINTS, seed=3):
        f, g = problem.value_and_grad(x)
        if not np.isfinite(f):
            continue
        coordinates = chosen(problem, most, rng)
        found, errors = slopes(
            problem.value, x, coordinates, scale(problem, x), STEPS[: 15 if few else None]
        )
        steepest = np.abs(g).max()
        for i, slope, error in zip(coordinates, found, errors, strict=True):
            if not error <= 1e-3 * (abs(slope) + 1e-3 * steepest) + 1e-6:
                unclear += 1
                continue
            compared += 1
            allowed = 10.0 * error
            allowed += SLOPE_TOLERANCE * (max(abs(slope), abs(g[i])) + 1e-3 * steepest)
            off = abs(g[i] - slope) / max(allowed, 1e-300) if np.isfinite(g[i]) else np.inf
            worst = max(worst, (off, i, g[i], slope, x), key=lambda entry: entry[0])
    if compared == 0:
        raise NotApplicableError("differences do not settle at random points")
    off, i, given, slope, x = worst
    if off > 1.0:
        raise wrong(
            problem,
            f"g[{i}] = {given:.10g} at {at(x)}, but differences of f give {slope:.10g} (the worst "
            f"of {compared} slopes): correct the gradient, or leave g out and have it from dual "
            "numbers",
        )
    if unclear >= compared and "nonsmooth" not in problem.tags and not few:
        raise wrong(
            problem,
            f"differences of f settle along {compared} of {compared + unclear} slopes only: if it "
            "has kinks, tag it nonsmooth",
        )
    skipped = f", {unclear} at kinks or out of range skipped" if unclear else ""
    relative = abs(given - slope) / max(abs(slope), 1e-300) if slope else abs(given)
    return (
        f"{compared} slopes agree with differences of order 8{skipped}; worst: g[{i}], relative "
        f"difference {relative:.1e}"
    )


# -------------------------------------------------------------------------------------------- speed


def lanes(problem):
    """Whether the problem runs in SIMD, and what keeps it from it."""
    if problem.net is not None:
        raise NotApplicableError("a net uses SIMD within a lane")
    function = problem.compiled(np.float64)[0]
    if function.lanes > 1:
        return f"{function.lanes} lanes at once"
    obstacle = blocks.problem_obstacle(problem.definition.function, np.float64, problem.dim)
    return f"lane by lane: {obstacle}"


def cost(problem):
    """Nanoseconds of one value and gradient, on one thread."""
    each = nanoseconds(problem, points(problem, 1 if problem.across else 64))
    what = "on the whole training part " if problem.examples else ""
    return f"{each:.3g} ns per evaluation {what}(float64, d = {size(problem)}, one thread)"


# ------------------------------------------------------------------------------------ all of them

CHECKS = {
    "as written": as_written,
    "start": at_start,
    "gradient": gradient,
    "minimum": minimum,
    "lower points": lower_points,
    "repeatable": repeatable,
    "float32": single_precision,
    "SIMD": lanes,
    "cost": cost,
}
"""Every check by name, in order; the first two must hold for the others to make sense."""
FIRST = ("as written", "start")


def finding(name, problem):
    """Return the `Finding` of one check of `CHECKS`."""
    try:
        return Finding(name, OK, CHECKS[name](problem))
    except NotApplicableError as reason:
        return Finding(name, SKIPPED, str(reason))
    except (WrongError, DefinitionError) as error:
        return Finding(name, FAILED, str(error))


def report(definition):
    """Return the `Report` of all checks of a problem's definition."""
    begin = time.perf_counter()
    problem, findings = make(definition), []
    for name in CHECKS:
        findings.append(finding(name, problem))
        if findings[-1].failed and name in FIRST:
            break
    seconds = time.perf_counter() - begin
    return Report("problem", definition.name, definition.place, tuple(findings), seconds)
