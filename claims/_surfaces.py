"""Surfaces with one property each, in the strength that a claim asks about.

Instances differ in nothing but their starts.
"""

import functools
import math

from optbench.define import normal, problem, uniform
from optbench.define.definitions import ProblemDefinition

WAVES = 16.0
"""Wave number of ripples: neighbouring minima are 2 pi / 16 apart."""
STEEP = 10.0
"""How steep a cliff is: nine tenths of its height lie within 0.3."""
OURS = "declared by a claim"


@functools.cache
def rippled(slope: float) -> ProblemDefinition:
    """Return the sum of x_i^2 / 2 + (slope / k) (1 - cos(k x_i)), k = 16, started from 2 to 4.

    Where |x_i| is below `slope` the ripples are minima of their own; the best is 0.
    """

    @problem(
        name=f"ripples_{1000 * slope:.0f}", family="claimed_ripples", start=3.0, minimum=0.0,
        f_min=0.0, box=(2.0, 4.0), tags=["nonconvex", "many-minima"], source=OURS, dim=2,
    )  # fmt: skip
    def claimed_ripples(x, g, p):
        f = 0.0
        for i in range(len(x)):
            half = math.sin(0.5 * WAVES * x[i])
            f += 0.5 * x[i] * x[i] + 2.0 * p[0] / WAVES * half * half
            g[i] = x[i] + p[0] * math.sin(WAVES * x[i])
        return f

    return _with(claimed_ripples, [slope], [0.0, 0.0])


@functools.cache
def weak_saddle(curvature: float) -> ProblemDefinition:
    """Return c (x^2 - 1)^2 / 4 + y^2 / 2: from the saddle at 0 it falls by c / 4 to (+-1, 0).

    Curvatures at the saddle are -c and 1. Starts have |x| up to 0.01, and |y| up to 1.
    """

    @problem(
        name=f"saddle_{1000 * curvature:.0f}", family="claimed_saddle", start=[0.005, 0.5],
        minimum=[1.0, 0.0], f_min=0.0, box=([-0.01, -1.0], [0.01, 1.0]),
        tags=["nonconvex", "saddle"], source=OURS, dim=2,
    )  # fmt: skip
    def claimed_saddle(x, g, p):
        a = x[0] * x[0] - 1.0
        g[0] = p[0] * a * x[0]
        g[1] = x[1]
        return 0.25 * p[0] * a * a + 0.5 * x[1] * x[1]

    return _with(claimed_saddle, [curvature], [1.0, 0.0])


@functools.cache
def cliff(height: float) -> ProblemDefinition:
    """Return sqrt(1 + x^2) + sqrt(1 + y^2) and a cliff at x = 1, height / (1 + exp(-10 (x - 1))).

    Starts lie above it, x and y from 2 to 3; the minimum is below, near 0. Elsewhere slopes are at
    most 1 by coordinate, so that it takes long to come back from afar.
    """

    @problem(
        name=f"cliff_{1000 * height:.0f}", family="claimed_cliff", start=2.5, minimum=0.0,
        f_min=0.0, box=(2.0, 3.0), tags=["nonconvex", "cliff"], source=OURS, dim=2,
    )  # fmt: skip
    def claimed_cliff(x, g, p):
        share = 1.0 / (1.0 + math.exp(STEEP * (1.0 - x[0])))
        a = math.sqrt(1.0 + x[0] * x[0])
        b = math.sqrt(1.0 + x[1] * x[1])
        g[0] = x[0] / a + p[0] * STEEP * share * (1.0 - share)
        g[1] = x[1] / b
        return (a - p[2]) + (b - 1.0) + p[0] * (share - p[1])

    low, high = -1.0, 0.0  # the slope in x is negative and positive there, and grows between
    for _ in range(80):
        middle = 0.5 * (low + high)
        share, root = 1.0 / (1.0 + math.exp(STEEP * (1.0 - middle))), math.hypot(1.0, middle)
        slope = middle / root + height * STEEP * share * (1.0 - share)
        low, high = (middle, high) if slope < 0.0 else (low, middle)
    return _with(claimed_cliff, [height, share, root], [middle, 0.0])


@functools.cache
def hole(heavy: bool) -> ProblemDefinition:
    """Return a hole in a plain: 1 - exp(-r^2 / 2), or r^2 / (1 + r^2) if its edge is heavy.

    Starts are where the slope is a hundredth or less: x and y from 2 to 3, or from 5 to 10.
    """
    low, high = (5.0, 10.0) if heavy else (2.0, 3.0)

    @problem(
        name=f"hole_{'heavy' if heavy else 'normal'}", family="claimed_hole", start=low,
        minimum=0.0, f_min=0.0, box=(low, high), tags=["nonconvex", "plateau"], source=OURS, dim=2,
    )  # fmt: skip
    def claimed_hole(x, g, p):
        squares = x[0] * x[0] + x[1] * x[1]
        bell = math.exp(-0.5 * squares)
        rational = 1.0 / (1.0 + squares)
        slope = p[0] * 2.0 * rational * rational + (1.0 - p[0]) * bell
        g[0] = slope * x[0]
        g[1] = slope * x[1]
        return p[0] * squares * rational + (1.0 - p[0]) * (1.0 - bell)

    return _with(claimed_hole, [float(heavy)], [0.0, 0.0])


@functools.cache
def rare_features(power: float, dim: int = 20) -> ProblemDefinition:
    """Return a linear regression on features of 0 and 1, of which the i-th is 1 in i^-power / 2.

    Features are independent, so the risk over all examples is known: with errors d_i of the
    weights and shares q_i, half of sum q_i (1 - q_i) d_i^2 + (sum q_i d_i)^2. A step sees one
    example, its answer with normal noise of deviation 0.1. Weights start within 1 of the true ones.
    """

    @problem(
        name=f"rare_{100 * power:.0f}", family="claimed_rare", start=0.5, minimum=0.0, f_min=0.0,
        box=(-1.0, 1.0), tags=["convex", "stochastic", "sparse"], source=OURS, dim=dim,
    )  # fmt: skip
    def claimed_rare(x, g, p, key, full):
        d = len(x)
        squares = 0.0
        total = 0.0
        for i in range(d):
            squares += p[i] * (1.0 - p[i]) * x[i] * x[i]
            total += p[i] * x[i]
        for i in range(d):
            g[i] = p[i] * ((1.0 - p[i]) * x[i] + total)
        if full == 0:  # the same for all lanes
            error = 0.1 * normal(key, d)
            for i in range(d):
                if uniform(key, i) < p[i]:
                    error += x[i]
            for i in range(d):
                g[i] = 0.0
                if uniform(key, i) < p[i]:
                    g[i] = error
        return 0.5 * (squares + total * total)

    shares = [0.5 * (i + 1.0) ** -power for i in range(dim)]
    return _with(claimed_rare, shares, [0.0] * dim)


def _with(
    definition: ProblemDefinition, constants: list[float], minimum: list[float]
) -> ProblemDefinition:
    """Give all instances of a surface the same constants and minimum; its value is 0."""

    @definition.instance
    def as_it_is(dim, instance):
        return {"p": constants, "minimum": minimum, "f_min": 0.0}

    return definition
