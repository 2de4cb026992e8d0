"""Least squares on the two data sets of Osborne: sums of exponentials and of peaks."""

import math

from optbench.define import problem

MGH = "Moré, Garbow and Hillstrom 1981, Testing unconstrained optimization software, "


@problem(
    start=[0.5, 1.5, -1.0, 0.01, 0.02],
    minimum=[
        0.37541005210695216,
        1.9358469127123763,
        -1.4646871366134324,
        0.012867534640057311,
        0.022122699661672584,
    ],
    f_min=5.464894697482957e-05,
    box=([0.0, 1.0, -2.0, 0.005, 0.015], [1.0, 2.0, -0.5, 0.02, 0.03]),
    tags=["nonconvex", "valley", "ill-conditioned", "least-squares"],
    source=MGH + "no. 17",
)
def osborne_1(x, g, p):
    """Sum over t = 0, 10, .., 320 of (y - x_1 - x_2 exp(-t x_4) - x_3 exp(-t x_5))^2."""
    ratio_a = math.exp(-10.0 * x[3])
    ratio_b = math.exp(-10.0 * x[4])
    a = 1.0 + 0.0 * ratio_a
    b = 1.0 + 0.0 * ratio_b
    f = 0.0
    for i in range(5):
        g[i] = 0.0 * x[0]
    for i in range(33):
        t = 10.0 * i
        r = p[i] - (x[0] + x[1] * a + x[2] * b)
        f += r * r
        ra, rb = 2.0 * r * a, 2.0 * r * b
        g[0] = g[0] - 2.0 * r
        g[1] = g[1] - ra
        g[2] = g[2] - rb
        g[3] = g[3] + t * x[1] * ra
        g[4] = g[4] + t * x[2] * rb
        a = a * ratio_a
        b = b * ratio_b
    return f


@osborne_1.constants
def osborne_1_data(rng, dim):
    """Return y."""
    return [
        0.844, 0.908, 0.932, 0.936, 0.925, 0.908, 0.881, 0.850, 0.818, 0.784, 0.751, 0.718, 0.685,
        0.658, 0.628, 0.603, 0.580, 0.558, 0.538, 0.522, 0.506, 0.490, 0.478, 0.467, 0.457, 0.448,
        0.438, 0.431, 0.424, 0.420, 0.414, 0.411, 0.406,
    ]  # fmt: skip


@problem(
    start=[1.3, 0.65, 0.65, 0.7, 0.6, 3.0, 5.0, 7.0, 2.0, 4.5, 5.5],
    minimum=[
        1.3099771546273007, 0.43155379460298904, 0.633661698960724, 0.5994305347859165,
        0.7541832263280118, 0.9042885798596333, 1.3658118352370285, 4.823698817227156,
        2.3986848661317546, 4.568874597667672, 5.6753414705806415,
    ],
    f_min=0.04013773629354771,
    box=(
        [1.0, 0.3, 0.3, 0.3, 0.3, 0.5, 1.0, 4.0, 1.8, 4.2, 5.3],
        [1.6, 0.8, 0.8, 0.8, 0.9, 3.5, 5.5, 8.0, 2.6, 4.8, 5.8],
    ),
    tags=["nonconvex", "valley", "ill-conditioned", "several-basins", "least-squares"],
    source=MGH + "no. 19",
)  # fmt: skip
def osborne_2(x, g, p):
    """Sum over t = 0, 0.1, .., 6.4 of the squared misfit of a decay and three Gaussian peaks.

    The model is x_1 exp(-t x_5) + sum over k = 2, 3, 4 of x_k exp(-x_{k+4} (t - x_{k+7})^2).
    """
    ratio = math.exp(-0.1 * x[4])
    decay = 1.0 + 0.0 * ratio
    f = 0.0
    for i in range(11):
        g[i] = 0.0 * x[0]
    for i in range(65):
        t = 0.1 * i
        model = x[0] * decay
        a = t - x[8]
        b = t - x[9]
        c = t - x[10]
        peak_a = math.exp(-x[5] * a * a)
        peak_b = math.exp(-x[6] * b * b)
        peak_c = math.exp(-x[7] * c * c)
        r = p[i] - (model + x[1] * peak_a + x[2] * peak_b + x[3] * peak_c)
        f += r * r
        r = 2.0 * r
        g[0] = g[0] - r * decay
        g[4] = g[4] + r * t * model
        _peak(g, 1, r * peak_a, x[1], x[5], a)
        _peak(g, 2, r * peak_b, x[2], x[6], b)
        _peak(g, 3, r * peak_c, x[3], x[7], c)
        decay = decay * ratio
    return f


def _peak(g, k, pull, height, width, gap):
    """Add what one datum pulls at the height, width and place of one peak."""
    g[k] = g[k] - pull
    lever = pull * height * gap
    g[k + 4] = g[k + 4] + lever * gap
    g[k + 7] = g[k + 7] - 2.0 * lever * width


@osborne_2.constants
def osborne_2_data(rng, dim):
    """Return y."""
    return [
        1.366, 1.191, 1.112, 1.013, 0.991, 0.885, 0.831, 0.847, 0.786, 0.725, 0.746, 0.679, 0.608,
        0.655, 0.616, 0.606, 0.602, 0.626, 0.651, 0.724, 0.649, 0.649, 0.694, 0.644, 0.624, 0.661,
        0.612, 0.558, 0.533, 0.495, 0.500, 0.423, 0.395, 0.375, 0.372, 0.391, 0.396, 0.405, 0.428,
        0.429, 0.523, 0.562, 0.607, 0.653, 0.672, 0.708, 0.633, 0.668, 0.645, 0.632, 0.591, 0.559,
        0.597, 0.625, 0.739, 0.710, 0.729, 0.720, 0.636, 0.581, 0.428, 0.292, 0.162, 0.098, 0.054,
    ]  # fmt: skip
