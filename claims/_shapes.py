"""Surfaces with kinks, and surfaces that are not convex: all instances are alike but for starts."""

import functools
import math

from optbench.define import problem, where
from optbench.define.definitions import ProblemDefinition

OURS = "declared by a claim"


@functools.cache
def kinked(side: float) -> ProblemDefinition:
    """Return |x| + |y|; on a kink the slope is `side`, from -1 to 1."""

    @problem(
        name=f"kinked_{100 * (side + 1.0):.0f}", family="claimed_kinked", start=1.5, minimum=0.0,
        f_min=0.0, box=(1.0, 2.0), tags=["convex", "nonsmooth"], source=OURS, dim=2,
    )  # fmt: skip
    def claimed_kinked(x, g, p):
        f = 0.0
        for i in range(len(x)):
            f += abs(x[i])
            g[i] = where(x[i] > 0.0, 1.0, where(x[i] < 0.0, -1.0, p[0]))
        return f

    return _with(claimed_kinked, [side])


@functools.cache
def kink_on_the_way() -> ProblemDefinition:
    """Return the sum of x_i^2 / 2 + max(0, x_i - 1): the kinks lie between starts and minimum."""

    @problem(
        name="kink_on_the_way", start=3.0, minimum=0.0, f_min=0.0, box=(2.0, 4.0),
        tags=["convex", "nonsmooth"], source=OURS, dim=2,
    )  # fmt: skip
    def claimed_kink_on_the_way(x, g, p):
        f = 0.0
        for i in range(len(x)):
            f += 0.5 * x[i] * x[i] + max(0.0, x[i] - 1.0)
            g[i] = x[i] + where(x[i] > 1.0, 1.0, 0.0)
        return f

    return _with(claimed_kink_on_the_way, [0.0])


@functools.cache
def wavy_bowl(height: float) -> ProblemDefinition:
    """Return the sum of x_i^2 + height sin(x_i)^2, whose curvatures lie within 2 +- 2 height.

    For a height of 3 it is not convex, and yet has no stationary point but 0 (Karimi, Nutini and
    Schmidt 2016, section 2.2); for one of 10 there are minima of their own on the slope.
    """

    @problem(
        name=f"wavy_bowl_{height:.0f}", family="claimed_wavy_bowl", start=8.0, minimum=0.0,
        f_min=0.0, box=(-10.0, 10.0), tags=["nonconvex"], source=OURS, dim=2,
    )  # fmt: skip
    def claimed_wavy_bowl(x, g, p):
        f = 0.0
        for i in range(len(x)):
            sine = math.sin(x[i])
            f += x[i] * x[i] + p[0] * sine * sine
            g[i] = 2.0 * x[i] + p[0] * math.sin(2.0 * x[i])
        return f

    return _with(claimed_wavy_bowl, [height])


@functools.cache
def ridge(falling: int, dim: int = 10) -> ProblemDefinition:
    """Return (x_i^2 - 1)^2 / 4 summed over `falling` coordinates, and x_i^2 / 2 over the others.

    Starts are within 1e-200 of 0 where it falls: a thousand steps of gradient descent do not see
    that they are not on the ridge.
    """
    falls = [1.0 if i < falling else 0.0 for i in range(dim)]
    reach = [1e-200 if i < falling else 1.0 for i in range(dim)]

    @problem(
        name=f"ridge_{falling}", family="claimed_ridge", start=reach, minimum=falls, f_min=0.0,
        box=([-r for r in reach], reach), tags=["nonconvex", "saddle", "separable"], source=OURS,
        dim=dim,
    )  # fmt: skip
    def claimed_ridge(x, g, p):
        f = 0.0
        for i in range(len(x)):
            xx = x[i] * x[i]
            a = xx - 1.0
            f += p[i] * (0.25 * a * a) + (1.0 - p[i]) * (0.5 * xx)
            g[i] = (p[i] * a + (1.0 - p[i])) * x[i]
        return f

    return _with(claimed_ridge, falls, falls)


def _with(
    definition: ProblemDefinition, constants: list[float], minimum: list[float] | None = None
) -> ProblemDefinition:
    """Give all instances of a surface the same constants and minimum, else 0; its value is 0."""

    @definition.instance
    def as_it_is(dim, instance):
        return {"p": constants, "minimum": minimum or [0.0] * dim, "f_min": 0.0}

    return definition
