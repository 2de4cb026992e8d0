"""A bowl with mines: where a lane steps on one, its gradient or its value is what it asked for.

Coordinates 2 to 5 stand still and say, for each lane by itself, where the mines lie and what they
are: nothing that one lane meets depends on another.
"""

import math

from optbench.define import normal, problem, where

CLEAN = (-1e6, 0.0, -1e6, 0.0)
"""No mine within reach."""
KINDS = (1.0, 2.0, 3.0, 4.0)
"""NaN, inf, -inf and a huge number."""
HUGE = 1e30
"""Finite in float32; its square is not."""


def mine(kind):
    """The number that a mine stands for."""
    special = where(kind == 1.0, math.nan, where(kind == 2.0, math.inf, -math.inf))
    return where(kind == 4.0, HUGE, special)


def value_and_slopes(x, g, noise):
    """f = x0^2 + x1^2 with mines left of x2 (gradient, of kind x3) and of x4 (value, x5)."""
    g[0] = where(x[0] < x[2], mine(x[3]), 2.0 * x[0] + noise)
    g[1] = 2.0 * x[1]
    for i in range(2, x.shape[0]):
        g[i] = 0.0
    return where(x[0] < x[4], mine(x[5]), x[0] * x[0] + x[1] * x[1])


@problem(start=[2.0, 1.0, *CLEAN], minimum=[0.0, 0.0, *CLEAN], f_min=0.0)
def mined(x, g):
    """Noise-free: hits and the best are taken at every step."""
    return value_and_slopes(x, g, 0.0)


@problem(start=[2.0, 1.0, *CLEAN], minimum=[0.0, 0.0, *CLEAN], f_min=0.0)
def mined_noise(x, g, key, full):
    """With noise, drawn lane by lane: looked at where there are records."""
    noise = 0.0 if full else 0.1 * normal(key, 0)
    return value_and_slopes(x, g, noise)
