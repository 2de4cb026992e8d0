"""Surfaces that are flat where a method starts, or suddenly very steep."""

import math

from optbench.define import problem


@problem(
    start=[3.0, -2.5],
    minimum=0.0,
    f_min=0.0,
    box=(-4.0, 4.0),
    tags=["nonconvex", "plateau"],
    source="the inverted Gaussian; plateaus as in Schaul, Antonoglou and Silver 2014, "
    "Unit tests for stochastic optimization",
)
def plateau(x, g):
    """1 - exp(-(x^2 + y^2) / 2): e^-16 of the curvature is left at the corners of the box."""
    e = math.exp(-0.5 * (x[0] * x[0] + x[1] * x[1]))
    g[0] = x[0] * e
    g[1] = x[1] * e
    return 1.0 - e


@problem(
    start=[1.5, 1.8],
    minimum=[math.pi, math.pi],
    f_min=-1.0,
    box=(0.5, 6.0),
    tags=["nonconvex", "plateau", "several-basins", "many-minima"],
    source="Easom 1990, A survey of global optimization techniques",
)
def easom(x, g):
    """-cos(x) cos(y) exp(-(x - pi)^2 - (y - pi)^2): a hole in a plateau of faint ripples."""
    a = x[0] - math.pi
    b = x[1] - math.pi
    e = math.exp(-(a * a + b * b))
    cx = math.cos(x[0])
    cy = math.cos(x[1])
    g[0] = e * cy * (math.sin(x[0]) + 2.0 * a * cx)
    g[1] = e * cx * (math.sin(x[1]) + 2.0 * b * cy)
    return -cx * cy * e


@problem(
    start=[1.5, 1.0],
    minimum=[-math.sqrt(0.5), 0.0],
    f_min=-math.sqrt(0.5 / math.e),
    box=([-2.0, -2.0], [2.0, 2.0]),
    tags=["nonconvex", "plateau"],
    source="Gramacy and Lee 2009, Adaptive design and analysis of supercomputer experiments",
)
def hill_and_hole(x, g):
    """The function x exp(-x^2 - y^2): from beyond the hill the way leads out onto the plateau."""
    e = math.exp(-(x[0] * x[0] + x[1] * x[1]))
    f = x[0] * e
    g[0] = e - 2.0 * x[0] * f
    g[1] = -2.0 * x[1] * f
    return f


LOGIT = math.log(0.7 / 0.3)


@problem(
    start=[5.0, -2.0],
    minimum=[LOGIT / 0.7, 0.0],
    f_min=0.0,
    box=([4.0, -3.0], [6.0, -1.5]),
    tags=["nonconvex", "cliff", "plateau", "least-squares"],
    source="Pascanu, Mikolov and Bengio 2013, On the difficulty of training recurrent neural "
    "networks, fig. 6",
)
def recurrent_cliff(x, g):
    """(h_50 - 0.7)^2 for the recurrent unit h <- s(w h + b), h_0 = 0.5, s the logistic function.

    Where two fixed points of the unit meet, the surface has a wall: its slope is a product of 50
    factors beyond 1. Minima: all (w, b) with 0.7 w + b = log(7/3) that attract h_0.
    """
    w, b = x[0], x[1]
    h = 0.5 + 0.0 * w
    by_w = 0.0 * w
    by_b = 0.0 * w
    for _ in range(50):
        s = 1.0 / (1.0 + math.exp(-(w * h + b)))
        slope = s * (1.0 - s)
        by_w = slope * (h + w * by_w)
        by_b = slope * (1.0 + w * by_b)
        h = s
    a = h - 0.7
    g[0] = 2.0 * a * by_w
    g[1] = 2.0 * a * by_b
    return a * a
