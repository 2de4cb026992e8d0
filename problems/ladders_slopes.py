"""Ladders of slopes: exploding, vanishing, jumping, flat for long, saddles, other minima, games."""

import math

import numpy as np

from optbench.define import ladder, where

from ._ladders import LEVELS, bowl, geometric, spread


def growing(x, g, p):
    """Sum of (cosh(p_d u_i) - 1) / p_d^2 over u_0 = z_0 and u_i = z_i - 0.5 z_{i-1}."""
    d = len(x)
    f = 0.0
    before = 0.0
    for i in range(d):
        z = x[i] - p[i]
        u = z - 0.5 * before
        up, down = math.exp(p[d] * u), math.exp(-p[d] * u)
        steep = 0.5 * (up - down) / p[d]
        g[i] = steep
        if i > 0:
            g[i - 1] = g[i - 1] - 0.5 * steep
        f += (0.5 * (up + down) - 1.0) / (p[d] * p[d])
        before = z
    return f


@ladder("exploding", "growth rate of slopes", LEVELS["exploding"], geometric(0.2, 40, 41))
def exploding(rate):
    """Slopes grow exponentially with the distance; the curvature at the minimum stays 1."""
    return bowl(
        growing,
        [rate],
        box=(-2.0, 2.0),
        tags=["convex", "cliff"],
        source="Pascanu, Mikolov and Bengio 2013, On the difficulty of training recurrent neural "
        "networks (exploding gradients)",
        targets="absolute",
        target=1e-3,
    )


def well(x, g, p):
    """1 - exp(-sum of p_{d+i} z_i^2 / 2)."""
    d = len(x)
    exponent = 0.0
    for i in range(d):
        z = x[i] - p[i]
        exponent += 0.5 * p[d + i] * z * z
    depth = math.exp(-exponent)
    for i in range(d):
        g[i] = p[d + i] * (x[i] - p[i]) * depth
    return 1.0 - depth


@ladder("vanishing", "start, in widths of the well", LEVELS["vanishing"], geometric(0.5, 20, 41))
def vanishing(distance):
    """Slopes vanish like a Gaussian's with the distance of the start."""
    each = np.full(10, distance / math.sqrt(10))
    return bowl(
        well,
        spread(10.0, 10),
        start=each,
        box=(0.7 * each, 1.3 * each),
        tags=["nonconvex", "plateau"],
        source="Hochreiter 1991, Untersuchungen zu dynamischen neuronalen Netzen (vanishing "
        "gradients); Dennis and Welsch 1978, Techniques for nonlinear least squares and robust "
        "regression",
        target=1e-3,
    )


def product(x, g, p):
    """(product of z_i + 1, less 1)^2 / 2: a linear net of depth d whose layers have one unit."""
    d = len(x)
    before = 1.0
    for i in range(d):
        g[i] = before
        before = before * (x[i] - p[i] + 1.0)
    miss = before - 1.0
    after = miss
    for i in range(d - 1, -1, -1):
        g[i] = g[i] * after
        after = after * (x[i] - p[i] + 1.0)
    return 0.5 * miss * miss


@ladder("depth", "one over the weights at the start", LEVELS["depth"], geometric(1.1, 30, 41))
def depth(shrunk):
    """A deep linear net of twelve weights, which begin small: its slopes are products of eleven."""
    weight = 1.0 / shrunk
    return bowl(
        product,
        dim=12,
        start=weight - 1.0,
        box=(0.8 * weight - 1.0, 1.2 * weight - 1.0),
        tags=["nonconvex", "plateau", "saddle"],
        source="Saxe, McClelland and Ganguli 2014, Exact solutions to the nonlinear dynamics of "
        "learning in deep linear neural networks",
        target=1e-4,
    )


def stairs(x, g, p):
    """Sum of p_d z_i^2 / 2 and of three smooth steps, at |z_i| = 1, 2 and 3.

    p_{d+j} is what is left of step j at 0.
    """
    d = len(x)
    f = 0.0
    for i in range(d):
        z = x[i] - p[i]
        f += 0.5 * p[d] * z * z
        slope = p[d]
        for j in range(1, 4):
            rise = 1.0 / (1.0 + math.exp(p[d + 4] * (j * j - z * z)))
            f += rise - p[d + j]
            slope += 2.0 * p[d + 4] * rise * (1.0 - rise)
        g[i] = slope * z
    return f


@ladder("plateaus", "steepness of the steps", LEVELS["plateaus"], geometric(1, 30, 41))
def plateaus(steepness):
    """Steps with ground between them that is the flatter, the steeper they are."""
    left = [1.0 / (1.0 + math.exp(steepness * j * j)) for j in (1, 2, 3)]
    return bowl(
        stairs,
        [1e-12, *left, steepness],
        box=(-3.5, 3.5),
        start=3.2,
        tags=["nonconvex", "separable", "plateau"],
        source="De Jong 1975, An analysis of the behavior of a class of genetic adaptive systems, "
        "no. 3 (steps)",
        targets="absolute",
        target=1e-2,
    )


def monkey(x, g, p):
    """Sum over planes of (-Re(z^n) + |z|^(2n) / 2 + 1 / 2) / n, z = (u, v) + (1, 0), n = p_d."""
    d = len(x)
    f = 0.0
    for b in range(d // 2):
        u, v = x[2 * b] - p[2 * b] + 1.0, x[2 * b + 1] - p[2 * b + 1]
        a, c = 1.0, 0.0  # z^k, from k = 0 to n - 1
        for _ in range(int(p[d] + 0.5) - 1):
            a, c = a * u - c * v, a * v + c * u
        size = a * a + c * c  # |z|^(2n - 2)
        square = u * u + v * v
        g[2 * b] = size * u - a
        g[2 * b + 1] = size * v + c
        f += (c * v - a * u + 0.5 * size * square + 0.5) / p[d]
    return f


@ladder(
    "saddle_order", "order of the saddle", LEVELS["saddle_order"], [float(n) for n in range(2, 21)]
)
def saddle_order(order):
    """Saddles whose slopes vanish like a power of the distance; the start is a tenth away."""
    return bowl(
        monkey,
        [order],
        start=np.resize([-0.92, 0.05], 10),
        box=(np.resize([-1.1, -0.1], 10), np.resize([-0.9, 0.1], 10)),
        tags=["nonconvex", "saddle", "several-basins", "equal-minima"],
        source="Anandkumar and Ge 2016, Efficient approaches for escaping higher order saddle "
        "points",
        target=1e-2,
    )


def kinked(x, g, p):
    """Sum of p_{d+i} ((1 - s) u_i^2 / 2 + s |u_i|), s = p_2d.

    Over u_0 = z_0 and u_i = z_i - 0.5 z_{i-1}.
    """
    d = len(x)
    share = p[2 * d]
    f = 0.0
    before = 0.0
    for i in range(d):
        z = x[i] - p[i]
        u = z - 0.5 * before
        sign = where(u > 0.0, 1.0, where(u < 0.0, -1.0, 0.0))
        steep = p[d + i] * ((1.0 - share) * u + share * sign)
        g[i] = steep
        if i > 0:
            g[i - 1] = g[i - 1] - 0.5 * steep
        f += p[d + i] * (0.5 * (1.0 - share) * u * u + share * sign * u)
        before = z
    return f


@ladder("kinks", "jump of the slope", LEVELS["kinks"], geometric(1e-3, 1, 37))
def kinks(jump):
    """Slopes that jump at the minimum: steps that do not shrink end the farther from it."""
    return bowl(
        kinked,
        [*spread(10.0, 10), jump],
        tags=["convex", "nonsmooth"],
        source="Shor 1985, Minimization methods for non-differentiable functions",
        target=1e-4,
    )


def game(x, g, p):
    """Min over u, max over v of a |u|^2 / 2 + u'v - a |v|^2 / 2, a = p_d: its duality gap.

    The gap at (u, v) is (a + 1 / a) (|u|^2 + |v|^2) / 2; g is down which u goes and v climbs.
    """
    d = len(x)
    half = d // 2
    a = p[d]
    f = 0.0
    for i in range(half):
        u, v = x[i] - p[i], x[half + i] - p[half + i]
        g[i] = a * u + v
        g[half + i] = a * v - u
        f += 0.5 * (a + 1.0 / a) * (u * u + v * v)
    return f


@ladder("games", "coupling of the players", LEVELS["games"], geometric(0.5, 30, 41))
def games(coupled):
    """A strongly convex and concave game: the more its players are coupled, the more it turns."""
    return bowl(
        game,
        [1.0 / coupled],
        tags=["convex", "game"],
        source="Mescheder, Nowozin and Geiger 2017, The numerics of GANs (eigenvalues turn to the "
        "imaginary axis)",
        target=1e-2,
    )


def rippled(x, g, p):
    """Sum of z_i^2 / 2 + p_d (1 - cos(2 pi z_i))."""
    d = len(x)
    f = 0.0
    for i in range(d):
        z = x[i] - p[i]
        angle = 2.0 * math.pi * z
        f += 0.5 * z * z + p[d] * (1.0 - math.cos(angle))
        g[i] = z + 2.0 * math.pi * p[d] * math.sin(angle)
    return f


@ladder("ripples", "height of the ripples", LEVELS["ripples"], geometric(0.1, 0.6, 61))
def ripples(height):
    """A bowl with ripples: from a height of 0.117 on there are other minima.

    The slope of z^2 / 2 + h (1 - cos(2 pi z)) has other zeros if 4 pi^2 h > 4.6034.
    """
    return bowl(
        rippled,
        [height],
        start=2.2,
        tags=["nonconvex", "several-basins", "many-minima", "separable"],
        source="Rastrigin 1974, Systems of extremal control",
        target=1e-2,
    )


def needle(x, g, p):
    """|z|^2 / 2 + log(1 + p_d |z|^2) / 2."""
    d = len(x)
    square = 0.0
    for i in range(d):
        z = x[i] - p[i]
        square += z * z
    inner = 1.0 + p[d] * square
    for i in range(d):
        g[i] = (x[i] - p[i]) * (1.0 + p[d] / inner)
    return 0.5 * square + 0.5 * math.log(inner)


@ladder("sharpness", "curvature at the minimum", LEVELS["sharpness"], geometric(1, 1e6, 43))
def sharpness(curvature):
    """A minimum much sharper than all around it: what suits the way does not suit the end."""
    return bowl(
        needle,
        [curvature],
        tags=["nonconvex", "ill-conditioned"],
        source="Cohen et al. 2021, Gradient descent on neural networks typically occurs at the "
        "edge of stability (curvature grows on the way)",
        target=1e-3,
    )
