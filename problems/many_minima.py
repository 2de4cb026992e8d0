"""Surfaces with many local minima: which basin a method ends in, and how fast it settles."""

import math

from optbench.define import problem, where


@problem(
    start=[0.0, 0.0],
    minimum=[3.0, 2.0],
    f_min=0.0,
    box=(-5.0, 5.0),
    tags=["nonconvex", "multimodal"],
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
    tags=["nonconvex", "multimodal", "separable"],
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
    start=[-2.0, 3.5],
    minimum=0.0,
    f_min=0.0,
    box=(-5.12, 5.12),
    tags=["nonconvex", "multimodal", "separable"],
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
    tags=["nonconvex", "multimodal", "nonsmooth"],
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
