"""Ripples on a funnel: dozens of local minima and more, in any dimension."""

import math

from optbench.define import problem, where

JAMIL = "Jamil and Yang 2013, A literature survey of benchmark functions, "


@problem(
    start=[-2.0, 3.5],
    minimum=0.0,
    f_min=0.0,
    box=(-5.12, 5.12),
    tags=["nonconvex", "several-basins", "many-minima", "separable"],
    source="Rastrigin 1974, Systems of extremal control; "
    "Mühlenbein, Schomisch and Born 1991, The parallel genetic algorithm as function optimizer",
    dims=(2, 10),
    scalable=True,
)
def rastrigin(x, g):
    """Sum of x_i^2 + 10 (1 - cos(2 pi x_i)): a local minimum near every integer point."""
    f = 0.0
    for i in range(len(x)):
        angle = 2.0 * math.pi * x[i]
        f += x[i] * x[i] + 10.0 * (1.0 - math.cos(angle))
        g[i] = 2.0 * x[i] + 20.0 * math.pi * math.sin(angle)
    return f


@problem(
    start=[2.5, -1.7],
    minimum=0.0,
    f_min=0.0,
    box=(-32.768, 32.768),
    tags=["nonconvex", "several-basins", "many-minima", "nonsmooth"],
    source="Ackley 1987, A connectionist machine for genetic hillclimbing; "
    "Bäck 1996, Evolutionary algorithms in theory and practice (the form beyond two dimensions)",
    dims=(2, 10),
    scalable=True,
)
def ackley(x, g):
    """20 - 20 exp(-|x| / (5 sqrt(d))) + e - exp(mean of cos(2 pi x_i)): ripples on a funnel.

    The minimum is the tip of a cone, where the gradient is taken to be zero.
    """
    squares = 0.0
    waves = 0.0
    d = 0.0  # counted in floats: an integer would widen float32
    for i in range(len(x)):
        squares += x[i] * x[i]
        waves += math.cos(2.0 * math.pi * x[i])
        d += 1.0
    radius = math.sqrt(squares / d)
    funnel = 20.0 * math.exp(-0.2 * radius)
    ripple = math.exp(waves / d)
    pull = 0.2 * funnel / (d * where(radius > 0.0, radius, 1.0))
    push = 2.0 * math.pi * ripple / d
    for i in range(len(x)):
        g[i] = pull * x[i] + push * math.sin(2.0 * math.pi * x[i])
    return (20.0 - funnel) + (math.e - ripple)


@problem(
    start=[-6.0, 9.0],
    minimum=0.0,
    f_min=0.0,
    box=(-10.0, 10.0),
    tags=["nonconvex", "several-basins", "many-minima"],
    source="Griewank 1981, Generalized descent for global optimization",
    dims=(2, 10),
    scalable=True,
)
def griewank(x, g):
    """1 + |x|^2 / 4000 - product of cos(x_i / sqrt(i)): a wide bowl under a product of waves."""
    f = 1.0
    product = 1.0
    for i in range(len(x)):
        f += x[i] * x[i] / 4000.0
        g[i] = product  # of the cosines before
        product = product * math.cos(x[i] / math.sqrt(i + 1.0))
    after = 1.0
    for back in range(len(x)):
        i = len(x) - 1 - back
        scale = 1.0 / math.sqrt(i + 1.0)
        angle = x[i] * scale
        g[i] = x[i] / 2000.0 + g[i] * after * scale * math.sin(angle)
        after = after * math.cos(angle)
    return f - product


@problem(
    start=[-4.0, 5.0],
    minimum=1.0,
    f_min=0.0,
    box=(-10.0, 10.0),
    tags=["nonconvex", "several-basins", "many-minima"],
    source="Levy and Montalvo 1985, The tunneling algorithm for global minimization; Laguna and "
    "Martí 2005, Experimental testing of advanced scatter search designs",
    dims=(2, 10),
    scalable=True,
)
def levy(x, g):
    """A sum of squares of w_i - 1 times sines of pi w_i + 1, with w = 1 + (x - 1) / 4."""
    w = 1.0 + 0.25 * (x[0] - 1.0)
    sine = math.sin(math.pi * w)
    f = sine * sine
    g[0] = 0.5 * math.pi * sine * math.cos(math.pi * w)
    last = len(x) - 1
    for i in range(last):
        w = 0.25 * (x[i] - 1.0)
        angle = math.pi * (w + 1.0) + 1.0
        sine = math.sin(angle)
        wave = 1.0 + 10.0 * sine * sine
        f += w * w * wave
        slope = 2.0 * w * wave + 20.0 * math.pi * w * w * sine * math.cos(angle)
        if i == 0:
            g[i] = g[i] + 0.25 * slope
        else:
            g[i] = 0.25 * slope
    w = 0.25 * (x[last] - 1.0)
    angle = 2.0 * math.pi * (w + 1.0)
    sine = math.sin(angle)
    wave = 1.0 + sine * sine
    slope = 0.25 * (2.0 * w * wave + 4.0 * math.pi * w * w * sine * math.cos(angle))
    g[last] = g[last] + slope if last == 0 else slope
    return f + w * w * wave


@problem(
    start=[-4.0, 5.0],
    minimum=1.0,
    f_min=0.0,
    box=(-10.0, 10.0),
    tags=["nonconvex", "several-basins", "many-minima"],
    source="Levy and Montalvo 1985, The tunneling algorithm for global minimization, problem 5",
    dims=(2, 10),
    scalable=True,
)
def levy_montalvo(x, g):
    """sin(pi y_1)^2 + sum of (y_i - 1)^2 (1 + 10 sin(pi y_{i+1})^2) + (y_d - 1)^2.

    With y = 1 + (x - 1) / 4; the ripples along a coordinate come from its neighbour.
    """
    last = len(x) - 1
    v = 0.25 * (x[0] - 1.0)  # y - 1
    angle = math.pi * (v + 1.0)
    sine = math.sin(angle)
    f = sine * sine
    slope = 2.0 * math.pi * sine * math.cos(angle)  # along v
    for i in range(last):
        after = 0.25 * (x[i + 1] - 1.0)
        angle = math.pi * (after + 1.0)
        sine = math.sin(angle)
        wave = 1.0 + 10.0 * sine * sine
        f += v * v * wave
        g[i] = 0.25 * (slope + 2.0 * v * wave)
        slope = 20.0 * math.pi * v * v * sine * math.cos(angle)
        v = after
    g[last] = 0.25 * (slope + 2.0 * v)
    return f + v * v


@problem(
    start=[3.3, -2.2],
    minimum=0.0,
    f_min=0.0,
    box=(-10.0, 10.0),
    tags=["nonconvex", "several-basins", "many-minima", "nonsmooth"],
    source="Salomon 1996, Re-evaluating genetic algorithm performance under coordinate rotation",
    dims=(2, 10),
    scalable=True,
)
def salomon(x, g):
    """1 - cos(2 pi r) + r / 10: rings on a cone, whose tip is the minimum."""
    squares = 0.0
    for i in range(len(x)):
        squares += x[i] * x[i]
    r = math.sqrt(squares)
    angle = 2.0 * math.pi * r
    slope = (2.0 * math.pi * math.sin(angle) + 0.1) / where(r > 0.0, r, 1.0)
    for i in range(len(x)):
        g[i] = slope * x[i]
    return 1.0 - math.cos(angle) + 0.1 * r


@problem(
    start=[4.0, -7.0],
    minimum=0.0,
    f_min=0.0,
    box=(-10.0, 10.0),
    tags=[
        "nonconvex",
        "several-basins",
        "many-minima",
        "equal-minima",
        "nonsmooth",
        "separable",
    ],  # fmt: skip
    source=JAMIL + "no. 6",
    dims=(2, 10),
    scalable=True,
)
def alpine(x, g):
    """Sum of |x_i sin(x_i) + x_i / 10|: every kink is a global minimum."""
    f = 0.0
    for i in range(len(x)):
        wave = math.sin(x[i]) + 0.1
        value = x[i] * wave
        side = where(value > 0.0, 1.0, where(value < 0.0, -1.0, 0.0))
        f += abs(value)
        g[i] = side * (wave + x[i] * math.cos(x[i]))
    return f


@problem(
    start=[0.55, -0.75],
    minimum=0.0,
    f_min=lambda dim: -0.1 * dim,
    box=(-1.0, 1.0),
    tags=["nonconvex", "several-basins", "many-minima", "separable"],
    source="Breiman and Cutler 1993, A deterministic algorithm for global optimization",
    dims=(2, 4),
    scalable=True,
)
def cosine_mixture(x, g):
    """|x|^2 - sum of cos(5 pi x_i) / 10."""
    f = 0.0
    for i in range(len(x)):
        angle = 5.0 * math.pi * x[i]
        f += x[i] * x[i] - 0.1 * math.cos(angle)
        g[i] = 2.0 * x[i] + 0.5 * math.pi * math.sin(angle)
    return f


@problem(
    start=[0.6, -0.8],
    minimum=0.0,
    f_min=0.0,
    box=(-1.0, 1.0),
    tags=["nonconvex", "several-basins", "many-minima", "plateau", "separable"],
    source="Csendes and Ratz 1997, Subdivision direction selection in interval methods",
    dims=(2, 10),
    scalable=True,
)
def csendes(x, g):
    """Sum of x_i^6 (2 + sin(1 / x_i)): ever finer ripples towards a flat minimum."""
    f = 0.0
    for i in range(len(x)):
        inverse = where(x[i] == 0.0, 0.0, 1.0 / where(x[i] == 0.0, 1.0, x[i]))
        square = x[i] * x[i]
        fourth = square * square
        wave = 2.0 + math.sin(inverse)
        f += fourth * square * wave
        g[i] = fourth * (6.0 * x[i] * wave - math.cos(inverse))
    return f


@problem(
    start=[0.2, 1.4],
    minimum=1.0,
    f_min=0.0,
    box=(-2.0, 2.0),
    tags=["nonconvex", "several-basins", "many-minima", "ill-conditioned"],
    source="Whitley, Mathias, Rana and Dzubera 1996, Evaluating evolutionary algorithms",
    dims=(2, 5),
    scalable=True,
)
def whitley(x, g):
    """Griewank's ripples on Rosenbrock's y = 100 (x_i^2 - x_j)^2 + (1 - x_j)^2, for all i and j."""
    f = 0.0
    for i in range(len(x)):
        g[i] = 0.0 * x[i]
    for i in range(len(x)):
        square = x[i] * x[i]
        own = 0.0
        for j in range(len(x)):
            a = square - x[j]
            b = 1.0 - x[j]
            y = 100.0 * a * a + b * b
            f += y * y / 4000.0 - math.cos(y) + 1.0
            slope = y / 2000.0 + math.sin(y)
            own += slope * a
            g[j] = g[j] - slope * (200.0 * a + 2.0 * b)
        g[i] = g[i] + 400.0 * x[i] * own
    return f
