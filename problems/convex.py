"""Convex functions that are no quadratics: flat minima, long tails, exponential walls."""

import math

from optbench.define import problem


@problem(
    start=[-3.0, 2.0],
    minimum=0.0,
    f_min=0.0,
    box=(-5.0, 10.0),
    tags=["convex", "ill-conditioned"],
    source="Jamil and Yang 2013, A literature survey of benchmark functions, no. 173",
    dims=(2, 10),
    scalable=True,
)
def zakharov(x, g):
    """|x|^2 + s^2 + s^4 with s = sum of i x_i / 2: a quartic trough along one direction."""
    squares = 0.0
    s = 0.0
    for i in range(len(x)):
        squares += x[i] * x[i]
        s += 0.5 * (i + 1.0) * x[i]
    ss = s * s
    slope = s + 2.0 * ss * s
    for i in range(len(x)):
        g[i] = 2.0 * x[i] + (i + 1.0) * slope
    return squares + ss + ss * ss


@problem(
    start=0.8,
    minimum=0.0,
    f_min=0.0,
    box=(-1.0, 1.0),
    tags=["convex", "separable", "plateau"],
    source="Molga and Smutnicki 2005, Test functions for optimization needs, eq. 8",
    dim=10,
    dims=(2, 10),
    scalable=True,
)
def sum_of_powers(x, g):
    """Sum of |x_i|^(i + 1): every coordinate is flatter at the minimum than the one before."""
    f = 0.0
    for i in range(len(x)):
        size = abs(x[i])
        power = size ** (i + 1.0)
        f += power * size
        g[i] = math.copysign((i + 2.0) * power, x[i])
    return f


@problem(
    start=[3.0, -1.0],
    minimum=0.0,
    f_min=0.0,
    box=(-5.0, 5.0),
    tags=["convex"],
    source="Nesterov 2005, Smooth minimization of non-smooth functions, sec. 4.4",
    dims=(2, 10),
    scalable=True,
)
def log_sum_exp(x, g):
    """Log of the mean of exp(x_i) and exp(-x_i): the smoothed largest |x_i|.

    Far out only the largest coordinate moves; at the minimum the curvature is 1 / d.
    """
    top = 0.0
    count = 0.0
    for i in range(len(x)):
        top = max(abs(x[i]), top)
        count += 2.0
    total = 0.0
    for i in range(len(x)):
        up = math.exp(x[i] - top)
        down = math.exp(-x[i] - top)
        total += up + down
        g[i] = up - down
    for i in range(len(x)):
        g[i] = g[i] / total
    return top + math.log(total / count)


@problem(
    start=[8.0, -3.0],
    minimum=0.0,
    f_min=0.0,
    box=(-10.0, 10.0),
    tags=["convex", "separable"],
    source="Huber 1964, Robust estimation of a location parameter, eq. 2.4",
    dims=(2, 10),
    scalable=True,
)
def huber(x, g):
    """Sum of x_i^2 / 2 where |x_i| <= 1, of |x_i| - 1/2 beyond: slopes never exceed 1."""
    f = 0.0
    for i in range(len(x)):
        slope = min(1.0, max(-1.0, x[i]))
        f += slope * (x[i] - 0.5 * slope)
        g[i] = slope
    return f


@problem(
    start=[0.0, -1.0],
    minimum=[3.0, 3.1497866136776995],
    f_min=0.19978661367769952,
    box=([2.0, 2.5], [3.5, 4.5]),
    tags=["convex", "cliff", "ill-conditioned"],
    source="Gould, Orban and Toint 2003, CUTEr and SifDec: CLIFF (after Buckley 1989, p. 206)",
)
def cliff(x, g):
    """((x - 3) / 100)^2 - (x - y) + exp(20 (x - y)): almost flat on one side, a wall on the other.

    At the least value exp(20 (x - y)) = 1/20.
    """
    a = 0.01 * (x[0] - 3.0)
    u = x[0] - x[1]
    wall = math.exp(20.0 * u)
    slope = 20.0 * wall - 1.0
    g[0] = 0.02 * a + slope
    g[1] = -slope
    return a * a - u + wall


@problem(
    start=[1.0, 1.0],
    minimum=[-0.34657359027997264, 0.0],
    f_min=2.559266696658215,
    box=(-2.0, 2.0),
    tags=["convex"],
    source="Boyd and Vandenberghe 2004, Convex optimization, eq. 9.20",
)
def three_exponentials(x, g):
    """exp(x + 3 y - 0.1) + exp(x - 3 y - 0.1) + exp(-x - 0.1), least at x = -log(2) / 2."""
    a = math.exp(x[0] + 3.0 * x[1] - 0.1)
    b = math.exp(x[0] - 3.0 * x[1] - 0.1)
    c = math.exp(-x[0] - 0.1)
    g[0] = a + b - c
    g[1] = 3.0 * (a - b)
    return a + b + c
