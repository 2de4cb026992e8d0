"""More surfaces with a few basins in the plane: hidden, unequal, or far steeper than others."""

import math

from optbench.define import problem, where

from .basins import JAMIL


@problem(
    start=[1.5, 1.0],
    minimum=[-1.0466805318046023, 0.0],
    f_min=-0.3523860738000364,
    box=(-2.0, 2.0),
    tags=["nonconvex", "several-basins", "separable"],
    source="Aluffi-Pentini, Parisi and Zirilli 1985, Global optimization and stochastic "
    "differential equations, problem 6",
)
def aluffi_pentini(x, g):
    """x^4 / 4 - x^2 / 2 + x / 10 + y^2 / 2: a well on either side, the left one a little deeper."""
    xx = x[0] * x[0]
    g[0] = x[0] * (xx - 1.0) + 0.1
    g[1] = x[1]
    return xx * (0.25 * xx - 0.5) + 0.1 * x[0] + 0.5 * x[1] * x[1]


@problem(
    start=[0.5, 2.0],
    minimum=[0.0, 14.945112151891959],
    f_min=-24776.518342317686,
    box=([-5.0, -20.0], [5.0, 20.0]),
    tags=["nonconvex", "several-basins", "equal-minima", "ill-conditioned", "saddle"],
    source="Deckkers and Aarts 1991, Global optimization and simulated annealing",
)
def deckkers_aarts(x, g):
    """1e5 x^2 + y^2 - r^4 + 1e-5 r^8, r^2 = x^2 + y^2: two wells beside a low hill.

    f is least, -24776.5, at (0, -14.9) and (0, 14.9), where curvatures are 200000 and 3562.
    """
    xx = x[0] * x[0]
    yy = x[1] * x[1]
    s = xx + yy
    ring = s * (4e-5 * s * s - 2.0)
    g[0] = 2.0 * x[0] * (1e5 + ring)
    g[1] = 2.0 * x[1] * (1.0 + ring)
    return 1e5 * xx + yy - s * s + 1e-5 * s * s * s * s


@problem(
    start=[1.0, 1.0],
    minimum=[2.0, 4.0],
    f_min=0.0,
    box=([-1.0, -4.0], [3.0, 6.0]),
    tags=[
        "nonconvex", "several-basins", "equal-minima", "valley", "ill-conditioned", "least-squares",
    ],
    source="Price 1977, A controlled random search procedure for global optimisation",
)  # fmt: skip
def price_4(x, g):
    """(2 x^3 y - y^3)^2 + (6 x - y^2 + y)^2: 0 at (0, 0), (2, 4) and (1.464, -2.506).

    At (0, 0) the first square is of order eight.
    """
    xx = x[0] * x[0]
    a = x[1] * (2.0 * xx * x[0] - x[1] * x[1])
    b = 6.0 * x[0] - x[1] * (x[1] - 1.0)
    g[0] = 12.0 * (a * xx * x[1] + b)
    g[1] = 2.0 * a * (2.0 * xx * x[0] - 3.0 * x[1] * x[1]) + 2.0 * b * (1.0 - 2.0 * x[1])
    return a * a + b * b


@problem(
    start=[-1.0, 1.5],
    minimum=[1.0, 2.0],
    f_min=0.0,
    box=(-2.0, 3.0),
    tags=[
        "nonconvex", "several-basins", "equal-minima", "valley", "ill-conditioned", "least-squares",
    ],
    source="Wayburn and Seader 1987, Homotopy continuation methods for computer-aided process "
    "design; " + JAMIL + "no. 161",
)  # fmt: skip
def wayburn_seader(x, g):
    """(x^6 + y^4 - 17)^2 + (2 x + y - 4)^2: 0 where a ring crosses a line, (1, 2) and (1.6, 0.8).

    The ring is steep: slopes grow with the eleventh power of x.
    """
    xxx = x[0] * x[0] * x[0]
    yy = x[1] * x[1]
    a = xxx * xxx + yy * yy - 17.0
    b = 2.0 * x[0] + x[1] - 4.0
    g[0] = 12.0 * a * xxx * x[0] * x[0] + 4.0 * b
    g[1] = 8.0 * a * yy * x[1] + 2.0 * b
    return a * a + b * b


@problem(
    start=[0.0, 1.0],
    minimum=[3.4091868221900614, -2.171433036284005],
    f_min=1.7127803548622034,
    box=(-4.0, 4.0),
    tags=["nonconvex", "several-basins", "least-squares"],
    source="El-Attar, Vidyasagar and Dutta 1979, An algorithm for l1-norm minimization; "
    + JAMIL + "no. 50",
)  # fmt: skip
def el_attar(x, g):
    """(x^2 + y - 10)^2 + (x + y^2 - 7)^2 + (x^2 + y^3 - 1)^2: curves that do not meet."""
    xx = x[0] * x[0]
    yy = x[1] * x[1]
    a = xx + x[1] - 10.0
    b = x[0] + yy - 7.0
    c = xx + yy * x[1] - 1.0
    g[0] = 4.0 * x[0] * (a + c) + 2.0 * b
    g[1] = 2.0 * a + 4.0 * b * x[1] + 6.0 * c * yy
    return a * a + b * b + c * c


@problem(
    start=[0.5, -1.0],
    minimum=[-0.9095537365026206, -0.9505717126590494],
    f_min=34.04024310664062,
    box=(-2.0, 2.0),
    tags=["nonconvex", "several-basins", "valley", "ill-conditioned"],
    source="Price 1977, A controlled random search procedure for global optimisation; "
    + JAMIL + "no. 106 (modified Rosenbrock)",
)  # fmt: skip
def hole_beside_the_valley(x, g):
    """74 plus Rosenbrock's function less 400 exp(-10 ((x + 1)^2 + (y + 1)^2)): a hole in its wall.

    The valley's floor, 74, is the local minimum where almost all descents end.
    """
    a = x[1] - x[0] * x[0]
    b = 1.0 - x[0]
    u = x[0] + 1.0
    v = x[1] + 1.0
    hole = 400.0 * math.exp(-10.0 * (u * u + v * v))
    g[0] = 20.0 * u * hole - 400.0 * a * x[0] - 2.0 * b
    g[1] = 20.0 * v * hole + 200.0 * a
    return 74.0 + 100.0 * a * a + b * b - hole


def sinc(v):
    """sin(pi v) / (pi v) and its slope, by a series near 0."""
    a = math.pi * v
    near = abs(a) < 1e-2
    safe = where(near, 1.0, a)
    aa = a * a
    wave = math.sin(safe) / safe
    value = where(near, 1.0 - aa / 6.0 * (1.0 - aa / 20.0), wave)
    slope = where(near, a / 3.0 * (0.1 * aa - 1.0), (math.cos(safe) - wave) / safe)
    return value, math.pi * slope


@problem(
    start=[9.0, 5.0],
    minimum=[2.0, 2.0],
    f_min=0.0,
    box=(0.0, 14.0),
    tags=["nonconvex", "several-basins"],
    source="Damavandi and Safavi-Naeini 2005, A hybrid evolutionary programming method for circuit "
    "optimization",
)
def damavandi(x, g):
    """(1 - |sinc(x - 2) sinc(y - 2)|^5) (2 + (x - 7)^2 + 2 (y - 7)^2): a needle's eye to 0.

    All around is a bowl of least value 2; its global minimum is a hole with a radius of one, where
    the bowl is 77 high.
    """
    a, slope_a = sinc(x[0] - 2.0)
    b, slope_b = sinc(x[1] - 2.0)
    product = a * b
    square = product * product
    fourth = square * square
    hole = abs(product) * fourth
    u = x[0] - 7.0
    v = x[1] - 7.0
    bowl = 2.0 + u * u + 2.0 * v * v
    steep = 5.0 * fourth * math.copysign(bowl, product)
    g[0] = 2.0 * u * (1.0 - hole) - steep * slope_a * b
    g[1] = 4.0 * v * (1.0 - hole) - steep * slope_b * a
    return (1.0 - hole) * bowl
