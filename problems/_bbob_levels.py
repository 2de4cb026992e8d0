"""How far the second lowest local minimum of a BBOB function lies above the global one.

Where f is a sum of one function h of numbers z_i that depend on x one to one and continuously, x is
a local minimum where every z_i is one of h. The second lowest has one z_i at the second lowest
local minimum of h, and the others at the lowest. T_osz and T_asy are strictly increasing, and
linear maps that can be undone do the rest: so f3, f4 and f15 share the level of Rastrigin's
function, whatever the instance.
"""

import functools

import numpy as np

from ._bbob_formulas import oscillated

RASTRIGIN_LEVEL = 0.9949590570932898
"""10 (1 - cos 2 pi z) + z^2 at its second lowest local minimum, z = 0.99495863764."""
REACH = 600.0
"""Where the wall of Schwefel's function is higher than all that it closes in."""


def second_least(values):
    """Return the second lowest of the local minima of a function on a fine grid [n]."""
    inner = values[1:-1]
    is_least = (inner < values[:-2]) & (inner <= values[2:])
    return float(np.sort(inner[is_least])[1])


@functools.cache
def schwefel_level(dim, least):
    """Return the level of f20: h(z) = max(|z| - 500, 0)^2 + (least - z sin sqrt|z|) / d.

    Parameters
    ----------
    dim : int
    least : float
        The greatest value of z sin sqrt|z| for |z| <= 500.
    """
    z = np.linspace(-REACH, REACH, 120_001)
    beyond = np.maximum(np.abs(z) - 500.0, 0.0)
    return 0.01 * second_least(beyond**2 + (least - z * np.sin(np.sqrt(np.abs(z)))) / dim)


def gallagher_level(heights, table):
    """Return the level of f21 and f22: the highest peak but one that no other peak buries.

    A local maximum of the highest of several Gaussians is the centre of one of them. Penalties make
    no others: on the way to the centre of the highest peak, which is in the box, they fall too.

    Parameters
    ----------
    heights : ndarray [n]
    table : ndarray [n, 2, d]
        Scales and centre of every peak.
    """
    dim = table.shape[-1]
    scales, centres = table[:, 0], table[:, 1]
    away = centres[:, None] - centres  # [peak whose centre it is, peak that is looked at, d]
    there = heights * np.exp(-0.5 / dim * np.sum(scales * away**2, axis=-1))
    stands = there.max(axis=1) <= heights
    second = np.sort(heights[stands])[-2]
    return float(oscillated(10.0 - second)[0] ** 2)
