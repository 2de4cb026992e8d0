"""Other objectives: walls through and beside the minimum, and a value that is not the gradient's.

The wall is a hyperplane in a random direction of each instance. Penalty and barrier are 0 at the
minimum and positive elsewhere, so that it stays the minimum and f_min the least value. Their
weights are in units of the slope at the declared start and the distance from there.
"""

import math

from optbench.define.perturbations import perturbation
from optbench.define.ranges import Range

LARGEST = 1e8
WALL = 0.1
"""How far behind the minimum the barrier is, in distances from the start."""
NEAR = 0.99
"""The share of the way to the barrier from which on it is quadratic, so that it is finite."""


@perturbation(
    penalty=Range(10.0, 0.0, LARGEST),
    numbers=("stiffness",),
    tables=("direction", "centre"),
    changes_objective=True,
    untags=("separable", "equal-minima"),
    source="Nocedal and Wright 2006, Numerical optimization, eq. 17.2 (quadratic penalty)",
    law="f + penalty x slope / distance x s^2 / 2, s the distance from a plane through the minimum",
)
def penalty(f, g, x, penalty, stiffness, direction, centre):
    """A constraint that holds at the minimum, by a quadratic penalty."""
    s = 0.0
    for i in range(len(x)):
        s = s + direction[i] * (x[i] - centre[i])
    slope = penalty * stiffness * s
    for i in range(len(x)):
        g[i] = g[i] + slope * direction[i]
    return f + 0.5 * slope * s


@penalty.constants
def _(site, penalty):
    return {
        "stiffness": site.slope() / site.distance,
        "direction": _unit(site),
        "centre": site.centre,
    }


@perturbation(
    barrier=Range(1.0, 0.0, LARGEST),
    numbers=("height", "width"),
    tables=("direction", "centre"),
    changes_objective=True,
    untags=("separable", "equal-minima"),
    source="Feller and Ebenbauer 2017, Relaxed logarithmic barrier function based model predictive "
    "control of linear systems (recentred, relaxed)",
    law="f + barrier x slope x distance x (-log(1 - r) - r), r the way towards a plane a tenth of "
    "the distance behind the minimum; from r = 0.99 on its Taylor polynomial of order 2",
)
def barrier(f, g, x, barrier, height, width, direction, centre):
    """A constraint that nearly holds with equality at the minimum, by a logarithmic barrier."""
    s = 0.0
    for i in range(len(x)):
        s = s + direction[i] * (x[i] - centre[i])
    near, steep = 1.0 / (1.0 - NEAR), NEAR / (1.0 - NEAR)
    r = min(s / width, NEAR)
    beyond = max(s / width - NEAR, 0.0)
    weight = barrier * height
    slope = weight / width * (r / (1.0 - r) + near * near * beyond)
    for i in range(len(x)):
        g[i] = g[i] + slope * direction[i]
    return f + weight * (-math.log(1.0 - r) - r + beyond * (steep + 0.5 * near * near * beyond))


@barrier.constants
def _(site, barrier):
    direction = _unit(site)
    if direction @ (site.start - site.centre) > 0.0:  # the start is on the free side
        direction = -direction
    return {
        "height": site.slope() * site.distance,
        "width": WALL * site.distance,
        "direction": direction,
        "centre": site.centre,
    }


@perturbation(
    misreport=Range(0.5, 0.0, LARGEST),
    numbers=("slope",),
    tables=("direction", "centre"),
    changes_objective=True,
    no_minimum=True,
    source="Devolder, Glineur and Nesterov 2014, First-order methods of smooth convex optimization "
    "with inexact oracle",
    law="the value is f plus misreport x slope x a linear function, whose slope the gradient lacks",
)
def misreport(f, g, x, misreport, slope, direction, centre):
    """The value of another objective than the one whose gradient is given."""
    tilt = misreport * slope
    for i in range(len(x)):
        f = f + tilt * direction[i] * (x[i] - centre[i])
    return f


@misreport.constants
def _(site, misreport):
    return {
        "slope": site.slope(),
        "direction": _unit(site) * site.dim**0.5,
        "centre": site.centre,
    }


def _unit(site):
    """Draw a direction of length 1."""
    direction = site.rng.standard_normal(site.dim)
    return direction / (direction @ direction) ** 0.5
