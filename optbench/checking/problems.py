"""What must hold for every problem, the user's own included: one function a check.

A check takes a `Problem` as it is written down (no instance) and returns a sentence on what it
saw; it raises `WrongError` with what is wrong and what to do, or `NotApplicableError`. The contract
tests and ``optbench check`` call the same functions.
"""

import time
from dataclasses import replace

import numpy as np

from optbench.checking import plain
from optbench.checking.cost import nanoseconds
from optbench.checking.differences import slopes
from optbench.checking.report import (
    FAILED,
    OK,
    SKIPPED,
    Finding,
    NotApplicableError,
    Report,
    WrongError,
)
from optbench.errors import DefinitionError
from optbench.instances import Problem
from optbench.kernels import blocks
from optbench.kernels.launch import evaluate

POINTS = 6
"""Random points of a check."""
COORDINATES = 24
"""Coordinates along which a gradient is compared, at each point."""
VALUE_TOLERANCE, GRADIENT_TOLERANCE = 1e-10, 1e-8
"""How well f(minimum) = f_min and gradient(minimum) = 0 must hold, unless rounding hides it."""
SLOPE_TOLERANCE = 1e-6
SINGLE_TOLERANCE = 1e-3
DESCENTS, RANDOM_POINTS = 6, 2000
INSTANCES = (1, 4)


def points(problem, count=POINTS, seed=0):
    """Return random points [count, d] of the box, or random weights of a net."""
    if problem.net is not None:
        return problem.starts(range(seed, seed + count))
    low, high = problem.box
    return np.random.default_rng(seed).uniform(low, high, (count, problem.dim))


def start(problem):
    """Return where seed 0 starts [d]."""
    return problem.starts([0])[0]


def _place(problem):
    return problem.definition.place


def _wrong(problem, text):
    return WrongError(f"{_place(problem)}: {problem.name}: {text}")


def _at(x):
    """Write a point down, shortened."""
    shown = ", ".join(f"{value:.6g}" for value in x[:6])
    return f"[{shown}{', ...' if len(x) > 6 else ''}]"


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
            raise _wrong(problem, f"compiled it gives {value!r} at {_at(x)}, as Python {f!r}")
        if g is None or not np.isfinite(g).all():
            continue
        if not np.abs(gradient - g).max() <= 1e-8 * (1.0 + np.abs(g).max()):
            raise _wrong(problem, f"compiled its gradient differs from Python's at {_at(x)}")
    source = "by hand" if "g" in problem.definition.arguments else "from dual numbers"
    return f"gradient {source}; compiled equals plain Python at {compared} points"


def at_start(problem):
    """Value and gradient at the start are finite."""
    x = start(problem)
    f, g = problem.value_and_grad(x)
    bad = np.flatnonzero(~np.isfinite(g))
    if not np.isfinite(f) or bad.size:
        wrong = f"g[{bad[0]}] = {g[bad[0]]}" if np.isfinite(f) else f"f = {f}"
        raise _wrong(
            problem, f"{wrong} at its own start {_at(x)}: choose a start where it is finite"
        )
    return f"f = {f:.10g}, |g| = {np.linalg.norm(g):.6g}, g = {_at(g)}"


# ------------------------------------------------------------------------------------- the gradient


def gradient(problem):
    """The gradient agrees with high-order differences of the value at random points."""
    if "no_gradient" in problem.tags:
        raise NotApplicableError("tagged no_gradient")
    if "game" in problem.tags:
        raise NotApplicableError("tagged game: its field is not the slope of f")
    few = problem.kind in ("data", "net")  # an evaluation passes over the data
    rng = np.random.default_rng(7)
    worst, unclear, compared = (-1.0,), 0, 0
    for x in points(problem, 1 if few else POINTS, seed=3):
        count = min(problem.dim, 4 if few else COORDINATES)
        chosen = rng.choice(problem.dim, count, replace=False)
        f, g = problem.value_and_grad(x)
        if not np.isfinite(f):
            continue
        found, errors = slopes(problem.value, x, chosen, _scale(problem, x))
        size = np.abs(g).max()
        for i, slope, error in zip(chosen, found, errors, strict=True):
            if not error <= 1e-3 * (abs(slope) + 1e-3 * size) + 1e-6:
                unclear += 1
                continue
            compared += 1
            allowed = SLOPE_TOLERANCE * (max(abs(slope), abs(g[i])) + 1e-3 * size) + 10.0 * error
            off = abs(g[i] - slope) / max(allowed, 1e-300) if np.isfinite(g[i]) else np.inf
            worst = max(worst, (off, i, g[i], slope, x), key=lambda entry: entry[0])
    if compared == 0:
        raise NotApplicableError("differences do not settle at random points")
    off, i, given, slope, x = worst
    if off > 1.0:
        raise _wrong(
            problem,
            f"g[{i}] = {given:.10g} at {_at(x)}, but differences of f give {slope:.10g} (the worst "
            f"of {compared} slopes): correct the gradient, or leave g out and have it from dual "
            "numbers",
        )
    if unclear >= compared and "nonsmooth" not in problem.tags and not few:
        raise _wrong(
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


def _scale(problem, x):
    """Return how far coordinates may be moved for differences."""
    if problem.net is not None:
        return np.full(problem.dim, 0.1)
    low, high = problem.box
    return np.minimum(0.5 * (high - low), 1.0 + np.abs(x))


# -------------------------------------------------------------------------------------- the minimum


def minimum(problem):
    """f(minimum) = f_min, and the gradient vanishes there, in instances and dimensions too."""
    if problem.net is not None or (problem.minimum is None and problem.f_min is None):
        raise NotApplicableError("none declared")
    if problem.minimum is None:
        raise NotApplicableError("f_min is declared without a minimum")
    told = ""
    for version in [problem, *(_version(problem, None, i) for i in INSTANCES)]:
        told = told or _minimum(version)
    for dim in problem.definition.dims:
        if dim != problem.dim:
            _minimum(_version(problem, dim, None))
    return told


def _version(problem, dim, instance):
    return Problem.of(problem.definition, dim or problem.dim, instance)


def _minimum(problem):
    x = problem.minimum
    where = f"{_at(x)} (d = {problem.dim}, instance {problem.instance})"
    if problem.f_min is None:
        raise _wrong(problem, f"a minimum is declared without f_min: f is {problem.value(x)!r}")
    f, g = problem.value_and_grad(x)
    f_noise, g_noise = _noise(problem, x)
    allowed = max(VALUE_TOLERANCE * max(1.0, abs(problem.f_min)), f_noise)
    if not abs(f - problem.f_min) <= allowed:
        raise _wrong(
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
        raise _wrong(
            problem,
            f"g[{i}] = {g[i]:.3g} at the declared minimum {where}, where it should be 0: give the "
            "minimum to all digits, or tag the problem nonsmooth if it has a kink there",
        )
    return f"{off}, |g| = {size:.1e} there"


def _noise(problem, x):
    """Return what rounding x to the nearest numbers does to value and gradient."""
    signs = np.random.default_rng(0).choice([-1.0, 1.0], (8, problem.dim))
    moved = x + 2.0 * signs * np.spacing(np.maximum(np.abs(x), np.abs(problem.start)))
    (f, g), (values, gradients) = problem.value_and_grad(x), problem.value_and_grad(moved)
    return 4.0 * np.abs(values - f).max(), 4.0 * np.abs(gradients - g).max()


def lower_points(problem):
    """No random point and no descent finds less than f_min."""
    if problem.f_min is None:
        raise NotApplicableError("no f_min declared")
    from scipy.optimize import minimize

    candidates = points(problem, RANDOM_POINTS, seed=1)
    values = problem.value(candidates)
    best = min(zip(values, candidates, strict=True), key=lambda pair: pair[0])
    ends = 0
    with np.errstate(all="ignore"):
        for x in np.vstack([start(problem), candidates[np.argsort(values)[:2]], candidates[:3]]):
            found = minimize(
                problem.value_and_grad, x, jac=True, method="L-BFGS-B", options={"maxiter": 100}
            )
            ends += 1
            if np.isfinite(found.fun) and found.fun < best[0]:
                best = found.fun, found.x
    f, x = best
    if f < problem.f_min - VALUE_TOLERANCE * max(1.0, abs(problem.f_min)):
        low, high = problem.box
        inside = "" if ((low <= x) & (x <= high)).all() else ", outside the box"
        raise _wrong(
            problem,
            f"f = {f!r} at {_at(x)}{inside}, below f_min = {problem.f_min!r}: correct f_min and "
            "minimum, or keep f from falling outside the box, which does not constrain the search",
        )
    return f"none below f_min in {RANDOM_POINTS} random points and {ends} descents; best {f:.6g}"


# ----------------------------------------------------------------- the same bits, single precision


def repeatable(problem):
    """The same points give the same bits, alone or among others, noise included."""
    x = points(problem, 1 if problem.net is not None else 11, seed=5)
    function, frame = problem.compiled(np.float64)[0], _bare(problem)
    given = [None]
    if problem.definition.stochastic:
        given.append(problem.keys(range(len(x))))
    for keys in given:
        order = np.arange(len(x))[::-1]
        other = keys if keys is None else keys[order]
        first, again = (evaluate(function, frame, x, problem.across, keys) for _ in range(2))
        turned = evaluate(function, frame, x[order], problem.across, other)
        for a, b, c in zip(first, again, turned, strict=True):
            if a.tobytes() != b.tobytes() or a.tobytes() != c[order].tobytes():
                raise _wrong(
                    problem,
                    "the same point gives other numbers the second time: it may depend on x, its "
                    "constants and the keys that it is given, and on nothing else",
                )
    return "the same bits again" + (", with and without noise" if len(given) > 1 else "")


def _bare(problem):
    """Return the constants of a problem without shift and rotation, which are not its own."""
    return replace(problem.frame, shift=None, centre=None, rotation=None)


def single_precision(problem):
    """float32 agrees with float64 at the same points, as far as it reaches."""
    x = np.vstack([start(problem), points(problem, 1 if problem.net is not None else POINTS)])
    x = x.astype(np.float32).astype(np.float64)
    (f, g), (f32, g32) = (
        evaluate(problem.compiled(dtype)[0], _bare(problem), x, problem.across)
        for dtype in (np.float64, np.float32)
    )
    within = np.isfinite(f) & (np.abs(f) < 1e30) & (np.abs(g).max(1) < 1e30)
    if not within.any():
        raise NotApplicableError("beyond the range of float32 at all points")
    x, f, g, f32, g32 = (values[within] for values in (x, f, g, f32, g32))
    noise_f, noise_g = _single_noise(problem, x, f, g)
    size_f, size_g = np.abs(f), np.abs(g).max(1)
    off_f = np.abs(f32 - f) / (size_f + np.median(size_f) + 1e4 * noise_f + 1e-30)
    off_g = np.abs(g32 - g).max(1) / (size_g + np.median(size_g) + 1e4 * noise_g + 1e-30)
    off = np.maximum(off_f, off_g)
    i = int(np.where(np.isnan(off), np.inf, off).argmax())
    if not off[i] <= SINGLE_TOLERANCE:
        raise _wrong(
            problem,
            f"float32 gives f = {f32[i]:.8g} where float64 gives {f[i]:.8g}, at {_at(x[i])} "
            f"(relative difference {off[i]:.1e}, gradient included), which is more than rounding "
            "the point explains: avoid overflow and differences of large numbers",
        )
    return f"agrees with float64 to {off[i]:.1e}"


def _single_noise(problem, x, f, g):
    """Return what rounding points to float32 does to values and gradients, in float64."""
    function, rng = problem.compiled(np.float64)[0], np.random.default_rng(2)
    sizes = np.maximum(np.abs(x), [0.5 * _scale(problem, point) for point in x])
    changes = []
    for _ in range(4):
        step = rng.choice([-1.0, 1.0], x.shape) * np.spacing(sizes.astype(np.float32))
        values, gradients = evaluate(function, _bare(problem), x + step, problem.across)
        changes.append((np.abs(values - f), np.abs(gradients - g).max(1)))
    return np.max(changes, axis=0)


# -------------------------------------------------------------------------------------------- speed


def lanes(problem):
    """Whether the problem runs in SIMD, and what keeps it from it."""
    if problem.net is not None:
        raise NotApplicableError("a net uses SIMD within a lane")
    function = problem.compiled(np.float64)[0]
    if function.lanes > 1:
        return f"{function.lanes} lanes at once"
    return f"lane by lane: {blocks.obstacle(problem.definition.function, np.float64, problem.dim)}"


def cost(problem):
    """Nanoseconds of one value and gradient, on one thread."""
    each = nanoseconds(problem, points(problem, 1 if problem.across else 64))
    what = "on the whole training part " if problem.examples else ""
    return f"{each:.3g} ns per evaluation {what}(float64, d = {problem.dim}, one thread)"


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
    problem, findings = Problem.of(definition), []
    for name in CHECKS:
        findings.append(finding(name, problem))
        if findings[-1].failed and name in FIRST:
            break
    seconds = time.perf_counter() - begin
    return Report("problem", definition.name, definition.place, tuple(findings), seconds)
