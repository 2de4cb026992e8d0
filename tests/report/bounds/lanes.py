"""Lanes on convex problems with everything that theory asks of them."""

import numpy as np

import optbench
from optbench.catalog.quadratics import curvatures
from optbench.report.bounds.convex_starts import ConvexStarts

STEPS = 300
RECORDED = 4
"""Records that are asked for, a step: so that all are early on, and 19 of 20 later."""


def quadratic_starts(problem, points):
    """Return the `ConvexStarts` of points [n, d] on a quadratic of the catalog."""
    least, largest = curvatures(problem)
    return starts_on(problem, points, largest, least, quadratic=True)


def starts_on(problem, points, smoothness, convexity=0.0, *, minimum=None, quadratic=False):
    """Return the `ConvexStarts` of points [n, d], given the constants of the function."""
    n, minimum = len(points), problem.minimum if minimum is None else minimum
    return ConvexStarts(
        np.full(n, smoothness),
        np.full(n, convexity),
        np.linalg.norm(points - minimum, axis=1),
        problem.value(points) - problem.value(minimum),
        quadratic,
    )


def gaps_of(rule, problem, points, steps=STEPS, least=None, **hyper):
    """Return (steps [r], gaps [n, r]) of lanes from points [n, d]."""
    run = optbench.minimize(
        rule, problem, steps=steps, lanes=len(points), start=points, records=RECORDED * steps,
        **hyper,
    )  # fmt: skip
    least = problem.value(problem.minimum) if least is None else least
    return run.records.steps, run.records.f - least


def rounding(problem):
    """Return what values near the minimum may be wrong by."""
    scale = abs(problem.value(problem.minimum)) + 1e-3
    return 4 * problem.dim * np.finfo(float).eps * scale
