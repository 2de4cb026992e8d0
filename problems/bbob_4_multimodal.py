"""BBOB f15 - f19: multimodal functions whose local minima lie in an adequate global structure."""

import math

import numpy as np

from optbench.define import where

from ._bbob_formulas import (
    asymmetric,
    mapped,
    mapped_back,
    oscillated,
    penalty,
    rastrigin,
    recentred,
)
from ._bbob_instances import (
    bbob,
    optimal_point,
    own,
    powers,
    rotation,
    rotations,
    seed_of,
)
from ._bbob_levels import RASTRIGIN_LEVEL

TAGS = ["several-basins", "many-minima", "rotated", "nonconvex"]


def drawn_back(p, inner, outer, z, g):
    """Carry slopes in z[d:] through both maps to g; z[:d] holds the slopes between the maps."""
    d = len(g)
    mapped_back(p, outer, z, d, g)
    for i in range(d):
        z[i] *= g[i]
    mapped_back(p, inner, z, 0, g)


@bbob(15, TAGS, "rastrigin", scratch=2)
def bbob_f15(x, g, p, z):
    """Rastrigin's function in z = R Lambda^10 Q T_asy^0.2 T_osz R (x - x_opt)."""
    d = len(x)
    recentred(x, p, g)
    mapped(p, 1 + d, g, z, 0)
    for i in range(d):
        u, first = oscillated(z[i])
        v, second = asymmetric(u, 0.2 * i / (d - 1))
        g[i] = v
        z[i] = first * second
    mapped(p, 1 + d + d * d, g, z, d)
    f = rastrigin(z, d, d)
    drawn_back(p, 1 + d, 1 + d + d * d, z, g)
    return f + p[0]


@bbob_f15.instance
def rotated_rastrigin(dim, instance):
    """R and R Lambda^10 Q."""
    seed = seed_of(15, instance)
    R, Q = rotations(seed, dim)
    outer = (R * powers(math.sqrt(10.0), dim)) @ Q
    x_opt = optimal_point(seed, dim)
    return own(15, instance, x_opt, R, outer, second_level=RASTRIGIN_LEVEL)


WEIERSTRASS_TERMS = 12


@bbob(16, TAGS, "weierstrass", scratch=2)
def bbob_f16(x, g, p, z):
    """10 (mean_i sum_k 2^-k cos(2 pi 3^k (z_i + 1/2)) - f_0)^3, f_0 the least of the sums.

    The cosine of three times an angle comes from that of the angle: (c + i s)^3.
    """
    d = len(x)
    recentred(x, p, g)
    mapped(p, 1 + d, g, z, 0)
    for i in range(d):
        g[i], z[i] = oscillated(z[i])
    mapped(p, 1 + d + d * d, g, z, d)
    mean = 0.0
    for i in range(d, 2 * d):
        part = z[i] - math.floor(z[i])
        c = -math.cos(2.0 * math.pi * part)
        s = -math.sin(2.0 * math.pi * part)
        slope = 0.0
        weight = 1.0
        climb = 2.0 * math.pi
        for _ in range(WEIERSTRASS_TERMS):
            mean += weight * (c + 1.0)  # f_0 is the sum of -weight
            slope -= weight * climb * s
            c, s = c * (c * c - 3.0 * s * s), s * (3.0 * c * c - s * s)
            weight *= 0.5
            climb *= 3.0
        z[i] = slope
    mean = mean / d
    outer = 30.0 * mean * mean / d
    for i in range(d, 2 * d):
        z[i] *= outer
    drawn_back(p, 1 + d, 1 + d + d * d, z, g)
    return 10.0 * mean * mean * mean + penalty(x, g, 10.0 / d) + p[0]


@bbob_f16.instance
def weierstrass(dim, instance):
    """R and R Lambda^(1/100) Q."""
    seed = seed_of(16, instance)
    R, Q = rotations(seed, dim)
    outer = (R * powers(0.1, dim)) @ Q
    return own(16, instance, optimal_point(seed, dim), R, outer)


def schaffers(x, g, p, z, weight):
    """Schaffer's F7 of Lambda Q T_asy^0.5 R (x - x_opt), with a penalty of the given weight."""
    d = len(x)
    recentred(x, p, g)
    mapped(p, 1 + d, g, z, 0)
    for i in range(d):
        g[i], z[i] = asymmetric(z[i], 0.5 * i / (d - 1))
    mapped(p, 1 + d + d * d, g, z, d)
    mean = 0.0
    carried = 0.0  # what the term before adds to this coordinate's slope, by z
    for i in range(d, 2 * d - 1):
        square = z[i] * z[i] + z[i + 1] * z[i + 1]
        root = math.sqrt(math.sqrt(square))
        angle = 50.0 * square**0.1
        s = math.sin(angle)
        mean += root * (1.0 + s * s)
        steep = root * (0.25 * (1.0 + s * s) + 0.2 * angle * s * math.cos(angle))
        rise = 2.0 * steep / where(square > 0.0, square, 1.0)
        z[i] *= carried + rise
        carried = rise
    z[2 * d - 1] *= carried
    mean = mean / (d - 1)
    outer = 2.0 * mean / (d - 1)
    for i in range(d, 2 * d):
        z[i] *= outer
    drawn_back(p, 1 + d, 1 + d + d * d, z, g)
    return mean * mean + penalty(x, g, weight) + p[0]


def schaffers_instance(number, dim, instance, base):
    """Return R and Lambda Q."""
    seed = seed_of(number, instance)
    R, Q = rotations(seed, dim)
    return own(number, instance, optimal_point(seed, dim), R, powers(base, dim)[:, None] * Q)


@bbob(17, TAGS, "schaffers", scratch=2)
def bbob_f17(x, g, p, z):
    """Schaffer's F7, condition 10."""
    return schaffers(x, g, p, z, 10.0)


@bbob_f17.instance
def schaffers_10(dim, instance):
    """Lambda^10."""
    return schaffers_instance(17, dim, instance, math.sqrt(10.0))


@bbob(18, [*TAGS, "ill-conditioned"], "schaffers", scratch=2)
def bbob_f18(x, g, p, z):
    """Schaffer's F7, condition 1000."""
    return schaffers(x, g, p, z, 10.0)


@bbob_f18.instance
def schaffers_1000(dim, instance):
    """Lambda^1000."""
    return schaffers_instance(18, dim, instance, math.sqrt(1000.0))


@bbob(19, TAGS, "griewank_rosenbrock", scratch=1)
def bbob_f19(x, g, p, z):
    """10 mean(t / 4000 - cos t) + 10, t the terms of Rosenbrock's function in z = c R x + 1/2."""
    d = len(x)
    for i in range(d):
        g[i] = x[i]
    mapped(p, 1 + d, g, z, 0)
    z[0] += 0.5
    f = 0.0
    carried = 0.0  # what the term before adds to this coordinate's slope
    outer = 10.0 / (d - 1)
    for i in range(d - 1):
        z[i + 1] += 0.5
        a = z[i] * z[i] - z[i + 1]
        b = z[i] - 1.0
        t = 100.0 * a * a + b * b
        f += t / 4000.0 + (1.0 - math.cos(t))
        steep = outer * (1.0 / 4000.0 + math.sin(t))
        z[i] = carried + steep * (400.0 * a * z[i] + 2.0 * b)
        carried = -200.0 * a * steep
    z[d - 1] = carried
    mapped_back(p, 1 + d, z, 0, g)
    return outer * f + p[0]


@bbob_f19.instance
def griewank_rosenbrock(dim, instance):
    """The matrix c R; x_opt is where z is 1."""
    R, c = rotation(seed_of(19, instance), dim), max(1.0, math.sqrt(dim) / 8.0)
    return own(19, instance, R.T @ np.full(dim, 0.5 / c), c * R)
