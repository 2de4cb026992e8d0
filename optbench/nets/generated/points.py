"""Points in the plane and words of bits: small classifications that no line separates."""

import math

import numpy as np

from optbench.nets.generated.drawing import Examples, draws_of

BITS = 8
"""Length of the words of `parity`."""


def xor(instance: int = 0) -> Examples:
    """400 points around the corners of a square, spread 0.25; the label is whether signs differ."""
    rng = draws_of("xor", instance)
    corners = np.tile([[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]], (100, 1))
    return corners + 0.25 * rng.standard_normal(corners.shape), np.tile([0, 1, 1, 0], 100)


def moons(instance: int = 0) -> Examples:
    """600 points on two interleaved half circles of radius 1, with noise 0.15."""
    t = np.linspace(0.0, math.pi, 300)
    upper = np.column_stack([np.cos(t), np.sin(t)])
    lower = np.column_stack([1.0 - np.cos(t), 0.5 - np.sin(t)])
    X = np.concatenate([upper, lower]) - [0.5, 0.25]
    noise = draws_of("moons", instance).standard_normal(X.shape)
    return X + 0.15 * noise, np.repeat([0, 1], 300)


def two_spirals() -> Examples:
    """Two spirals of three turns, 385 points each (Lang and Witbrock 1988, at density 4).

    With density 1, the 97 points of the paper, spirals are too sparse to split into three parts.
    """
    i = np.arange(4 * 96 + 1) / 4.0
    angle, radius = i * math.pi / 16.0, 6.5 * (104.0 - i) / 104.0
    arm = radius[:, None] * np.column_stack([np.sin(angle), np.cos(angle)])
    return np.concatenate([arm, -arm]), np.repeat([0, 1], len(arm))


def parity() -> Examples:
    """All 256 words of 8 bits, as -1 and 1; the label is 1 for an odd number of ones."""
    bits = np.arange(2**BITS)[:, None] >> np.arange(BITS) & 1
    return np.where(bits == 1, 1.0, -1.0), bits.sum(axis=1) % 2
