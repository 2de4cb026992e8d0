"""BBOB f6 - f9: functions with low or moderate conditioning."""

import math

import numpy as np

from optbench.define import where

from ._bbob_formulas import mapped, mapped_back, oscillated, penalty, recentred, rosenbrock
from ._bbob_instances import (
    bbob,
    mixed,
    optimal_point,
    own,
    powers,
    rotation,
    rotations,
    seed_of,
)


@bbob(6, ["nonconvex", "rotated", "asymmetric"], "attractive_sector", scratch=1)
def bbob_f06(x, g, p, z):
    """T_osz(sum (s_i z_i)^2)^0.9: s_i is 100 where z_i has the sign of x_opt, else 1."""
    d = len(x)
    recentred(x, p, g)
    mapped(p, 1 + d, g, z, 0)
    total = 0.0
    for i in range(d):
        square = where(z[i] * p[1 + i] > 0.0, 1e4, 1.0)
        total += square * z[i] * z[i]
        z[i] = 2.0 * square * z[i]
    h, slope = oscillated(total)
    f = h**0.9
    outer = 0.9 * f / where(h > 0.0, h, 1.0) * slope
    mapped_back(p, 1 + d, z, 0, g)
    for i in range(d):
        g[i] *= outer
    return f + p[0]


@bbob_f06.instance
def attractive_sector(dim, instance):
    """The matrix R Lambda^10 Q."""
    seed = seed_of(6, instance)
    return own(6, instance, optimal_point(seed, dim), mixed(seed, dim, math.sqrt(10.0)))


def rounded(z):
    """Round to whole numbers, and near 0 to tenths."""
    return where(abs(z) > 0.5, math.floor(z + 0.5), math.floor(10.0 * z + 0.5) / 10.0)


def steps(x, g, p, z, weight):
    """Ellipsoid of condition 100 in steps, with a penalty of the given weight; slopes are 0."""
    d = len(x)
    spectrum = 1 + d + 2 * d * d
    recentred(x, p, g)
    mapped(p, 1 + d, g, z, 0)
    first = abs(z[0])
    for i in range(d):
        g[i] = rounded(z[i])
    mapped(p, 1 + d + d * d, g, z, 0)
    total = 0.0
    for i in range(d):
        total += p[spectrum + i] * z[i] * z[i]
        g[i] = 0.0
    f = 0.1 * max(1e-4 * first, total) + penalty(x, g, weight) + p[0]
    for i in range(d):
        g[i] = 0.0
    return f


@bbob(7, ["nonconvex", "rotated", "no_gradient"], "step_ellipsoid", scratch=1)
def bbob_f07(x, g, p, z):
    """Ellipsoid of condition 100 in steps: its gradient is taken as 0 everywhere."""
    return steps(x, g, p, z, 1.0)


@bbob_f07.instance
def step_ellipsoid(dim, instance):
    """The matrices Lambda^10 Q and R, and the spectrum 1 .. 100."""
    seed = seed_of(7, instance)
    R, Q = rotations(seed, dim)
    inner = powers(math.sqrt(10.0), dim)[:, None] * Q
    return own(7, instance, optimal_point(seed, dim), inner, R, powers(100.0, dim))


def widened(dim):
    """Return the factor that keeps Rosenbrock's valley inside the box in many dimensions."""
    return max(1.0, math.sqrt(dim) / 8.0)


@bbob(8, ["nonconvex", "valley", "ill-conditioned"], "rosenbrock")
def bbob_f08(x, g, p):
    """Rosenbrock's function in z = c (x - x_opt) + 1."""
    d = len(x)
    c = p[1 + d]
    for i in range(d):
        g[i] = c * (x[i] - p[1 + i]) + 1.0
    f = rosenbrock(g, d)
    for i in range(d):
        g[i] *= c
    return f + p[0]


@bbob_f08.instance
def original_rosenbrock(dim, instance):
    """The factor c; x_opt is drawn in [-3, 3)."""
    return own(8, instance, 0.75 * optimal_point(seed_of(8, instance), dim), [widened(dim)])


@bbob(9, ["nonconvex", "valley", "ill-conditioned", "rotated"], "rosenbrock", scratch=1)
def bbob_f09(x, g, p, z):
    """Rosenbrock's function in z = c R x + 1/2."""
    d = len(x)
    for i in range(d):
        g[i] = x[i]
    mapped(p, 1 + d, g, z, 0)
    for i in range(d):
        z[i] += 0.5
    f = rosenbrock(z, d)
    mapped_back(p, 1 + d, z, 0, g)
    return f + p[0]


@bbob_f09.instance
def rotated_rosenbrock(dim, instance):
    """The matrix c R; x_opt is where z is 1."""
    R, c = rotation(seed_of(9, instance), dim), widened(dim)
    return own(9, instance, R.T @ np.full(dim, 0.5 / c), c * R)
