"""Linear maps of the coordinates about the minimum, and another start.

The surface sees centre + C R P S (x - centre): the factors S of `scale` and `block_scale` come
first, in the optimizer's own coordinates, then the order P, the rotation R, and last the factors C
of `condition`, along the surface's own axes. So a rotation hides the spectrum from rules that
take coordinates by themselves, and not the units. Start and box stay where they are.
"""

import numpy as np

from optbench.define.perturbations import linear_map, perturbation, start_map
from optbench.define.ranges import Flag, Range

LARGEST = 1e12
"""Beyond it factors leave what float64 can tell apart."""


@linear_map(
    scale=Range(1e2, 1.0, LARGEST),
    off=1.0,
    source="Nocedal and Wright 2006, Numerical optimization, sec. 2.2 (scaling)",
    law="the value at x is the plain one at centre + S (x - centre)",
    tags=("ill-conditioned",),
)
def scale(rng, dim, scale):
    """Units: factors of the coordinates from scale^-1/2 to scale^1/2, evenly in logarithm."""
    return scale ** spread(dim)


@linear_map(
    block_scale=Range(1e2, 1.0, LARGEST),
    blocks=Range(2.0, 2.0, 1e6, whole=True),
    off=1.0,
    source="You, Gitman and Ginsburg 2017, Large batch training of convolutional networks "
    "(scales that differ by layer)",
    law="the value at x is the plain one at centre + S (x - centre)",
    tags=("ill-conditioned",),
)
def block_scale(rng, dim, block_scale, blocks):
    """Factors that are the same within each of some blocks of neighbouring coordinates."""
    blocks = min(int(blocks), dim)
    return np.repeat(
        block_scale ** spread(blocks), [len(part) for part in np.array_split(range(dim), blocks)]
    )


@linear_map(
    permute=Flag(True),
    off=0.0,
    source="Varelas et al. 2020, Benchmarking large-scale continuous optimizers: the "
    "bbob-largescale testbed (permutations)",
    law="the value at x is the plain one at the permuted x",
)
def permute(rng, dim, permute):
    """A random order of the coordinates."""
    return rng.permutation(dim)


@linear_map(
    rotate=Flag(True),
    off=0.0,
    source="Salomon 1996, Re-evaluating genetic algorithm performance under coordinate rotation",
    law="the value at x is the plain one at the rotated x; rules that rotations do not change keep "
    "their values",
    tags=("rotated",),
    untags=("separable",),
)
def rotate(rng, dim, rotate):
    """A random rotation about the minimum, the one of the `rotated_` problems."""
    raise AssertionError("an instance draws it with its frame")


@linear_map(
    condition=Range(1e2, 1.0, LARGEST**2),
    off=1.0,
    source="Hansen and Ostermeier 2001, Completely derandomized self-adaptation in evolution "
    "strategies (ellipsoid)",
    law="the value at x is the plain one at centre + C (x - centre); a Hessian of 1 gets the "
    "condition asked for",
    tags=("ill-conditioned",),
)
def condition(rng, dim, condition):
    """A spectrum: curvatures along the surface's own axes are multiplied by 1 to condition."""
    return condition ** (0.5 * (spread(dim) + 0.5))


@start_map(
    start_scale=Range(10.0, 1e-12, 1e12),
    off=1.0,
    source="More, Garbow and Hillstrom 1981, Testing unconstrained optimization software (starts "
    "10 and 100 times as far)",
    law="start and box are so many times as far from the minimum",
)
def start_scale(start_scale):
    """Start and box, moved away from the minimum or towards it."""
    return start_scale


def spread(count):
    """Return `count` exponents, evenly from -1/2 to 1/2."""
    return np.linspace(-0.5, 0.5, count) if count > 1 else np.zeros(count)


# --------------------------------------------------------------- how compiled code applies a map


@perturbation(kind="moved", tables=("factor", "centre"))
def stretched(x, z, factor, centre):
    """Factors of the coordinates: d multiplications."""
    for i in range(len(x)):
        z[i] = (x[i] - centre[i]) * factor[i] + centre[i]


@stretched.back
def _(g, factor):
    for i in range(len(g)):
        g[i] = g[i] * factor[i]


@perturbation(kind="moved", tables=("place", "factor", "centre", "own"))
def reordered(x, z, place, factor, centre, own):
    """Coordinate i of the surface is that of number place[i], times a factor."""
    for i in range(len(x)):
        k = int(place[i])
        z[i] = (x[k] - own[i]) * factor[i] + centre[i]


@reordered.back
def _(g, z, place, factor):
    for i in range(len(g)):
        z[i] = g[i] * factor[i]
    for i in range(len(g)):
        g[int(place[i])] = z[i]


@perturbation(kind="moved", tables=("centre",), matrices=("matrix",))
def turned(x, z, centre, matrix):
    """Any matrix: d^2 multiplications."""
    d = len(x)
    for i in range(d):
        total = (x[0] - centre[0]) * matrix[i * d]
        for k in range(1, d):
            total = total + (x[k] - centre[k]) * matrix[i * d + k]
        z[i] = total + centre[i]


@turned.back
def _(g, z, matrix):
    d = len(g)
    for i in range(d):
        total = g[0] * matrix[i]
        for k in range(1, d):
            total = total + g[k] * matrix[k * d + i]
        z[i] = total
    for i in range(d):
        g[i] = z[i]
