"""BBOB f1 - f5: separable functions."""

import math

import numpy as np

from optbench.define import where

from ._bbob_formulas import asymmetric, oscillated, penalty
from ._bbob_instances import bbob, optimal_point, own, powers, seed_of
from ._bbob_levels import RASTRIGIN_LEVEL


@bbob(1, ["convex", "separable"], "sphere")
def bbob_f01(x, g, p):
    """Sphere: |x - x_opt|^2."""
    f = 0.0
    for i in range(len(x)):
        z = x[i] - p[1 + i]
        f += z * z
        g[i] = 2.0 * z
    return f + p[0]


@bbob_f01.instance
def sphere(dim, instance):
    """x_opt is all there is."""
    return own(1, instance, optimal_point(seed_of(1, instance), dim))


@bbob(2, ["separable", "ill-conditioned", "nonconvex"], "ellipsoid")
def bbob_f02(x, g, p):
    """Ellipsoid of condition 1e6 in z = T_osz(x - x_opt)."""
    d = len(x)
    f = 0.0
    for i in range(d):
        z, slope = oscillated(x[i] - p[1 + i])
        f += p[1 + d + i] * z * z
        g[i] = 2.0 * p[1 + d + i] * z * slope
    return f + p[0]


@bbob_f02.instance
def ellipsoid(dim, instance):
    """The spectrum 1 .. 1e6."""
    return own(2, instance, optimal_point(seed_of(2, instance), dim), powers(1e6, dim))


@bbob(3, ["separable", "several-basins", "many-minima", "nonconvex"], "rastrigin")
def bbob_f03(x, g, p):
    """Rastrigin's function in z = Lambda^10 T_asy^0.2 T_osz (x - x_opt)."""
    d = len(x)
    f = 0.0
    for i in range(d):
        u, first = oscillated(x[i] - p[1 + i])
        v, second = asymmetric(u, 0.2 * i / (d - 1))
        z = p[1 + d + i] * v
        angle = 2.0 * math.pi * z
        f += 10.0 * (1.0 - math.cos(angle)) + z * z
        inner = p[1 + d + i] * first * second
        g[i] = (20.0 * math.pi * math.sin(angle) + 2.0 * z) * inner
    return f + p[0]


@bbob_f03.instance
def rastrigin(dim, instance):
    """Lambda."""
    x_opt = optimal_point(seed_of(3, instance), dim)
    stretches = powers(math.sqrt(10.0), dim)
    return own(3, instance, x_opt, stretches, second_level=RASTRIGIN_LEVEL)


@bbob(4, ["separable", "several-basins", "many-minima", "nonconvex"], "bueche_rastrigin")
def bbob_f04(x, g, p):
    """Rastrigin's function, scaled by another factor on each side of x_opt (Büche)."""
    d = len(x)
    f = 0.0
    for i in range(d):
        u, slope = oscillated(x[i] - p[1 + i])
        scale = where(u > 0.0, p[1 + d + i], p[1 + 2 * d + i])
        z = scale * u
        angle = 2.0 * math.pi * z
        f += 10.0 * (1.0 - math.cos(angle)) + z * z
        g[i] = (20.0 * math.pi * math.sin(angle) + 2.0 * z) * scale * slope
    return f + penalty(x, g, 100.0) + p[0]


@bbob_f04.instance
def bueche_rastrigin(dim, instance):
    """The scales above and below x_opt: above, every other one is ten times as large."""
    x_opt = optimal_point(seed_of(4, instance), dim)
    x_opt[::2] = abs(x_opt[::2])
    below = powers(math.sqrt(10.0), dim)
    above = below.copy()
    above[::2] *= 10.0
    return own(4, instance, x_opt, above, below, second_level=RASTRIGIN_LEVEL)


@bbob(5, ["convex", "separable", "linear"], "linear_slope")
def bbob_f05(x, g, p):
    """Linear slope: sum of 5 |s_i| - s_i x_i, flat beyond the corner x_opt of the box."""
    d = len(x)
    f = 0.0
    for i in range(d):
        slope = p[1 + d + i]
        inside = x[i] * p[1 + i] < 25.0
        f += 5.0 * abs(slope) - slope * where(inside, x[i], p[1 + i])
        g[i] = where(inside, -slope, 0.0)
    return f + p[0]


@bbob_f05.instance
def linear_slope(dim, instance):
    """The corner, and slopes of 1 .. 10 that point to it."""
    sign = np.where(optimal_point(seed_of(5, instance), dim) > 0.0, 1.0, -1.0)
    return own(5, instance, 5.0 * sign, sign * powers(10.0, dim))
