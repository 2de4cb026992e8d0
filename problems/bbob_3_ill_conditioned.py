"""BBOB f10 - f14: unimodal functions with high conditioning."""

import math

import numpy as np

from optbench.define import where

from ._bbob_formulas import asymmetric, mapped, mapped_back, oscillated, recentred
from ._bbob_instances import (
    SECOND_ROTATION,
    bbob,
    mixed,
    optimal_point,
    own,
    powers,
    rotation,
    seed_of,
)


def turned(number, dim, instance, *constants):
    """Return an instance that has x_opt, the rotation R and more constants."""
    seed = seed_of(number, instance)
    R = rotation(seed + SECOND_ROTATION, dim)
    return own(number, instance, optimal_point(seed, dim), R, *constants)


@bbob(10, ["ill-conditioned", "rotated", "nonconvex"], "ellipsoid", scratch=1)
def bbob_f10(x, g, p, z):
    """Ellipsoid of condition 1e6 in z = T_osz(R (x - x_opt))."""
    d = len(x)
    recentred(x, p, g)
    mapped(p, 1 + d, g, z, 0)
    f = 0.0
    for i in range(d):
        weight = p[1 + d + d * d + i]
        u, slope = oscillated(z[i])
        f += weight * u * u
        z[i] = 2.0 * weight * u * slope
    mapped_back(p, 1 + d, z, 0, g)
    return f + p[0]


@bbob_f10.instance
def ellipsoid(dim, instance):
    """The rotation and the spectrum 1 .. 1e6."""
    return turned(10, dim, instance, powers(1e6, dim))


@bbob(11, ["ill-conditioned", "rotated", "nonconvex"], "discus", scratch=1)
def bbob_f11(x, g, p, z):
    """Discus: one direction a thousand times as sensitive as the others, after T_osz."""
    d = len(x)
    recentred(x, p, g)
    mapped(p, 1 + d, g, z, 0)
    f = 0.0
    weight = 1e6
    for i in range(d):
        u, slope = oscillated(z[i])
        f += weight * u * u
        z[i] = 2.0 * weight * u * slope
        weight = 1.0
    mapped_back(p, 1 + d, z, 0, g)
    return f + p[0]


@bbob_f11.instance
def discus(dim, instance):
    """The rotation."""
    return turned(11, dim, instance)


@bbob(12, ["ill-conditioned", "rotated", "nonconvex"], "bent_cigar", scratch=2)
def bbob_f12(x, g, p, z):
    """Bent cigar: z_1^2 + 1e6 (z_2^2 + ...) in z = R T_asy^0.5 R (x - x_opt)."""
    d = len(x)
    recentred(x, p, g)
    mapped(p, 1 + d, g, z, 0)
    for i in range(d):
        g[i], z[i] = asymmetric(z[i], 0.5 * i / (d - 1))
    mapped(p, 1 + d, g, z, d)
    f = 0.0
    weight = 1.0
    for i in range(d, 2 * d):
        f += weight * z[i] * z[i]
        z[i] = 2.0 * weight * z[i]
        weight = 1e6
    mapped_back(p, 1 + d, z, d, g)
    for i in range(d):
        z[i] *= g[i]
    mapped_back(p, 1 + d, z, 0, g)
    return f + p[0]


@bbob_f12.instance
def bent_cigar(dim, instance):
    """The rotation; x_opt is drawn with the rotation's seed."""
    seed = seed_of(12, instance) + SECOND_ROTATION
    return own(12, instance, optimal_point(seed, dim), rotation(seed, dim))


@bbob(13, ["rotated", "nonsmooth", "convex"], "sharp_ridge", scratch=1)
def bbob_f13(x, g, p, z):
    """Sharp ridge: z_1^2 + 100 |(z_2, ...)|; on the ridge the slope across it is taken as 0."""
    d = len(x)
    recentred(x, p, g)
    mapped(p, 1 + d, g, z, 0)
    total = 0.0
    for i in range(1, d):
        total += z[i] * z[i]
    distance = math.sqrt(total)
    f = z[0] * z[0] + 100.0 * distance
    across = 100.0 / where(distance > 0.0, distance, 1.0)
    z[0] = 2.0 * z[0]
    for i in range(1, d):
        z[i] *= across
    mapped_back(p, 1 + d, z, 0, g)
    return f + p[0]


@bbob_f13.instance
def sharp_ridge(dim, instance):
    """The matrix R Lambda^10 Q."""
    seed = seed_of(13, instance)
    return own(13, instance, optimal_point(seed, dim), mixed(seed, dim, math.sqrt(10.0)))


@bbob(14, ["convex", "ill-conditioned", "rotated"], "different_powers", scratch=1)
def bbob_f14(x, g, p, z):
    """Square root of the sum of |z_i|^(2 + 4 i / (d - 1)), z = R (x - x_opt)."""
    d = len(x)
    recentred(x, p, g)
    mapped(p, 1 + d, g, z, 0)
    total = 0.0
    for i in range(d):
        beyond = p[1 + d + d * d + i]
        bent = abs(z[i]) ** beyond * z[i]
        total += bent * z[i]
        z[i] = (2.0 + beyond) * bent
    f = math.sqrt(total)
    outer = 0.5 / where(f > 0.0, f, 1.0)
    mapped_back(p, 1 + d, z, 0, g)
    for i in range(d):
        g[i] *= outer
    return f + p[0]


@bbob_f14.instance
def different_powers(dim, instance):
    """The rotation, and the exponents less 2."""
    return turned(14, dim, instance, 4.0 * np.arange(dim) / (dim - 1))
