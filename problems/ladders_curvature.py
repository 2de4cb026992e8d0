"""Ladders of curvature: conditioning, its mismatch with the axes, scales, coupling, rank, powers."""

import math

import numpy as np

from optbench.define import ladder, where

from ._ladders import LEVELS, bowl, geometric, spread, whole

NOCEDAL = "Nocedal and Wright 2006, Numerical optimization, sec. 3.3 (conditioning)"


def weighted(x, g, p):
    """Sum of p_i x_i^2 / 2."""
    f = 0.0
    for i in range(len(x)):
        g[i] = p[i] * x[i]
        f += 0.5 * g[i] * x[i]
    return f


@ladder("conditioning", "condition number", LEVELS["conditioning"], geometric(2, 1e8, 28))
def conditioning(condition):
    """Curvatures from 1 down to 1 / condition along the axes; each has the same share of the gap."""
    return bowl(
        weighted,
        lambda rng, dim: spread(condition, dim),
        start=lambda dim: 1.0 / np.sqrt(spread(condition, dim)),
        box=(
            lambda dim: -3.0 / np.sqrt(spread(condition, dim)),
            lambda dim: 3.0 / np.sqrt(spread(condition, dim)),
        ),
        tags=["convex", "separable", "ill-conditioned"],
        source=NOCEDAL,
    )


@ladder("rotated_conditioning", "condition number", LEVELS["rotated_conditioning"], geometric(2, 1e6, 28))
def rotated_conditioning(condition):
    """The same curvatures along directions that mix all coordinates: no scaling of them helps."""
    return bowl(
        weighted,
        lambda rng, dim: spread(condition, dim),
        rotated=True,
        tags=["convex", "rotated", "ill-conditioned"],
        source="Hansen et al. 2011, Impacts of invariance in search, sec. 3 (rotated ellipsoids)",
        target=1e-8,
    )


def in_blocks(x, g, p):
    """Sum over blocks of two of p_b (u^2 + v^2 + 1.8 u v) / 2, whose condition number is 19."""
    f = 0.0
    for b in range(len(x) // 2):
        u, v = x[2 * b], x[2 * b + 1]
        g[2 * b] = p[b] * (u + 0.9 * v)
        g[2 * b + 1] = p[b] * (v + 0.9 * u)
        f += 0.5 * (g[2 * b] * u + g[2 * b + 1] * v)
    return f


@ladder("block_scales", "largest scale over least", LEVELS["block_scales"], geometric(1, 1e8, 28))
def block_scales(ratio):
    """Five blocks, as of layers, whose slopes differ in scale though their coordinates do not."""
    return bowl(
        in_blocks,
        lambda rng, dim: spread(ratio, dim // 2),
        tags=["convex", "ill-conditioned"],
        source="You, Gitman and Ginsburg 2017, Large batch training of convolutional networks, "
        "sec. 4 (layers whose slopes differ in scale)",
        target=1e-10,
    )


def chain(x, g, p):
    """(x_0^2 + sum of (x_i - x_{i-1})^2 + x_{d-1}^2) / 2."""
    d = len(x)
    f = 0.5 * p[0] * x[d - 1] * x[d - 1]
    before = 0.0
    for i in range(d):
        f += 0.5 * p[0] * (x[i] - before) * (x[i] - before)
        g[i] = p[0] * (2.0 * x[i] - before)
        if i + 1 < d:
            g[i] = g[i] - p[0] * x[i + 1]
        before = x[i]
    return f


@ladder("coupling", "coordinates in the chain", LEVELS["coupling"], whole(9, 400, 26))
def coupling(links):
    """A chain of springs: each coordinate is coupled with its neighbours alone."""
    return bowl(
        chain,
        lambda rng, dim: [0.25],
        dim=int(links),
        start=lambda dim: np.cos(np.arange(dim)),
        tags=["convex", "ill-conditioned"],
        source="Nesterov 2004, Introductory lectures on convex optimization, sec. 2.1.2 (the "
        "worst function of first-order methods)",
        target=1e-4,
    )


def dense(x, g, p):
    """x' M x / 2, M symmetric."""
    d = len(x)
    f = 0.0
    for i in range(d):
        total = 0.0
        for j in range(d):
            total += p[i * d + j] * x[j]
        g[i] = total
        f += 0.5 * total * x[i]
    return f


@ladder("rank", "equations for 20 unknowns", LEVELS["rank"], [float(n) for n in range(2, 21)])
def rank(equations):
    """Random equations, fewer than unknowns: the nearer to as many, the worse their condition."""

    def gram(rng, dim):
        a = rng.standard_normal((int(equations), dim))
        return (a.T @ a / dim).ravel()

    return bowl(
        dense,
        gram,
        dim=20,
        tags=["convex", "ill-conditioned"],
        source="Edelman 1988, Eigenvalues and condition numbers of random matrices",
    )


def wide(x, g, p):
    """(|x|^2 + p_0 (sum of x)^2) / 2."""
    total = 0.0
    f = 0.0
    for i in range(len(x)):
        total += x[i]
        f += 0.5 * x[i] * x[i]
    for i in range(len(x)):
        g[i] = x[i] + p[0] * total
    return f + 0.5 * p[0] * total * total


@ladder("width", "inputs of a linear unit", LEVELS["width"], whole(9, 2000, 26))
def width(inputs):
    """A linear unit with more and more inputs: what all of them do together is steep."""
    return bowl(
        wide,
        lambda rng, dim: [1.0],
        dim=int(inputs),
        box=(-1.0, 1.0),
        start=lambda dim: np.cos(np.arange(dim)),
        tags=["convex", "ill-conditioned"],
        source="LeCun, Bottou, Orr and Müller 1998, Efficient backprop, sec. 5.3 (inputs with a "
        "mean make one curvature large)",
    )


def flat(x, g, p):
    """Sum of u_i^p / p over u_0 = x_0 and u_i = x_i - 0.7 x_{i-1}."""
    d = len(x)
    f = 0.0
    before = 0.0
    for i in range(d):
        u = x[i] - 0.7 * before
        square = u * u
        steep = square ** (0.5 * p[0] - 1.0) * u
        g[i] = steep
        if i > 0:
            g[i - 1] = g[i - 1] - 0.7 * steep
        f += steep * u / p[0]
        before = x[i]
    return f


@ladder("powers", "power of the distance", LEVELS["powers"], [2.0 * n for n in range(1, 26)])
def powers(power):
    """Minima without curvature: the value grows as a power of the distance."""
    return bowl(
        flat,
        lambda rng, dim: [power],
        box=(-2.0, 2.0),
        tags=["convex", "plateau"],
        source="Łojasiewicz 1963, Une propriété topologique (slopes near flat minima)",
        targets="absolute",
        target=1e-8,
    )


def valley(x, g, p):
    """Rosenbrock's sum of p (x_{i+1} - x_i^2)^2 + (1 - x_i)^2, from its minimum at 0 on."""
    d = len(x)
    f = 0.0
    for i in range(d):
        g[i] = 0.0
    for i in range(d - 1):
        a = x[i] + 1.0
        u = x[i + 1] + 1.0 - a * a
        f += p[0] * u * u + x[i] * x[i]
        g[i] = g[i] + 2.0 * x[i] - 4.0 * p[0] * a * u
        g[i + 1] = g[i + 1] + 2.0 * p[0] * u
    return f


@ladder("valley", "steepness of the walls", LEVELS["valley"], geometric(0.1, 1e5, 25))
def bent_valley(steepness):
    """A bent valley: the steeper its walls, the shorter the steps along it."""
    return bowl(
        valley,
        lambda rng, dim: [steepness],
        start=lambda dim: np.resize([-1.2, 0.2], dim),
        box=(-1.5, 0.5),
        tags=["nonconvex", "valley", "ill-conditioned"],
        source="Rosenbrock 1960, An automatic method for finding the greatest or least value",
    )


def far(x, g, p):
    """Sum of sqrt(1 + u^2) - 1 over u_0 = x_0 and u_i = x_i - 0.7 x_{i-1}: slopes of at most 1."""
    d = len(x)
    f = 0.0
    before = 0.0
    for i in range(d):
        u = x[i] - 0.7 * before
        root = math.sqrt(1.0 + u * u)
        steep = u / root
        g[i] = p[0] * steep
        if i > 0:
            g[i - 1] = g[i - 1] - 0.7 * p[0] * steep
        f += p[0] * u * steep * root / (1.0 + root)
        before = x[i]
    return f


@ladder("far_start", "distance of the start", LEVELS["far_start"], geometric(1, 1e6, 25))
def far_start(distance):
    """The start is far away, and slopes say nothing of how far."""
    return bowl(
        far,
        lambda rng, dim: [1.0],
        start=distance,
        box=(lambda dim: [-distance] * dim, distance),
        tags=["convex"],
        source="Ivgi, Hinder and Carmon 2023, DoG is SGD's best friend (distance to the start); "
        "Charbonnier et al. 1994, Two deterministic half-quadratic regularization algorithms",
        targets="absolute",
        target=1e-4,
    )


def walled(x, g, p):
    """|x|^2 / 2 from the point (1, .., 1) / sqrt(d), plus p (a'x)_+^2 / 2, moved to its minimum."""
    d = len(x)
    across = 0.0
    f = 0.0
    length = 1.0 / math.sqrt(d)
    for i in range(d):
        across += length * x[i]
    out = where(across + p[1] > 0.0, across + p[1], 0.0)
    for i in range(d):
        away = x[i] - (1.0 - p[1]) * length
        f += 0.5 * away * away
        g[i] = away + p[0] * out * length
    return f + 0.5 * p[0] * out * out - p[2]


@ladder("penalty", "weight of the penalty", LEVELS["penalty"], geometric(1, 1e7, 25))
def penalty(weight):
    """The nearest point to one outside of a half-space, by a quadratic penalty.

    Along its normal a the minimum is at 1 / (1 + weight), and has the value
    weight / (1 + weight) / 2.
    """
    return bowl(
        walled,
        lambda rng, dim: [
            weight, 1.0 / (1.0 + weight), 0.5 * weight / (1.0 + weight)
        ],  # fmt: skip
        tags=["convex", "ill-conditioned"],
        source="Courant 1943, Variational methods; Nocedal and Wright 2006, Numerical "
        "optimization, sec. 17.1 (quadratic penalty)",
    )
