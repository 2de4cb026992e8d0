"""Points where the gradient vanishes far from any minimum.

All seeds start close to the saddle: what is measured is the escape.
"""

from optbench.define import problem


@problem(
    start=[1e-3, 1.0],
    minimum=[1.0, 0.0],
    f_min=0.0,
    box=([-1e-2, -1.0], [1e-2, 1.0]),
    tags=["nonconvex", "saddle", "several-basins", "equal-minima"],
    source="Nesterov 2004, Introductory lectures on convex optimization, ch. 1 (plus 1/4); "
    "Lee, Simchowitz, Jordan and Recht 2016, Gradient descent only converges to minimizers",
)
def strict_saddle(x, g):
    """(x^2 - 1)^2 / 4 + y^2 / 2: curvatures -1 and 1 at the origin, minima at (+-1, 0)."""
    a = x[0] * x[0] - 1.0
    g[0] = a * x[0]
    g[1] = x[1]
    return 0.25 * a * a + 0.5 * x[1] * x[1]


@problem(
    start=[0.05, 0.01],
    minimum=[-1.0, 0.0],
    f_min=-0.25,
    box=(-0.1, 0.1),
    tags=["nonconvex", "saddle", "several-basins", "equal-minima"],
    source="Hilbert and Cohn-Vossen 1932, Anschauliche Geometrie (the saddle; quartic term added)",
)
def monkey_saddle(x, g):
    """x^3 - 3 x y^2 + 3 (x^2 + y^2)^2 / 4: no curvature at all at the saddle.

    In polar coordinates this is r^3 cos(3 theta) + 3 r^4 / 4, least where cos(3 theta) = -1 and
    -3 r^2 + 3 r^3 = 0: the minima are (-1, 0) and (1/2, +-sqrt(3)/2), with value -1/4.
    """
    xx = x[0] * x[0]
    yy = x[1] * x[1]
    rr = xx + yy
    g[0] = 3.0 * (xx - yy + rr * x[0])
    g[1] = 3.0 * x[1] * (rr - 2.0 * x[0])
    return x[0] * (xx - 3.0 * yy) + 0.75 * rr * rr


def strict_saddles(name, negative):
    """Declare a saddle in d dimensions of which the first `negative` lead downwards."""

    @problem(
        name=name,
        start=lambda dim: [1e-3 if i < negative else 1.0 for i in range(dim)],
        minimum=lambda dim: [1.0 if i < negative else 0.0 for i in range(dim)],
        f_min=0.0,
        box=(
            lambda dim: [-1e-2 if i < negative else -1.0 for i in range(dim)],
            lambda dim: [1e-2 if i < negative else 1.0 for i in range(dim)],
        ),
        tags=["nonconvex", "separable", "saddle", "several-basins", "equal-minima"],
        source="Ge, Huang, Jin and Yuan 2015, Escaping from saddle points, definition 2; Lee, "
        "Simchowitz, Jordan and Recht 2016, Gradient descent only converges to minimizers",
        family="strict_saddle",
        dim=10,
        scalable=negative,
    )
    def strict_saddle_family(x, g, p):
        """Sum of (x_i^2 - 1)^2 / 4 over the negative directions and x_i^2 / 2 over the others.

        All 2^k combinations of signs are global minima.
        """
        f = 0.0
        for i in range(len(x)):  # p_i is 1 in a negative direction, else 0
            xx = x[i] * x[i]
            a = xx - 1.0
            f += p[i] * (0.25 * a * a) + (1.0 - p[i]) * (0.5 * xx)
            g[i] = (p[i] * a + (1.0 - p[i])) * x[i]
        return f

    @strict_saddle_family.constants
    def directions(rng, dim):
        return [1.0 if i < negative else 0.0 for i in range(dim)]

    return strict_saddle_family


strict_saddle_1 = strict_saddles("strict_saddle_1", 1)
strict_saddle_5 = strict_saddles("strict_saddle_5", 5)
strict_saddle_9 = strict_saddles("strict_saddle_9", 9)


RANK = 2


def factors(dim):
    """U = V = the roots of the matrix diag(2, 1, 0, ..), row by row."""
    rows = dim // (2 * RANK)
    half = [0.0] * (rows * RANK)
    for k in range(min(rows, RANK)):
        half[k * RANK + k] = (2.0 - k) ** 0.5
    return half + half


@problem(
    start=[0.02, -0.01, 0.01, 0.03, -0.02, 0.01, 0.03, 0.02, -0.01, 0.02, 0.02, -0.03],
    minimum=factors,
    f_min=0.0,
    box=(-0.1, 0.1),
    tags=["nonconvex", "saddle", "least-squares"],
    source="Baldi and Hornik 1989, Neural networks and principal component analysis; Ge, Jin and "
    "Zheng 2017, No spurious local minima in nonconvex low rank problems",
    dims=(12, 24),
)
def matrix_factorisation(x, g):
    """|U V' - diag(2, 1, 0, ..)|^2 / 2 for U and V of two columns: the origin is a saddle.

    x is U row by row, then V. Every local minimum is global, and there is a continuum of them.
    """
    half = len(x) // 2
    rows = half // 2
    f = 0.0
    for i in range(len(x)):
        g[i] = 0.0 * x[i]
    for i in range(rows):
        u, w = x[2 * i], x[2 * i + 1]
        gu = 0.0
        gw = 0.0
        for j in range(rows):
            a, b = x[half + 2 * j], x[half + 2 * j + 1]
            r = u * a + w * b
            if i == j and i < 2:
                r -= 2.0 - i
            f += 0.5 * r * r
            gu += r * a
            gw += r * b
            g[half + 2 * j] = g[half + 2 * j] + r * u
            g[half + 2 * j + 1] = g[half + 2 * j + 1] + r * w
        g[2 * i] = gu
        g[2 * i + 1] = gw
    return f


@problem(
    start=[0.3, 0.4],
    minimum=1.0,
    f_min=0.0,
    box=(0.1, 0.6),
    tags=["nonconvex", "saddle", "plateau", "least-squares"],
    source="Saxe, McClelland and Ganguli 2014, Exact solutions to the nonlinear dynamics of "
    "learning in deep linear neural networks",
    dim=6,
    scalable=True,
)
def deep_chain(x, g):
    """(x_1 x_2 .. x_d - 1)^2 / 2: a deep linear network of one unit a layer.

    The origin is a saddle of order d, and the flatter the deeper the chain; the minima form a
    hyperbola.
    """
    before = 1.0
    for i in range(len(x)):
        g[i] = before
        before = before * x[i]
    a = before - 1.0
    after = a
    for back in range(len(x)):
        i = len(x) - 1 - back
        g[i] = g[i] * after
        after = after * x[i]
    return 0.5 * a * a
