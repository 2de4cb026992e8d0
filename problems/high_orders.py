"""Minima and walls of high order, and kinks in every coordinate."""

import math

from optbench.define import problem, where

from .basins import JAMIL


@problem(
    start=2.0,
    minimum=lambda dim: [math.sqrt(i + 1.0) for i in range(dim)],
    f_min=0.0,
    box=(-4.0, 4.0),
    tags=["nonconvex", "several-basins", "equal-minima", "separable", "least-squares"],
    source="Qing 2006, Dynamic differential evolution strategy; " + JAMIL + "no. 98",
    dims=(2, 10),
    scalable=True,
)
def qing(x, g):
    """Sum of (x_i^2 - i)^2: 2^d equal minima, and curvatures there that grow with i."""
    f = 0.0
    for i in range(len(x)):
        a = x[i] * x[i] - (i + 1.0)
        f += a * a
        g[i] = 4.0 * a * x[i]
    return f


@problem(
    start=1.0,
    minimum=-1.0,
    f_min=0.0,
    box=(-4.0, 4.0),
    tags=["nonconvex", "several-basins", "equal-minima", "separable", "nonsmooth"],
    source=JAMIL + "no. 99 (Quintic)",
    dims=(2, 10),
    scalable=True,
)
def quintic(x, g):
    """Sum of |x^5 - 3 x^4 + 4 x^3 + 2 x^2 - 10 x - 4|: kinks at all minima.

    A root is -1, another 2, and one more lies between, where all are equally deep.
    """
    f = 0.0
    for i in range(len(x)):
        v = x[i]
        a = v * (v * (v * (v * (v - 3.0) + 4.0) + 2.0) - 10.0) - 4.0
        f += abs(a)
        slope = v * (v * (v * (5.0 * v - 12.0) + 12.0) + 4.0) - 10.0
        g[i] = where(a > 0.0, slope, where(a < 0.0, -slope, 0.0))
    return f


@problem(
    start=0.8,
    minimum=0.0,
    f_min=0.0,
    box=(-1.0, 4.0),
    tags=["nonconvex", "asymmetric", "ill-conditioned"],
    source="Begambre and Laier 2009, A hybrid particle swarm optimization - simplex algorithm; "
    + JAMIL + "no. 25 (Brown)",
    dims=(2, 10),
    scalable=2,
)  # fmt: skip
def brown(x, g):
    """Sum of (x_i^2)^(x_{i+1}^2 + 1) + (x_{i+1}^2)^(x_i^2 + 1): a bowl with walls of any power."""
    f = 0.0
    for i in range(len(x)):
        g[i] = 0.0 * x[i]
    for i in range(len(x) - 1):
        a = x[i] * x[i]
        b = x[i + 1] * x[i + 1]
        log_a = math.log(max(a, 1e-30))
        log_b = math.log(max(b, 1e-30))
        grown_a = math.exp(b * log_a)
        grown_b = math.exp(a * log_b)
        f += a * grown_a + b * grown_b
        by_a = (b + 1.0) * grown_a + b * grown_b * log_b
        by_b = (a + 1.0) * grown_b + a * grown_a * log_a
        g[i] = g[i] + 2.0 * x[i] * by_a
        g[i + 1] = g[i + 1] + 2.0 * x[i + 1] * by_b
    return f


@problem(
    start=[1.0, 2.0, 2.0, 2.0],
    minimum=[0.0, 1.0, 1.0, 1.0],
    f_min=0.0,
    box=([-1.0, 0.0, 0.2, 0.2], [2.0, 3.0, 1.8, 1.8]),
    tags=["nonconvex", "plateau", "several-basins", "equal-minima"],
    source="Cragg and Levy 1969, Study on a supermemory gradient method; Miele and Cantrell 1969",
)
def cragg_levy(x, g):
    """(e^x - y)^4 + 100 (y - z)^6 + tan(z - w)^4 + x^8: a minimum where all curvatures vanish.

    tan repeats itself: z - w may be any multiple of pi.
    """
    e = math.exp(x[0])
    a = e - x[1]
    b = x[1] - x[2]
    t = math.tan(x[2] - x[3])
    aaa = a * a * a
    bb = b * b
    tt = t * t
    x2 = x[0] * x[0]
    x4 = x2 * x2
    rise = 4.0 * tt * t * (1.0 + tt)
    steep = 600.0 * bb * bb * b
    g[0] = 4.0 * aaa * e + 8.0 * x4 * x2 * x[0]
    g[1] = steep - 4.0 * aaa
    g[2] = rise - steep
    g[3] = -rise
    return aaa * a + 100.0 * bb * bb * bb + tt * tt + x4 * x4


@problem(
    start=[0.5, 1.5, 2.5, 3.5],
    minimum=[1.0, 2.0, 2.0, 3.0],
    f_min=0.0,
    box=(0.0, 4.0),
    tags=["nonconvex", "several-basins", "valley", "ill-conditioned", "least-squares"],
    source="Neumaier 2006, Global optimization test problems: power sum",
)
def power_sum(x, g):
    """Sum over k = 1 .. 4 of (sum of x_i^k - b_k)^2, b the power sums of 1, 2, 2 and 3.

    Any order of these is a minimum, and since 2 is among them twice, a degenerate one.
    """
    first = -8.0
    second = -18.0
    third = -44.0
    fourth = -114.0
    for i in range(4):
        square = x[i] * x[i]
        first += x[i]
        second += square
        third += square * x[i]
        fourth += square * square
    for i in range(4):
        square = x[i] * x[i]
        low = 2.0 * first + 4.0 * second * x[i]
        g[i] = low + 6.0 * third * square + 8.0 * fourth * square * x[i]
    return first * first + second * second + third * third + fourth * fourth


@problem(
    start=[-13.0, 2.0],
    minimum=[-10.0, 1.0],
    f_min=0.0,
    box=([-15.0, -3.0], [-5.0, 3.0]),
    tags=["nonconvex", "nonsmooth", "valley", "ill-conditioned"],
    source="Bukin 1997, New minimization strategy for non-smooth functions; " + JAMIL + "no. 28",
)
def bukin_6(x, g):
    """100 sqrt|y - x^2 / 100| + |x + 10| / 100: walls that are infinitely steep at their foot.

    The minimum is on the curve y = x^2 / 100, whose floor falls by 1 in 100; on it, and at x = -10,
    the slopes are taken as 0.
    """
    a = x[1] - 0.01 * x[0] * x[0]
    root = math.sqrt(abs(a))
    steep = where(root > 0.0, math.copysign(50.0, a) / where(root > 0.0, root, 1.0), 0.0)
    b = x[0] + 10.0
    tilt = where(b > 0.0, 0.01, where(b < 0.0, -0.01, 0.0))
    g[0] = tilt - 0.02 * x[0] * steep
    g[1] = steep
    return 100.0 * root + 0.01 * abs(b)
