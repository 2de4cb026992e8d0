"""What the ladders share: how their bowls are declared, and the values of their levels."""

import numpy as np

import optbench
from optbench.define import problem

from ._levels import LEVELS  # noqa: F401 - what the files of ladders take it from

BOX = 3.0


def bowl(function, constants=(), *, start=1.0, box=(-BOX, BOX), dim=10, **declared):
    """Declare a problem of z = x - m whose minimum, of value 0, is at m.

    `m` are the first constants that `function` gets, what it is written for are those after them.
    Every second coordinate of m is negative, and all are as far from 0 as starts are from m: half
    of the coordinates are pulled to the minimum by a rule that decays towards 0, half away from it.

    Parameters
    ----------
    function : callable
        ``f(x, g, p, ...)``, one for all levels.
    constants : sequence of float
        p[d], p[d + 1], ..: what differs from level to level.
    start, box : float or array [d]
        In z.
    dim : int
    **declared
        What else `optbench.define.problem` takes.
    """
    low, high = (np.broadcast_to(end, dim) for end in box)
    minimum = np.maximum(abs(low), abs(high)) * np.resize([1.0, -1.0], dim)
    made = problem(
        start=start + minimum,
        minimum=minimum,
        f_min=0.0,
        box=(low + minimum, high + minimum),
        dim=dim,
        **declared,
    )(function)

    @made.constants
    def minimum_and_level(rng, dim):
        return [*minimum, *constants]

    return made


def weighted(x, g, p):
    """Sum of p_{d+i} z_i^2 / 2."""
    d = len(x)
    f = 0.0
    for i in range(d):
        z = x[i] - p[i]
        g[i] = p[d + i] * z
        f += 0.5 * g[i] * z
    return f


def seen_through(source, **perturbation):
    """Declare a bowl of condition 30 along the axes whose gradient is perturbed."""
    plain = bowl(
        weighted, spread(30.0, 10), tags=["convex", "separable"], source=source, target=1e-2
    )
    return optbench.perturbed(plain, **perturbation)


def spread(condition, count):
    """Return `count` curvatures from 1 to 1 / condition, equally far apart in their logarithms."""
    return np.geomspace(1.0, 1.0 / condition, count)


def geometric(low, high, count):
    """Return candidates for levels, by equal factors, of three digits each."""
    return [float(f"{value:.3g}") for value in np.geomspace(low, high, count)]


def whole(low, high, count):
    """Return whole candidates for levels, by nearly equal factors."""
    return [float(n) for n in dict.fromkeys(round(v) for v in np.geomspace(low, high, count))]
