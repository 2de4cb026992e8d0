"""Surfaces with a few basins: which one a method ends in, and how fast it settles there."""

import math

from optbench.define import problem

JAMIL = "Jamil and Yang 2013, A literature survey of benchmark functions, "


@problem(
    start=[0.0, 0.0],
    minimum=[3.0, 2.0],
    f_min=0.0,
    box=(-5.0, 5.0),
    tags=["nonconvex", "several-basins", "equal-minima", "least-squares"],
    source="Himmelblau 1972, Applied nonlinear programming",
)
def himmelblau(x, g):
    """(x^2 + y - 11)^2 + (x + y^2 - 7)^2: four minima, all of value 0."""
    a = x[0] * x[0] + x[1] - 11.0
    b = x[0] + x[1] * x[1] - 7.0
    g[0] = 4.0 * a * x[0] + 2.0 * b
    g[1] = 2.0 * a + 4.0 * b * x[1]
    return a * a + b * b


@problem(
    start=0.0,
    minimum=-2.903534027771177,
    f_min=lambda dim: -39.166165703771415 * dim,
    box=(-5.0, 5.0),
    tags=["nonconvex", "several-basins", "separable"],
    source="Styblinski and Tang 1990, Experiments in nonconvex optimization",
    dim=2,
    scalable=True,
)
def styblinski_tang(x, g):
    """Sum of (x_i^4 - 16 x_i^2 + 5 x_i) / 2: two minima in every coordinate, one of them global.

    The minimiser is the least root of 4 x^3 - 32 x + 5.
    """
    f = 0.0
    for i in range(len(x)):
        xx = x[i] * x[i]
        f += 0.5 * x[i] * (x[i] * (xx - 16.0) + 5.0)
        g[i] = x[i] * (2.0 * xx - 16.0) + 2.5
    return f


@problem(
    start=[1.0, -1.0],
    minimum=[0.08984201310031807, -0.7126564030207396],
    f_min=-1.0316284534898774,
    box=([-2.0, -1.5], [2.0, 1.5]),
    tags=["nonconvex", "several-basins"],
    source="Branin 1972; " + JAMIL + "no. 30",
)
def six_hump_camel(x, g):
    """(4 - 2.1 x^2 + x^4 / 3) x^2 + x y + (4 y^2 - 4) y^2: six minima, two of them global."""
    xx = x[0] * x[0]
    yy = x[1] * x[1]
    g[0] = x[0] * (8.0 + xx * (2.0 * xx - 8.4)) + x[1]
    g[1] = x[0] + x[1] * (16.0 * yy - 8.0)
    return xx * (4.0 + xx * (xx / 3.0 - 2.1)) + x[0] * x[1] + 4.0 * yy * (yy - 1.0)


@problem(
    start=[1.9, -1.0],
    minimum=0.0,
    f_min=0.0,
    box=(-3.0, 3.0),
    tags=["nonconvex", "several-basins"],
    source=JAMIL + "no. 29",
)
def three_hump_camel(x, g):
    """2 x^2 - 1.05 x^4 + x^6 / 6 + x y + y^2: three minima, the middle one global."""
    xx = x[0] * x[0]
    g[0] = x[0] * (4.0 + xx * (xx - 4.2)) + x[1]
    g[1] = x[0] + 2.0 * x[1]
    return xx * (2.0 + xx * (xx / 6.0 - 1.05)) + x[1] * (x[0] + x[1])


@problem(
    start=[1.0, 1.0],
    minimum=[0.0, -1.0],
    f_min=3.0,
    box=(-2.0, 2.0),
    tags=["nonconvex", "several-basins", "ill-conditioned"],
    source="Goldstein and Price 1971, On descent from local minima",
)
def goldstein_price(x, g):
    """A product of two quartics, from 3 to a million within the box; three other minima."""
    u = x[0] + x[1] + 1.0
    v = 2.0 * x[0] - 3.0 * x[1]
    s = x[0] + x[1]
    # both factors are quadratics of one combination of the coordinates
    a = 19.0 + s * (3.0 * s - 14.0)
    b = 18.0 + v * (3.0 * v - 16.0)
    c = 1.0 + u * u * a
    d = 30.0 + v * v * b
    slope_c = u * (2.0 * a + u * (6.0 * s - 14.0)) * d
    slope_d = v * (2.0 * b + v * (6.0 * v - 16.0)) * c
    g[0] = slope_c + 2.0 * slope_d
    g[1] = slope_c - 3.0 * slope_d
    return c * d


@problem(
    start=[4.0, 10.0],
    minimum=[math.pi, 2.275],
    f_min=10.0 / (8.0 * math.pi),
    box=([-5.0, 0.0], [10.0, 15.0]),
    tags=["nonconvex", "several-basins", "equal-minima", "valley"],
    source="Branin 1972, Widely convergent method for finding multiple solutions",
)
def branin(x, g):
    """(y - 5.1 x^2 / 4 pi^2 + 5 x / pi - 6)^2 + 10 (1 - 1 / 8 pi) cos(x) + 10: equal minima."""
    curve = 5.1 / (4.0 * math.pi * math.pi)
    tilt = 5.0 / math.pi
    wave = 10.0 - 10.0 / (8.0 * math.pi)
    a = x[1] - x[0] * (curve * x[0] - tilt) - 6.0
    g[0] = 2.0 * a * (tilt - 2.0 * curve * x[0]) - wave * math.sin(x[0])
    g[1] = 2.0 * a
    return a * a + wave * math.cos(x[0]) + 10.0


@problem(
    start=[0.5, 0.5, 0.5],
    minimum=[0.11461433858967195, 0.5556488499718569, 0.8525469535208658],
    f_min=-3.862782147820755,
    box=(0.0, 1.0),
    tags=["nonconvex", "several-basins", "plateau"],
    source="Hartman 1973, Some experiments in global optimization; " + JAMIL + "no. 62",
)
def hartmann_3(x, g, p):
    """Minus the sum of four anisotropic Gaussians in three dimensions."""
    return hollows(x, g, p, 4)


@problem(
    start=0.5,
    minimum=[
        0.20168951100670543,
        0.15001069182345797,
        0.476873974221897,
        0.2753324304940561,
        0.31165161660011326,
        0.6573005340656204,
    ],
    f_min=-3.322368011415515,
    box=(0.0, 1.0),
    tags=["nonconvex", "several-basins", "plateau"],
    source="Hartman 1973, Some experiments in global optimization; " + JAMIL + "no. 63",
)
def hartmann_6(x, g, p):
    """Minus the sum of four anisotropic Gaussians in six dimensions."""
    return hollows(x, g, p, 4)


def hollows(x, g, p, count):
    """-sum of c exp(-sum of a_j (x_j - b_j)^2) over rows (c, a_1, b_1, a_2, b_2, ..) of p."""
    d = len(x)
    f = 0.0
    for j in range(d):
        g[j] = 0.0 * x[j]
    for k in range(count):
        row = k * (2 * d + 1)
        s = 0.0
        for j in range(d):
            gap = x[j] - p[row + 2 * j + 2]
            s += p[row + 2 * j + 1] * gap * gap
        depth = p[row] * math.exp(-s)
        f -= depth
        for j in range(d):
            gap = x[j] - p[row + 2 * j + 2]
            g[j] = g[j] + 2.0 * depth * p[row + 2 * j + 1] * gap
    return f


def packed(weights, widths, places):
    """Rows (c, a_1, b_1, a_2, b_2, ..) as `hollows` reads them."""
    flat = []
    for c, row, place in zip(weights, widths, places, strict=True):
        flat += [c, *(v for pair in zip(row, place, strict=True) for v in pair)]
    return flat


HARTMANN_WEIGHTS = (1.0, 1.2, 3.0, 3.2)


@hartmann_3.constants
def hartmann_3_data(rng, dim):
    """Return weights, widths and places."""
    widths = [(3.0, 10.0, 30.0), (0.1, 10.0, 35.0)] * 2
    places = [
        (0.3689, 0.1170, 0.2673), (0.4699, 0.4387, 0.7470), (0.1091, 0.8732, 0.5547),
        (0.03815, 0.5743, 0.8828),
    ]  # fmt: skip
    return packed(HARTMANN_WEIGHTS, widths, places)


@hartmann_6.constants
def hartmann_6_data(rng, dim):
    """Return weights, widths and places."""
    widths = [
        (10.0, 3.0, 17.0, 3.5, 1.7, 8.0), (0.05, 10.0, 17.0, 0.1, 8.0, 14.0),
        (3.0, 3.5, 1.7, 10.0, 17.0, 8.0), (17.0, 8.0, 0.05, 10.0, 0.1, 14.0),
    ]  # fmt: skip
    places = [
        (0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886),
        (0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991),
        (0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.6650),
        (0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381),
    ]
    return packed(HARTMANN_WEIGHTS, widths, places)


@problem(
    start=[3.5, 4.5, 3.5, 4.5],
    minimum=[4.000746531592046, 4.000592934138532, 3.9996633980403224, 3.9995098005868077],
    f_min=-10.536409816692041,
    box=(0.0, 10.0),
    tags=["nonconvex", "several-basins", "plateau"],
    source="Shekel 1971, Test functions for multimodal search techniques; " + JAMIL + "no. 132",
)
def shekel(x, g, p):
    """-sum over 10 of 1 / (|x - a_k|^2 + b_k): ten foxholes in four dimensions."""
    f = 0.0
    for j in range(4):
        g[j] = 0.0 * x[j]
    for k in range(10):
        s = p[5 * k]
        for j in range(4):
            gap = x[j] - p[5 * k + j + 1]
            s += gap * gap
        depth = 1.0 / s
        f -= depth
        for j in range(4):
            g[j] = g[j] + 2.0 * depth * depth * (x[j] - p[5 * k + j + 1])
    return f


@shekel.constants
def shekel_data(rng, dim):
    """Return rows (b, a_1, .., a_4)."""
    widths = (0.1, 0.2, 0.2, 0.4, 0.4, 0.6, 0.3, 0.7, 0.5, 0.5)
    places = (
        (4, 4, 4, 4), (1, 1, 1, 1), (8, 8, 8, 8), (6, 6, 6, 6), (3, 7, 3, 7), (2, 9, 2, 9),
        (5, 5, 3, 3), (8, 1, 8, 1), (6, 2, 6, 2), (7, 3.6, 7, 3.6),
    )  # fmt: skip
    return [v for b, a in zip(widths, places, strict=True) for v in (b, *a)]
