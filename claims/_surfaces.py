"""Surfaces with one property each, in the strength that a claim asks about.

Instances differ in nothing but their starts.
"""

import functools
import math

from optbench.define import problem
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

    return _with(claimed_ripples, slope, [0.0, 0.0])


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

    return _with(claimed_saddle, curvature, [1.0, 0.0])


@functools.cache
def cliff(height: float) -> ProblemDefinition:
    """Return x^2 / 2 + y^2 / 2 and a cliff at x = 1, height / (1 + exp(-10 (x - 1))).

    Starts lie on the plain above it, x and y from 2 to 3. The minimum is below, near 0.
    """

    @problem(
        name=f"cliff_{1000 * height:.0f}", family="claimed_cliff", start=2.5, box=(2.0, 3.0),
        tags=["nonconvex", "cliff"], source=OURS, dim=2,
    )  # fmt: skip
    def claimed_cliff(x, g, p):
        share = 1.0 / (1.0 + math.exp(STEEP * (1.0 - x[0])))
        g[0] = x[0] + p[0] * STEEP * share * (1.0 - share)
        g[1] = x[1]
        return 0.5 * (x[0] * x[0] + x[1] * x[1]) + p[0] * share

    return _with(claimed_cliff, height)


def _with(
    definition: ProblemDefinition, strength: float, minimum: list[float] | None = None
) -> ProblemDefinition:
    """Give all instances of a surface the same strength."""
    known = {} if minimum is None else {"minimum": minimum, "f_min": 0.0}

    @definition.instance
    def as_it_is(dim, instance):
        return {"p": [strength], **known}

    return definition
