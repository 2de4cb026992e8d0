"""Ladders of slopes: exploding, vanishing, jumping, flat for long, saddles, other minima, games."""

import math

import numpy as np

from optbench.define import ladder, where

from ._ladders import LEVELS, bowl, geometric, spread, whole


def exploding_sum(x, g, p):
    """Sum of (cosh(p u) - 1) / p^2 over u_0 = x_0 and u_i = x_i - 0.5 x_{i-1}."""
    d = len(x)
    f = 0.0
    before = 0.0
    for i in range(d):
        u = x[i] - 0.5 * before
        up, down = math.exp(p[0] * u), math.exp(-p[0] * u)
        steep = 0.5 * (up - down) / p[0]
        g[i] = steep
        if i > 0:
            g[i - 1] = g[i - 1] - 0.5 * steep
        f += (0.5 * (up + down) - 1.0) / (p[0] * p[0])
        before = x[i]
    return f


@ladder("exploding", "growth rate of slopes", LEVELS["exploding"], geometric(0.2, 40, 25))
def exploding(rate):
    """Slopes grow exponentially with the distance; curvature at the minimum stays 1."""
    return bowl(
        exploding_sum,
        lambda rng, dim: [rate],
        box=(-2.0, 2.0),
        tags=["convex", "cliff"],
        source="Pascanu, Mikolov and Bengio 2013, On the difficulty of training recurrent neural "
        "networks (exploding gradients)",
        targets="absolute",
        target=1e-6,
    )


def well(x, g, p):
    """1 - exp(-sum of p_i x_i^2 / 2)."""
    exponent = 0.0
    for i in range(len(x)):
        exponent += 0.5 * p[i] * x[i] * x[i]
    depth = math.exp(-exponent)
    for i in range(len(x)):
        g[i] = p[i] * x[i] * depth
    return 1.0 - depth


@ladder("vanishing", "start, in widths of the well", LEVELS["vanishing"], geometric(0.5, 16, 26))
def vanishing(distance):
    """Slopes vanish like a Gaussian's with the distance of the start."""
    return bowl(
        well,
        lambda rng, dim: spread(10.0, dim),
        start=lambda dim: np.full(dim, distance / math.sqrt(dim)),
        box=(
            lambda dim: np.full(dim, 0.7 * distance / math.sqrt(dim)),
            lambda dim: np.full(dim, 1.3 * distance / math.sqrt(dim)),
        ),
        tags=["nonconvex", "plateau"],
        source="Hochreiter 1991, Untersuchungen zu dynamischen neuronalen Netzen (vanishing "
        "gradients); Welsch 1975 (the Gaussian loss)",
    )


def product(x, g, p):
    """(product of x_i + 1, less 1)^2 / 2: a linear net of depth d whose layers have one unit."""
    d = len(x)
    f = 1.0
    for i in range(d):
        g[i] = f
        f = f * (x[i] + 1.0)
    after = f - 1.0
    miss = f - 1.0
    for i in range(d - 1, -1, -1):
        g[i] = g[i] * after
        after = after * (x[i] + 1.0)
    return p[0] * 0.5 * miss * miss


@ladder("depth", "one over the weights at the start", LEVELS["depth"], geometric(1.1, 20, 26))
def depth(shrunk):
    """A deep linear net of twelve weights, which begin small: its slopes are products of eleven."""
    weight = 1.0 / shrunk
    return bowl(
        product,
        lambda rng, dim: [1.0],
        dim=12,
        start=lambda dim: weight - 1.0,
        box=(
            lambda dim: np.full(dim, 0.8 * weight - 1.0),
            lambda dim: np.full(dim, 1.2 * weight - 1.0),
        ),
        tags=["nonconvex", "plateau", "saddle"],
        source="Saxe, McClelland and Ganguli 2014, Exact solutions to the nonlinear dynamics of "
        "learning in deep linear neural networks",
    )


def stairs(x, g, p):
    """Sum of p x_i^2 / 2 and three smooth steps, at |x_i| = 1, 2 and 3."""
    f = 0.0
    for i in range(len(x)):
        square = x[i] * x[i]
        slope = p[0]
        f += 0.5 * p[0] * square
        for j in range(1, 4):
            rise = 1.0 / (1.0 + math.exp(6.0 * (j * j - square)))
            f += rise - p[j]
            slope += 12.0 * rise * (1.0 - rise)
        g[i] = slope * x[i]
    return f


@ladder("plateaus", "one over the slope between steps", LEVELS["plateaus"], geometric(1, 1e12, 25))
def plateaus(flatness):
    """Steps with flat ground between them, whose slope is less and less."""
    return bowl(
        stairs,
        lambda rng, dim: [1.0 / flatness, *(1.0 / (1.0 + math.exp(6.0 * j * j)) for j in (1, 2, 3))],
        box=(-3.5, 3.5),
        start=3.2,
        tags=["nonconvex", "separable", "plateau"],
        source="Hochreiter and Schmidhuber 1997, Flat minima (plateaus); De Jong 1975, no. 3 "
        "(steps)",
        targets="absolute",
        target=1e-1,
    )


def monkey(x, g, p):
    """Sum over planes of -Re(z^n) / n + |z|^(2n) / (2n) + 1 / (2n), z = (u, v) + (1, 0)."""
    f = 0.0
    for b in range(len(x) // 2):
        u, v = x[2 * b] + 1.0, x[2 * b + 1]
        a, c = 1.0, 0.0  # z^k, from k = 0 to n - 1
        for _ in range(round(p[0]) - 1):
            a, c = a * u - c * v, a * v + c * u
        size = a * a + c * c  # |z|^(2n - 2)
        square = u * u + v * v
        g[2 * b] = -a + size * u
        g[2 * b + 1] = c + size * v
        f += (-(a * u - c * v) + 0.5 * size * square + 0.5) / p[0]
    return f


@ladder("saddle_order", "order of the saddle", LEVELS["saddle_order"], [float(n) for n in range(2, 21)])
def saddle_order(order):
    """Saddles whose slopes vanish like a power of the distance; the start is a tenth away."""
    return bowl(
        monkey,
        lambda rng, dim: [order],
        start=lambda dim: np.resize([-0.92, 0.05], dim),
        box=(lambda dim: np.resize([-1.1, -0.1], dim), lambda dim: np.resize([-0.9, 0.1], dim)),
        tags=["nonconvex", "saddle", "several-basins", "equal-minima"],
        source="Anandkumar and Ge 2016, Efficient approaches for escaping higher order saddle "
        "points",
    )


def kinked(x, g, p):
    """Sum over i of p_i ((1 - s) u^2 / 2 + s |u|), u_0 = x_0 and u_i = x_i - 0.5 x_{i-1}; s = p_d."""
    d = len(x)
    f = 0.0
    before = 0.0
    share = p[d]
    for i in range(d):
        u = x[i] - 0.5 * before
        sign = where(u > 0.0, 1.0, where(u < 0.0, -1.0, 0.0))
        steep = p[i] * ((1.0 - share) * u + share * sign)
        g[i] = steep
        if i > 0:
            g[i - 1] = g[i - 1] - 0.5 * steep
        f += p[i] * (0.5 * (1.0 - share) * u * u + share * sign * u)
        before = x[i]
    return f


@ladder("kinks", "jump of the slope", LEVELS["kinks"], geometric(1e-6, 1, 25))
def kinks(jump):
    """Slopes that jump at the minimum: what steps must end at grows with the jump."""
    return bowl(
        kinked,
        lambda rng, dim: [*spread(10.0, dim), jump],
        tags=["convex", "nonsmooth"],
        source="Shor 1985, Minimization methods for non-differentiable functions",
        target=1e-4,
    )


def game(x, g, p):
    """Min over u, max over v of a |u|^2 / 2 + u'v - a |v|^2 / 2: its duality gap.

    The gap at (u, v) is (a + 1 / a) (|u|^2 + |v|^2) / 2; g is down which u goes and v climbs.
    """
    half = len(x) // 2
    f = 0.0
    a = p[0]
    for i in range(half):
        u, v = x[i], x[half + i]
        g[i] = a * u + v
        g[half + i] = a * v - u
        f += 0.5 * (a + 1.0 / a) * (u * u + v * v)
    return f


@ladder("games", "coupling of the players", LEVELS["games"], geometric(0.5, 1e4, 26))
def games(coupled):
    """A strongly convex and concave game: the more its players are coupled, the more it turns."""
    return bowl(
        game,
        lambda rng, dim: [1.0 / coupled],
        tags=["convex", "game", "stochastic"],
        source="Mescheder, Nowozin and Geiger 2017, The numerics of GANs (eigenvalues turn to the "
        "imaginary axis)",
    )


def rippled(x, g, p):
    """Sum of x_i^2 / 2 + p (1 - cos(2 pi x_i))."""
    f = 0.0
    for i in range(len(x)):
        angle = 2.0 * math.pi * x[i]
        f += 0.5 * x[i] * x[i] + p[0] * (1.0 - math.cos(angle))
        g[i] = x[i] + 2.0 * math.pi * p[0] * math.sin(angle)
    return f


@ladder("ripples", "height of the ripples", LEVELS["ripples"], geometric(0.005, 3, 26))
def ripples(height):
    """A bowl with ripples: from a height of 0.023 on there are other minima."""
    return bowl(
        rippled,
        lambda rng, dim: [height],
        start=2.2,
        tags=["nonconvex", "several-basins", "many-minima", "separable"],
        source="Rastrigin 1974, Systems of extremal control",
    )


def needle(x, g, p):
    """|x|^2 / 2 + log(1 + p |x|^2) / 2: curvature 1 + p at the minimum, and about 1 elsewhere."""
    square = 0.0
    for i in range(len(x)):
        square += x[i] * x[i]
    inner = 1.0 + p[0] * square
    for i in range(len(x)):
        g[i] = x[i] * (1.0 + p[0] / inner)
    return 0.5 * square + 0.5 * math.log(inner)


@ladder("sharpness", "curvature at the minimum", LEVELS["sharpness"], geometric(1, 1e8, 25))
def sharpness(curvature):
    """A minimum much sharper than all around it: what suits the way does not suit the end."""
    return bowl(
        needle,
        lambda rng, dim: [curvature],
        tags=["nonconvex", "ill-conditioned"],
        source="Cohen et al. 2021, Gradient descent on neural networks typically occurs at the "
        "edge of stability (curvature grows on the way)",
        target=1e-4,
    )
