"""What the ladders share: how their bowls are declared, and the values of their levels."""

import numpy as np

from optbench.define import problem

from ._levels import LEVELS  # noqa: F401 - what the files of ladders take it from


def bowl(function, constants, **declared):
    """Declare a problem with its minimum, of value 0, at 0.

    Parameters
    ----------
    function : callable
        ``f(x, g, p, ...)``, one for all levels.
    constants : callable
        ``constants(rng, dim) -> p``: what differs from level to level.
    **declared
        What `optbench.define.problem` takes.
    """
    facts = {"start": 1.0, "box": (-3.0, 3.0), "dim": 10, "minimum": 0.0, "f_min": 0.0}
    made = problem(**{**facts, **declared})(function)
    made.constants(constants)
    return made


def spread(condition, count):
    """Return `count` curvatures from 1 down to 1 / condition, equally far apart in their logarithms."""
    return np.geomspace(1.0, 1.0 / condition, count)


def geometric(low, high, count):
    """Return candidates for levels, by equal factors, of three digits each."""
    return [float(f"{value:.3g}") for value in np.geomspace(low, high, count)]


def whole(low, high, count):
    """Return whole candidates for levels, by nearly equal factors."""
    return [float(n) for n in dict.fromkeys(round(v) for v in np.geomspace(low, high, count))]
