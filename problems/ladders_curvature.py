"""Ladders of curvature: conditioning, along the axes or not, scales, coupling, rank, powers."""

import math

import numpy as np

from optbench.define import generator, ladder, problem, where

from ._ladders import LEVELS, bowl, geometric, spread, weighted, whole


@ladder("conditioning", "condition number", LEVELS["conditioning"], geometric(10, 1e8, 43))
def conditioning(condition):
    """Curvatures from 1 to 1 / condition along the axes; each has the same share of the gap."""
    curvatures = spread(condition, 10)
    return bowl(
        weighted,
        curvatures,
        start=1.0 / np.sqrt(curvatures),
        box=(-3.0 / np.sqrt(curvatures), 3.0 / np.sqrt(curvatures)),
        tags=["convex", "separable", "ill-conditioned"],
        source="Nocedal and Wright 2006, Numerical optimization, sec. 3.3",
        target=1e-3,
    )


def dense(x, g, p):
    """(x - m)' M (x - m) / 2; M comes after m in p."""
    d = len(x)
    f = 0.0
    for i in range(d):
        total = 0.0
        for j in range(d):
            total += p[d + i * d + j] * (x[j] - p[j])
        g[i] = total
        f += 0.5 * total * (x[i] - p[i])
    return f


def turned(dim, curvatures_of, **declared):
    """Declare a quadratic along random directions, whose start has the same share of each.

    ``curvatures_of(rng, dim)`` returns directions [n, d] and curvatures [n], drawn with every
    instance. Starts of seeds are a tenth around that of the instance.
    """
    made = problem(
        start=0.0, box=(-0.1, 0.1), dim=dim, tags=["convex", "rotated", "ill-conditioned"],
        **declared,
    )(dense)  # fmt: skip

    @made.instance
    def directions(dim, instance):
        rng = generator("ladders", dim, instance, made.source)
        along, curvatures = curvatures_of(rng, dim)
        away = rng.choice([-1.0, 1.0], len(along)) / np.sqrt(curvatures)
        minimum = -2.0 * rng.uniform(-1.0, 1.0, dim)
        matrix = (along.T * curvatures) @ along * 2.0 ** rng.uniform(-1.0, 1.0)
        return dict(
            p=[*minimum, *matrix.ravel()], minimum=minimum, f_min=0.0, start=minimum + away @ along
        )

    return made


@ladder(
    "rotated_conditioning", "condition number", LEVELS["rotated_conditioning"],
    geometric(2, 1e6, 43),
)  # fmt: skip
def rotated_conditioning(condition):
    """The same along directions that mix all coordinates: no scaling of the coordinates helps."""

    def curvatures(rng, dim):
        return np.linalg.qr(rng.standard_normal((dim, dim)))[0], spread(condition, dim)

    return turned(
        10,
        curvatures,
        source="Hansen et al. 2011, Impacts of invariance in search, sec. 3 (rotated ellipsoids)",
        target=1e-3,
    )


@ladder("rank", "equations for 20 unknowns", LEVELS["rank"], [float(n) for n in range(1, 21)])
def rank(equations):
    """Random equations for more unknowns: the nearer to as many, the worse their condition."""

    def curvatures(rng, dim):
        _, values, along = np.linalg.svd(rng.standard_normal((int(equations), dim)))
        return along[: len(values)], values**2 / dim

    return turned(
        20,
        curvatures,
        source="Edelman 1988, Eigenvalues and condition numbers of random matrices",
        target=2e-5,
    )


def chained(x, g, p):
    """U' C u / 2 of u_i = p_{d+i} z_i, C with 1 on its diagonal and 0.45 beside it."""
    d = len(x)
    f = 0.0
    for i in range(d):
        beside = 0.0
        if i > 0:
            beside += p[d + i - 1] * (x[i - 1] - p[i - 1])
        if i + 1 < d:
            beside += p[d + i + 1] * (x[i + 1] - p[i + 1])
        u = p[d + i] * (x[i] - p[i])
        slope = u + 0.45 * beside
        f += 0.5 * u * slope
        g[i] = p[d + i] * slope
    return f


@ladder("block_scales", "largest unit over least", LEVELS["block_scales"], geometric(1, 1e5, 41))
def block_scales(ratio):
    """Five coupled blocks of two, as of layers, that are measured in units of their own."""
    units = np.repeat(1.0 / spread(ratio, 5), 2) / ratio
    return bowl(
        chained,
        units,
        start=1.0 / units,
        box=(-3.0 / units, 3.0 / units),
        tags=["convex", "ill-conditioned"],
        source="You, Gitman and Ginsburg 2017, Large batch training of convolutional networks, "
        "sec. 4 (layers whose slopes differ in scale)",
        target=1e-3,
    )


def springs(x, g, p):
    """(z_0^2 + sum of (z_i - z_{i-1})^2) / 8."""
    d = len(x)
    f = 0.0
    before = 0.0
    for i in range(d):
        z = x[i] - p[i]
        pull = 0.25 * (z - before)
        f += 0.5 * pull * (z - before)
        g[i] = pull
        if i > 0:
            g[i - 1] = g[i - 1] - pull
        before = z
    return f


@ladder("coupling", "coordinates in the chain", LEVELS["coupling"], whole(9, 300, 40))
def coupling(links):
    """A chain of springs, pulled at one end: the pull goes from coordinate to coordinate."""
    return bowl(
        springs,
        dim=int(links),
        start=1.0,
        box=(0.98, 1.02),
        tags=["convex", "ill-conditioned"],
        source="Nesterov 2004, Introductory lectures on convex optimization, sec. 2.1.2 (the "
        "worst function of first-order methods)",
        target=3e-3,
    )


def summed(x, g, p):
    """(|z|^2 + 3 (sum of z)^2) / 2."""
    d = len(x)
    total = 0.0
    f = 0.0
    for i in range(d):
        z = x[i] - p[i]
        total += z
        f += 0.5 * z * z
    for i in range(d):
        g[i] = x[i] - p[i] + 3.0 * total
    return f + 1.5 * total * total


@ladder("width", "inputs of a linear unit", LEVELS["width"], whole(9, 900, 41))
def width(inputs):
    """A linear unit with more and more inputs: what all of them do together is steep."""
    return bowl(
        summed,
        dim=int(inputs),
        start=np.cos(np.arange(int(inputs))),
        box=(-1.0, 1.0),
        tags=["convex", "ill-conditioned"],
        source="LeCun, Bottou, Orr and Müller 1998, Efficient backprop, sec. 4.3 (inputs with a "
        "mean make one curvature large)",
        target=1e-4,
    )


def flat(x, g, p):
    """Sum of |u_i|^p / p, p = p_d, over u_0 = z_0 and u_i = z_i - 0.9 z_{i-1}."""
    d = len(x)
    f = 0.0
    before = 0.0
    for i in range(d):
        z = x[i] - p[i]
        u = z - 0.9 * before
        steep = (u * u) ** (0.5 * p[d] - 1.0) * u
        g[i] = steep
        if i > 0:
            g[i - 1] = g[i - 1] - 0.9 * steep
        f += steep * u / p[d]
        before = z
    return f


@ladder(
    "powers",
    "power of the distance",
    LEVELS["powers"],
    [2.0, 2.5, 3.0, 3.5, 4.0, 4.5, *(float(n) for n in range(5, 31))],
)
def powers(power):
    """Minima without curvature: the value grows as a power of the distance."""
    return bowl(
        flat,
        [power],
        box=(-2.0, 2.0),
        tags=["convex", "plateau"],
        source="Łojasiewicz 1963, Une propriété topologique (slopes near flat minima)",
        targets="absolute",
        target=1e-3,
    )


def valley(x, g, p):
    """Rosenbrock's sum of p_d (x_{i+1} - x_i^2)^2 + (1 - x_i)^2, moved to its minimum."""
    d = len(x)
    f = 0.0
    for i in range(d):
        g[i] = 0.0
    for i in range(d - 1):
        z = x[i] - p[i]
        u = x[i + 1] - p[i + 1] + 1.0 - (z + 1.0) * (z + 1.0)
        f += p[d] * u * u + z * z
        g[i] = g[i] + 2.0 * z - 4.0 * p[d] * (z + 1.0) * u
        g[i + 1] = g[i + 1] + 2.0 * p[d] * u
    return f


@ladder("valley", "steepness of the walls", LEVELS["valley"], geometric(0.1, 3e3, 40))
def bent_valley(steepness):
    """A bent valley: the steeper its walls, the shorter the steps along it."""
    return bowl(
        valley,
        [steepness],
        start=np.resize([-2.2, 0.0], 10),
        box=(-2.5, 0.5),
        tags=["nonconvex", "valley", "ill-conditioned"],
        source="Rosenbrock 1960, An automatic method for finding the greatest or least value",
        targets="absolute",
        target=1e-2,
    )


def far(x, g, p):
    """Sum of sqrt(1 + u_i^2) - 1 over u_0 = z_0 and u_i = z_i - 0.7 z_{i-1}: slopes are bounded."""
    d = len(x)
    f = 0.0
    before = 0.0
    for i in range(d):
        z = x[i] - p[i]
        u = z - 0.7 * before
        root = math.sqrt(1.0 + u * u)
        steep = u / root
        g[i] = steep
        if i > 0:
            g[i - 1] = g[i - 1] - 0.7 * steep
        f += u * u / (1.0 + root)
        before = z
    return f


@ladder("far_start", "distance of the start", LEVELS["far_start"], geometric(1, 1e4, 41))
def far_start(distance):
    """The start is far away, and slopes say nothing of how far."""
    return bowl(
        far,
        start=distance,
        box=(-distance, distance),
        tags=["convex"],
        source="Ivgi, Hinder and Carmon 2023, DoG is SGD's best friend (distance to the start); "
        "Charbonnier et al. 1994, Two deterministic half-quadratic regularization algorithms",
        targets="absolute",
        target=1e-2,
    )


def walled(x, g, p):
    """|y|^2 / 2 + w (a'y - 1 + ..)_+^2 / 2, y from the point outside, moved to its minimum.

    a = (1, .., 1) / sqrt(d), w = p_d; p_{d+1} is how far the minimum is out, p_{d+2} its value.
    """
    d = len(x)
    length = 1.0 / math.sqrt(d)
    across = 0.0
    for i in range(d):
        across += length * (x[i] - p[i])
    out = where(across + p[d + 1] > 0.0, across + p[d + 1], 0.0)
    f = 0.5 * p[d] * out * out - p[d + 2]
    for i in range(d):
        away = x[i] - p[i] - (1.0 - p[d + 1]) * length
        f += 0.5 * away * away
        g[i] = away + p[d] * out * length
    return f


@ladder("penalty", "weight of the penalty", LEVELS["penalty"], geometric(1, 1e5, 41))
def penalty(weight):
    """The point of a half-space that is nearest to one outside, by a quadratic penalty.

    With the other one at a distance of 1 the minimum is 1 / (1 + weight) outside, and has the
    value weight / (1 + weight) / 2.
    """
    return bowl(
        walled,
        [weight, 1.0 / (1.0 + weight), 0.5 * weight / (1.0 + weight)],
        tags=["convex", "ill-conditioned"],
        source="Courant 1943, Variational methods; Nocedal and Wright 2006, Numerical "
        "optimization, sec. 17.1 (quadratic penalty)",
        targets="absolute",
        target=1e-2,
    )
