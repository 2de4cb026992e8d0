"""Curved valleys: descending into them is easy, following them to the minimum is not."""

import math

from optbench.define import problem, where

MGH = "Moré, Garbow and Hillstrom 1981, Testing unconstrained optimization software, "


@problem(
    start=[-1.2, 1.0],
    minimum=1.0,
    f_min=0.0,
    box=(-2.0, 2.0),
    tags=["nonconvex", "valley", "ill-conditioned", "least-squares"],
    source="Rosenbrock 1960, An automatic method for finding the greatest or least value",
    dims=(2, 10, 100),
    scalable=2,
)
def rosenbrock(x, g):
    """Sum of 100 (x_{i+1} - x_i^2)^2 + (1 - x_i)^2: the chained form beyond two dimensions."""
    f = 0.0
    carried = 0.0  # what the term before adds to this coordinate's slope
    last = len(x) - 1
    for i in range(last):
        a = x[i + 1] - x[i] * x[i]
        b = 1.0 - x[i]
        f += 100.0 * a * a + b * b
        g[i] = carried - 400.0 * a * x[i] - 2.0 * b
        carried = 200.0 * a
    g[last] = carried
    return f


@problem(
    start=[1.0, 1.0],
    minimum=[3.0, 0.5],
    f_min=0.0,
    box=(-4.5, 4.5),
    tags=["nonconvex", "valley", "least-squares"],
    source=MGH + "no. 5",
)
def beale(x, g):
    """Sum over k = 1, 2, 3 of (c_k - x (1 - y^k))^2: steep at the edges, nearly flat inside."""
    y1 = x[1]
    y2 = y1 * y1
    y3 = y2 * y1
    a = 1.5 - x[0] * (1.0 - y1)
    b = 2.25 - x[0] * (1.0 - y2)
    c = 2.625 - x[0] * (1.0 - y3)
    g[0] = -2.0 * (a * (1.0 - y1) + b * (1.0 - y2) + c * (1.0 - y3))
    g[1] = 2.0 * x[0] * (a + 2.0 * b * y1 + 3.0 * c * y2)
    return a * a + b * b + c * c


@problem(
    start=[-1.2, -1.0],
    minimum=1.0,
    f_min=0.0,
    box=(-1.5, 1.5),
    tags=["nonconvex", "valley", "ill-conditioned", "least-squares"],
    source="Leon 1966, A comparison among eight known optimizing procedures",
)
def cube(x, g):
    """100 (y - x^3)^2 + (1 - x)^2: Rosenbrock's valley along a cubic."""
    xx = x[0] * x[0]
    a = x[1] - xx * x[0]
    b = 1.0 - x[0]
    g[0] = -600.0 * a * xx - 2.0 * b
    g[1] = 200.0 * a
    return 100.0 * a * a + b * b


@problem(
    start=1.0,
    minimum=lambda dim: [2.0 ** (2.0**-i - 1.0) for i in range(dim)],
    f_min=0.0,
    box=(-10.0, 10.0),
    tags=["nonconvex", "valley", "least-squares", "saddle"],
    source="Dixon and Price 1989, Truncated Newton method for sparse unconstrained optimization",
    dims=(2, 10),
    scalable=2,
)
def dixon_price(x, g):
    """(x_1 - 1)^2 + sum over i >= 2 of i (2 x_i^2 - x_{i-1})^2: least at x_i = 2^(2^(1-i) - 1).

    Every sign of the last coordinate will do; where x_1 is near 1/3 and the others are near 0
    there is a saddle.
    """
    a = x[0] - 1.0
    f = a * a
    g[0] = 2.0 * a
    for i in range(1, len(x)):
        weight = i + 1.0
        a = 2.0 * x[i] * x[i] - x[i - 1]
        slope = 2.0 * weight * a
        f += weight * a * a
        g[i - 1] = g[i - 1] - slope
        g[i] = 4.0 * slope * x[i]
    return f


@problem(
    start=[3.0, -1.0, 0.0, 1.0],
    minimum=0.0,
    f_min=0.0,
    box=(-4.0, 5.0),
    tags=["convex", "valley", "ill-conditioned", "least-squares"],
    source=MGH + "no. 13 and 22",
    dims=(4, 20),
)
def powell_singular(x, g):
    """Sum over fours of (a + 10 b)^2 + 5 (c - d)^2 + (b - 2 c)^4 + 10 (a - d)^4.

    The second derivatives are singular at the minimum.
    """
    f = 0.0
    for i in range(0, len(x), 4):
        a = x[i] + 10.0 * x[i + 1]
        b = x[i + 2] - x[i + 3]
        c = x[i + 1] - 2.0 * x[i + 2]
        d = x[i] - x[i + 3]
        cc = c * c
        dd = d * d
        f += a * a + 5.0 * b * b + cc * cc + 10.0 * dd * dd
        slope_c = 4.0 * cc * c
        slope_d = 40.0 * dd * d
        g[i] = 2.0 * a + slope_d
        g[i + 1] = 20.0 * a + slope_c
        g[i + 2] = 10.0 * b - 2.0 * slope_c
        g[i + 3] = -10.0 * b - slope_d
    return f


@problem(
    start=[-3.0, -1.0, -3.0, -1.0],
    minimum=1.0,
    f_min=0.0,
    box=(-10.0, 10.0),
    tags=["nonconvex", "valley", "ill-conditioned", "saddle", "least-squares"],
    source=MGH + "no. 14 (Colville 1968, no. 4)",
)
def wood(x, g):
    """Two Rosenbrock valleys of weight 100 and 90, coupled; a saddle is near (-1, 1, -1, 1)."""
    a = x[1] - x[0] * x[0]
    b = 1.0 - x[0]
    c = x[3] - x[2] * x[2]
    d = 1.0 - x[2]
    e = x[1] + x[3] - 2.0
    h = x[1] - x[3]
    g[0] = -400.0 * a * x[0] - 2.0 * b
    g[1] = 200.0 * a + 20.0 * e + 0.2 * h
    g[2] = -360.0 * c * x[2] - 2.0 * d
    g[3] = 180.0 * c + 20.0 * e - 0.2 * h
    return 100.0 * a * a + b * b + 90.0 * c * c + d * d + 10.0 * e * e + 0.1 * h * h


@problem(
    start=[-1.0, 0.0, 0.0],
    minimum=[1.0, 0.0, 0.0],
    f_min=0.0,
    box=([-1.5, 0.2, -1.0], [1.5, 1.5, 3.0]),
    tags=["nonconvex", "valley", "least-squares"],
    source=MGH + "no. 7 (Fletcher and Powell 1963)",
)
def helical_valley(x, g):
    """100 (z - 10 angle / 2 pi)^2 + 100 (r - 1)^2 + z^2 in cylindrical coordinates.

    The angle jumps by a turn on the half plane x = 0, y < 0, which the way to the minimum avoids.
    """
    rr = x[0] * x[0] + x[1] * x[1]
    r = math.sqrt(rr)
    turn = math.atan(x[1] / where(x[0] == 0.0, 1e-300, x[0])) / (2.0 * math.pi)
    turn += where(x[0] < 0.0, 0.5, 0.0)
    a = x[2] - 10.0 * turn
    b = 200.0 * (r - 1.0) / r
    c = 1000.0 * a / (math.pi * rr)
    g[0] = b * x[0] + c * x[1]
    g[1] = b * x[1] - c * x[0]
    g[2] = 200.0 * a + 2.0 * x[2]
    return 100.0 * (a * a + (r - 1.0) * (r - 1.0)) + x[2] * x[2]


@problem(
    start=[1.0, 1.0],
    minimum=[1e6, 2e-6],
    f_min=0.0,
    box=(-10.0, 10.0),
    tags=["nonconvex", "valley", "ill-conditioned", "least-squares"],
    source=MGH + "no. 4",
)
def brown_badly_scaled(x, g):
    """(x - 1e6)^2 + (y - 2e-6)^2 + (x y - 2)^2: the coordinates differ by a factor of 1e12."""
    a = x[0] - 1e6
    b = x[1] - 2e-6
    c = x[0] * x[1] - 2.0
    g[0] = 2.0 * (a + c * x[1])
    g[1] = 2.0 * (b + c * x[0])
    return a * a + b * b + c * c


@problem(
    start=[0.0, 1.0],
    minimum=[1.0981593296998146e-05, 9.106146739866547],
    f_min=0.0,
    box=([-0.5, 0.0], [0.5, 10.0]),
    tags=["nonconvex", "several-basins", "valley", "ill-conditioned", "plateau", "least-squares"],
    source=MGH + "no. 3",
)
def powell_badly_scaled(x, g):
    """(1e4 x y - 1)^2 + (exp(-x) + exp(-y) - 1.0001)^2: along a hyperbola to a far corner.

    Its other branch, where x and y are negative, ends in a local minimum of value 1.04.
    """
    left = math.exp(-x[0])
    right = math.exp(-x[1])
    a = 1e4 * x[0] * x[1] - 1.0
    b = left + right - 1.0001
    g[0] = 2e4 * a * x[1] - 2.0 * b * left
    g[1] = 2e4 * a * x[0] - 2.0 * b * right
    return a * a + b * b


@problem(
    start=[0.5, -2.0],
    minimum=[5.0, 4.0],
    f_min=0.0,
    box=([-1.0, -3.0], [13.0, 5.0]),
    tags=["nonconvex", "valley", "several-basins", "least-squares"],
    source=MGH + "no. 2",
)
def freudenstein_roth(x, g):
    """Two cubics in y, linear in x: minima at (5, 4), and at (11.41, -0.897) with f = 48.98."""
    y = x[1]
    a = x[0] - 13.0 + ((5.0 - y) * y - 2.0) * y
    b = x[0] - 29.0 + ((y + 1.0) * y - 14.0) * y
    g[0] = 2.0 * (a + b)
    g[1] = 2.0 * (a * ((10.0 - 3.0 * y) * y - 2.0) + b * ((3.0 * y + 2.0) * y - 14.0))
    return a * a + b * b


@problem(
    start=[1.0, -1.0],
    minimum=[-0.029895985050660386, 0.0],
    f_min=-0.0037912372204688977,
    box=(-1.5, 2.5),
    tags=["nonconvex", "valley"],
    source="Schwefel 1995, Evolution and optimum seeking; Jamil and Yang 2013, no. 174 (Zettl)",
)
def zettl(x, g):
    """(x^2 + y^2 - 2 x)^2 + x / 4: a round valley about (1, 0), slightly tilted."""
    a = x[0] * x[0] + x[1] * x[1] - 2.0 * x[0]
    g[0] = 4.0 * a * (x[0] - 1.0) + 0.25
    g[1] = 4.0 * a * x[1]
    return a * a + 0.25 * x[0]
