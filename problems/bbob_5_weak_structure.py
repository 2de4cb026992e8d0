"""BBOB f20 - f24: multimodal functions with weak global structure."""

import math

import numpy as np

from optbench.define import where

from ._bbob_formulas import mapped, mapped_back, oscillated, penalty, recentred
from ._bbob_instances import (
    bbob,
    mixed,
    normals,
    optimal_point,
    own,
    powers,
    rotation,
    seed_of,
    uniforms,
)
from ._bbob_levels import gallagher_level, schwefel_level

TAGS = ["several-basins", "many-minima", "nonconvex"]
BOTTOM = 4.2096874637
"""A hundredth of where Schwefel's function is least."""
LEAST = 418.9828872724339


@bbob(20, TAGS, "schwefel")
def bbob_f20(x, g, p):
    """Schwefel's function, mirrored, scaled and with neighbours added; outside +-500 a penalty."""
    d = len(x)
    f = 0.0
    before = BOTTOM  # the coordinate before, mirrored and doubled
    for i in range(d):
        sign, scale = p[1 + d + i], p[1 + 2 * d + i]
        mirrored = 2.0 * sign * x[i]
        u = mirrored + 0.25 * (before - BOTTOM)
        before = mirrored
        z = 100.0 * (scale * (u - BOTTOM) + BOTTOM)
        beyond = max(abs(z) - 500.0, 0.0)
        root = math.sqrt(abs(z))
        s = math.sin(root)
        f += beyond * beyond + (LEAST - z * s) / d
        slope = 2.0 * math.copysign(beyond, z) - (s + 0.5 * root * math.cos(root)) / d
        slope = 2.0 * scale * slope  # by u, and the doubling
        g[i] = sign * slope
        if i > 0:
            g[i - 1] += 0.25 * p[d + i] * slope
    return 0.01 * f + p[0]


@bbob_f20.instance
def schwefel(dim, instance):
    """The signs of x_opt and Lambda^10."""
    sign = np.where(uniforms(dim, seed_of(20, instance)) < 0.5, -1.0, 1.0)
    stretches = powers(math.sqrt(10.0), dim)
    level = schwefel_level(dim, LEAST)
    return own(20, instance, 0.5 * BOTTOM * sign, sign, stretches, second_level=level)


def gallagher(x, g, p, z, count, weight):
    """T_osz(10 - the highest of `count` Gaussian peaks)^2, with a penalty of the given weight."""
    d = len(x)
    heights = 1 + d + d * d
    peak = heights + 2 * count
    for i in range(d):
        g[i] = x[i]
    mapped(p, 1 + d, g, z, 0)
    highest = -math.inf
    height = 0.0
    depth = 0.0
    for k in range(count):
        total = 0.0
        for j in range(d):
            away = z[j] - p[peak + d + j]
            total += p[peak + j] * away * away
        total = -0.5 * total / d
        log_height = p[heights + count + k] + total
        higher = log_height > highest
        highest = where(higher, log_height, highest)
        height = where(higher, p[heights + k], height)
        depth = where(higher, total, depth)
        for j in range(d):
            slope = p[peak + j] * (z[j] - p[peak + d + j])
            z[d + j] = where(higher, slope, z[d + j])
        peak += 2 * d
    value = height * math.exp(depth)
    u, steep = oscillated(10.0 - value)
    outer = 2.0 * u * steep * value / d
    for j in range(d, 2 * d):
        z[j] = where(outer != 0.0, outer * z[j], 0.0)
    mapped_back(p, 1 + d, z, d, g)
    return u * u + penalty(x, g, weight) + p[0]


def peaks(number, dim, instance, count, first_condition, width):
    """Return Q, then the peaks' heights and their logs, then scales and centres of every peak."""
    seed = seed_of(number, instance)
    Q = rotation(seed, dim)
    order = np.argsort(uniforms(count - 1, seed), kind="stable")
    conditions = np.concatenate([[first_condition], 1000.0 ** (order / (count - 2))])
    heights = np.concatenate([[10.0], np.arange(count - 1) / (count - 2) * (9.1 - 1.1) + 1.1])
    places = width * uniforms(count * dim, seed).reshape(count, dim) - 0.5 * width
    places[0] *= 0.8
    table = np.empty((count, 2, dim))
    for k, condition in enumerate(conditions):
        order = np.argsort(uniforms(dim, seed + 1000 * k), kind="stable")
        table[k] = condition ** (order / (dim - 1) - 0.5), Q @ places[k]
    level = gallagher_level(heights, table)
    return own(number, instance, places[0], Q, heights, np.log(heights), table, second_level=level)


@bbob(21, [*TAGS, "rotated"], "gallagher", scratch=2)
def bbob_f21(x, g, p, z):
    """Gallagher's Gaussian peaks: 101 of them, the global one of condition about 30."""
    return gallagher(x, g, p, z, 101, 1.0)


@bbob_f21.instance
def gallagher_101(dim, instance):
    """Places in [-5, 5)."""
    return peaks(21, dim, instance, 101, math.sqrt(1000.0), 10.0)


@bbob(22, [*TAGS, "rotated", "ill-conditioned"], "gallagher", scratch=2)
def bbob_f22(x, g, p, z):
    """Gallagher's Gaussian peaks: 21 of them, the global one of condition 1000."""
    return gallagher(x, g, p, z, 21, 1.0)


@bbob_f22.instance
def gallagher_21(dim, instance):
    """Places in [-4.9, 4.9)."""
    return peaks(22, dim, instance, 21, 1000.0, 9.8)


def rugged(z):
    """Sum over k = 1 .. 32 of |2^k z - round(2^k z)| / 2^k, and its slope (0 at kinks)."""
    total = 0.0
    slope = 0.0
    power = 2.0
    for _ in range(32):
        away = power * z - math.floor(power * z + 0.5)
        total += abs(away) / power
        slope += where(away > 0.0, 1.0, where(away < 0.0, -1.0, 0.0))
        power = 2.0 * power
    return total, slope


@bbob(23, [*TAGS, "rotated", "nonsmooth"], "katsuura", scratch=1)
def bbob_f23(x, g, p, z):
    """Katsuura: a power of the product of 1 + i rugged(z_i), with a penalty."""
    d = len(x)
    recentred(x, p, g)
    mapped(p, 1 + d, g, z, 0)
    log = 0.0
    for i in range(d):
        rise, slope = rugged(z[i])
        factor = 1.0 + (i + 1) * rise
        log += math.log(factor)
        z[i] = (i + 1) * slope / factor
    power = 10.0 / d**1.2
    scale = 10.0 / d / d
    grown = math.exp(power * log)
    for i in range(d):
        z[i] *= scale * power * grown
    mapped_back(p, 1 + d, z, 0, g)
    return scale * (grown - 1.0) + penalty(x, g, 1.0) + p[0]


@bbob_f23.instance
def katsuura(dim, instance):
    """The matrix R Lambda^100 Q."""
    seed = seed_of(23, instance)
    return own(23, instance, optimal_point(seed, dim), mixed(seed, dim, 10.0))


MU = 2.5


@bbob(24, [*TAGS, "rotated"], "lunacek", scratch=1)
def bbob_f24(x, g, p, z):
    """Lunacek's two funnels, the lower one of two spheres, with Rastrigin's ripples."""
    d = len(x)
    s, other = p[1 + 2 * d + d * d], p[2 + 2 * d + d * d]
    near = 0.0
    far = 0.0
    for i in range(d):
        mirrored = 2.0 * p[1 + d + i] * x[i]
        g[i] = mirrored - MU
        near += g[i] * g[i]
        far += (mirrored - other) * (mirrored - other)
    far = d + s * far
    mapped(p, 1 + 2 * d, g, z, 0)
    ripples = 0.0
    for i in range(d):
        angle = 2.0 * math.pi * z[i]
        ripples += 1.0 - math.cos(angle)
        z[i] = 20.0 * math.pi * math.sin(angle)
    mapped_back(p, 1 + 2 * d, z, 0, g)
    for i in range(d):
        sign = p[1 + d + i]
        mirrored = 2.0 * sign * x[i]
        slope = 2.0 * where(near <= far, mirrored - MU, s * (mirrored - other))
        g[i] = 2.0 * sign * (g[i] + slope)
    return min(near, far) + 10.0 * ripples + penalty(x, g, 1e4) + p[0]


@bbob_f24.instance
def lunacek(dim, instance):
    """The signs of x_opt, the matrix R Lambda^100 Q, the other sphere's weight and centre."""
    seed = seed_of(24, instance)
    sign = np.where(normals(dim, seed) < 0.0, -1.0, 1.0)
    s = 1.0 - 0.5 / (math.sqrt(dim + 20.0) - 4.1)
    other = -math.sqrt((MU * MU - 1.0) / s)
    return own(24, instance, 0.5 * MU * sign, sign, mixed(seed, dim, 10.0), [s, other])
