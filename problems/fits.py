"""Least squares: models with few parameters fitted to the published data of classical tests.

Exponentials at equally spaced times are powers of one exponential, so each is evaluated once.
"""

import math

from optbench.define import problem

MGH = "Moré, Garbow and Hillstrom 1981, Testing unconstrained optimization software, "


@problem(
    start=[0.3, 0.4],
    minimum=[0.2578252136703641, 0.2578252136703641],
    f_min=124.36218235561483,
    box=([0.1, 0.1], [0.4, 0.4]),
    tags=["nonconvex", "valley", "ill-conditioned", "least-squares"],
    source=MGH + "no. 6",
)
def jennrich_sampson(x, g):
    """Sum over i = 1..10 of (2 + 2 i - exp(i x) - exp(i y))^2."""
    ratio_a = math.exp(x[0])
    ratio_b = math.exp(x[1])
    a = ratio_a
    b = ratio_b
    f = 0.0
    slope_a = 0.0
    slope_b = 0.0
    for i in range(10):
        r = 2.0 * i + 4.0 - (a + b)
        f += r * r
        slope_a += r * (i + 1.0) * a
        slope_b += r * (i + 1.0) * b
        a = a * ratio_a
        b = b * ratio_b
    g[0] = -2.0 * slope_a
    g[1] = -2.0 * slope_b
    return f


@problem(
    start=[1.0, 1.0, 1.0],
    minimum=[0.082410559749789, 1.133036092029723, 2.3436951786425357],
    f_min=0.00821487730657897,
    box=([0.0, 0.5, 0.5], [1.0, 3.0, 3.0]),
    tags=["nonconvex", "valley", "ill-conditioned", "least-squares"],
    source=MGH + "no. 8",
)
def bard(x, g, p):
    """Sum over i = 1..15 of (y_i - x - u / (v y + w z))^2: u = i, v = 16 - i, w = min(u, v)."""
    f = 0.0
    g[0] = 0.0 * x[0]
    g[1] = 0.0 * x[0]
    g[2] = 0.0 * x[0]
    for i in range(15):
        u = i + 1.0
        v = 15.0 - i
        w = min(u, v)
        bottom = 1.0 / (v * x[1] + w * x[2])
        ratio = u * bottom
        r = p[i] - x[0] - ratio
        slope = 2.0 * r * ratio * bottom
        f += r * r
        g[0] = g[0] - 2.0 * r
        g[1] = g[1] + slope * v
        g[2] = g[2] + slope * w
    return f


@bard.constants
def bard_data(rng, dim):
    """Return y."""
    return [
        0.14, 0.18, 0.22, 0.25, 0.29, 0.32, 0.35, 0.39, 0.37, 0.58, 0.73, 0.96, 1.34, 2.10, 4.39,
    ]  # fmt: skip


@problem(
    start=[0.4, 1.0, 0.0],
    minimum=[0.39895613783875666, 1.0000190844878056, 0.0],
    f_min=1.1279327696193028e-08,
    box=([0.0, 0.5, -1.0], [1.0, 2.0, 1.0]),
    tags=["nonconvex", "least-squares"],
    source=MGH + "no. 9",
)
def gaussian_fit(x, g, p):
    """Sum over i = 1..15 of (x exp(-y (t_i - z)^2 / 2) - data_i)^2, t_i = (8 - i) / 2."""
    f = 0.0
    g[0] = 0.0 * x[0]
    g[1] = 0.0 * x[0]
    g[2] = 0.0 * x[0]
    for i in range(15):
        gap = 3.5 - 0.5 * i - x[2]
        bell = math.exp(-0.5 * x[1] * gap * gap)
        model = x[0] * bell
        r = model - p[i]
        slope = 2.0 * r * model * gap
        f += r * r
        g[0] = g[0] + 2.0 * r * bell
        g[1] = g[1] - 0.5 * slope * gap
        g[2] = g[2] + slope * x[1]
    return f


@gaussian_fit.constants
def gaussian_data(rng, dim):
    """Return the normal density to four digits."""
    half = [0.0009, 0.0044, 0.0175, 0.0540, 0.1295, 0.2420, 0.3521]
    return [*half, 0.3989, *half[::-1]]


@problem(
    start=[0.0, 10.0, 20.0],
    minimum=[1.0, 10.0, 1.0],
    f_min=0.0,
    box=([0.0, 5.0, 0.0], [3.0, 15.0, 20.0]),
    tags=["nonconvex", "valley", "several-basins", "equal-minima", "least-squares"],
    source=MGH + "no. 12",
)
def box_3d(x, g, p):
    """Sum over t = 0.1, .., 1 of (exp(-t x) - exp(-t y) - z (exp(-t) - exp(-10 t)))^2.

    Also 0 at (10, 1, -1) and on the line x = y, z = 0.
    """
    ratio_a = math.exp(-0.1 * x[0])
    ratio_b = math.exp(-0.1 * x[1])
    a = ratio_a
    b = ratio_b
    f = 0.0
    slope_a = 0.0
    slope_b = 0.0
    slope_c = 0.0
    for i in range(10):
        t = 0.1 * (i + 1.0)
        r = a - b - x[2] * p[i]
        f += r * r
        slope_a += r * t * a
        slope_b += r * t * b
        slope_c += r * p[i]
        a = a * ratio_a
        b = b * ratio_b
    g[0] = -2.0 * slope_a
    g[1] = 2.0 * slope_b
    g[2] = -2.0 * slope_c
    return f


@box_3d.constants
def box_3d_factors(rng, dim):
    """Return exp(-t) - exp(-10 t)."""
    return [math.exp(-0.1 * i) - math.exp(-i) for i in range(1, 11)]


@problem(
    start=[0.25, 0.39, 0.415, 0.39],
    minimum=[0.19280693457903791, 0.19128232873436662, 0.12305650692632085, 0.13606233068379467],
    f_min=0.000307505603849238,
    box=(0.0, 0.42),
    tags=["nonconvex", "several-basins", "valley", "ill-conditioned", "least-squares"],
    source=MGH + "no. 15",
)
def kowalik_osborne(x, g, p):
    """Sum over 11 data of (y - x_1 (u^2 + u x_2) / (u^2 + u x_3 + x_4))^2: a rate of reaction.

    There are poles, and other minima beyond them and towards infinity.
    """
    f = 0.0
    for i in range(4):
        g[i] = 0.0 * x[0]
    for i in range(11):
        y, u = p[2 * i], p[2 * i + 1]
        top = u * (u + x[1])
        bottom = 1.0 / (u * (u + x[2]) + x[3])
        share = top * bottom
        r = y - x[0] * share
        slope = 2.0 * r * bottom
        f += r * r
        g[0] = g[0] - 2.0 * r * share
        g[1] = g[1] - slope * x[0] * u
        slope = slope * x[0] * share
        g[2] = g[2] + slope * u
        g[3] = g[3] + slope
    return f


@kowalik_osborne.constants
def kowalik_osborne_data(rng, dim):
    """Return pairs (y, u)."""
    return [
        0.1957, 4.0, 0.1947, 2.0, 0.1735, 1.0, 0.1600, 0.5, 0.0844, 0.25, 0.0627, 0.167,
        0.0456, 0.125, 0.0342, 0.1, 0.0323, 0.0833, 0.0235, 0.0714, 0.0246, 0.0625,
    ]  # fmt: skip


@problem(
    start=[1.0, 2.0, 1.0, 1.0, 1.0, 1.0],
    minimum=[1.0, 10.0, 1.0, 5.0, 4.0, 3.0],
    f_min=0.0,
    box=([0.0, 1.0, 0.0, 0.0, 0.0, 0.0], [2.0, 12.0, 2.0, 6.0, 5.0, 4.0]),
    tags=["nonconvex", "valley", "plateau", "ill-conditioned", "several-basins", "least-squares"],
    source=MGH + "no. 18 (m = 13)",
)
def biggs_exp6(x, g, p):
    """Sum over t = 0.1, .., 1.3 of (x_3 exp(-t x_1) - x_4 exp(-t x_2) + x_6 exp(-t x_5) - y)^2.

    The data are the model at the minimum; f is 0.005656 at a local one.
    """
    ratio_a = math.exp(-0.1 * x[0])
    ratio_b = math.exp(-0.1 * x[1])
    ratio_c = math.exp(-0.1 * x[4])
    a = ratio_a
    b = ratio_b
    c = ratio_c
    f = 0.0
    for i in range(6):
        g[i] = 0.0 * x[0]
    for i in range(13):
        double_t = 0.2 * (i + 1.0)
        r = x[2] * a - x[3] * b + x[5] * c - p[i]
        f += r * r
        ra, rb, rc = r * a, r * b, r * c
        g[0] = g[0] - double_t * x[2] * ra
        g[1] = g[1] + double_t * x[3] * rb
        g[2] = g[2] + 2.0 * ra
        g[3] = g[3] - 2.0 * rb
        g[4] = g[4] - double_t * x[5] * rc
        g[5] = g[5] + 2.0 * rc
        a = a * ratio_a
        b = b * ratio_b
        c = c * ratio_c
    return f


@biggs_exp6.constants
def biggs_data(rng, dim):
    """Return y."""
    times = [0.1 * i for i in range(1, 14)]
    return [math.exp(-t) - 5.0 * math.exp(-10.0 * t) + 3.0 * math.exp(-4.0 * t) for t in times]


WATSON = {
    6: [
        -0.015725086401458664, 1.0124348693691099, -0.23299162595673778, 1.2604300877996073,
        -1.5137289227222777, 0.9929964324311331,
    ],
    9: [
        -1.5307036521392685e-05, 0.999789703931948, 0.014763963693583385, 0.14634232829907096,
        1.0008211030060554, -2.61773114052221, 4.1044031644829415, -3.1436122785591145,
        1.0526264080108674,
    ],
}  # fmt: skip


@problem(
    start=0.0,
    minimum=WATSON.get,
    f_min={6: 0.00228767005355241, 9: 1.3997601381063598e-06}.get,
    box=(-1.0, 1.0),
    tags=["nonconvex", "valley", "ill-conditioned", "least-squares"],
    source=MGH + "no. 20",
    dim=6,
    dims=(6, 9),
)
def watson(x, g):
    """A polynomial's misfit in u' = 1 + u^2, u(0) = 0, at t = 1/29, .., 1."""
    first = x[0]
    second = x[1] - first * first - 1.0
    f = first * first + second * second
    for j in range(len(x)):
        g[j] = 0.0 * first
    g[0] = 2.0 * first - 4.0 * first * second
    g[1] = 2.0 * second
    for i in range(29):
        t = (i + 1.0) / 29.0
        value = x[0]
        slope = 0.0
        power = 1.0
        for j in range(1, len(x)):
            slope += j * power * x[j]
            power = power * t
            value += power * x[j]
        r = slope - value * value - 1.0
        f += r * r
        r = 2.0 * r
        back = 2.0 * r * value
        g[0] = g[0] - back
        power = 1.0
        for j in range(1, len(x)):
            g[j] = g[j] + power * (j * r - t * back)
            power = power * t
    return f
