"""Made to break something: a method's proof, its momentum, or what its slope promises."""

import math

from optbench.define import problem, where


@problem(
    start=[1.0],
    minimum=[-2.0],
    f_min=-15.0 / 101.0,
    box=(-1.0, 1.0),
    tags=["convex", "stochastic", "counterexample"],
    source="Reddi, Kale and Kumar 2018, On the convergence of Adam and beyond, sec. 5; without "
    "its constraint as in Zhang et al. 2022, Adam can converge without any modification, eq. 3",
    dim=1,
    target=1e-2,
)
def reddi(x, g, t, full):
    """1010 h(x) in every 101st step and -10 h(x) in the others: h falls to the left, down to -2.

    h(x) = x to the right of -1 and ((x + 2)^2 - 3) / 2 to the left of it. The mean over the steps
    is 10 h(x) / 101, but a method that forgets the rare large slopes climbs.
    """
    if full != 0:
        weight = 10.0 / 101.0
    elif t % 101 == 0:
        weight = 1010.0
    else:
        weight = -10.0
    inside = x[0] > -1.0
    a = x[0] + 2.0
    g[0] = weight * where(inside, 1.0, a)
    return weight * where(inside, x[0], 0.5 * a * a - 1.5)


@problem(
    start=1.0,
    minimum=0.0,
    f_min=0.0,
    box=(-2.0, 2.0),
    tags=["convex", "separable", "stochastic", "counterexample"],
    source="Banman et al. 2022, Resonance in weight space: covariate shift can drive divergence "
    "of SGD with momentum",
    dim=8,
    scalable=True,
    target=1e-2,
)
def time_varying_quadratic(x, g, t, full):
    """Sum of (1 + sin(2 pi t / T_i)) x_i^2 / 2, with periods T_i = 4, 8, 16, ..

    The minimum stays where it is and the mean over the steps is |x|^2 / 2. Momentum whose own
    period is near twice one of these is driven to oscillate ever wider.
    """
    f = 0.0
    period = 4.0
    for i in range(len(x)):
        curvature = 1.0
        if full == 0:
            curvature = 1.0 + math.sin(2.0 * math.pi * t / period)
        g[i] = curvature * x[i]
        f += 0.5 * g[i] * x[i]
        period = 2.0 * period
    return f


@problem(
    start=[2.0, -1.0],
    minimum=0.0,
    f_min=0.0,
    box=(-2.0, 2.0),
    tags=["convex", "separable", "plateau", "counterexample"],
    source="x^4, where Newton's method and every fixed rate are only sublinear; Łojasiewicz 1963, "
    "Une propriété topologique (gradients near flat minima)",
    dims=(2, 10),
    scalable=True,
)
def quartic(x, g):
    """Sum of x_i^4: convex, smooth, and without curvature at the minimum."""
    f = 0.0
    for i in range(len(x)):
        square = x[i] * x[i]
        f += square * square
        g[i] = 4.0 * square * x[i]
    return f


@problem(
    start=[3.3],
    minimum=[0.0],
    f_min=0.0,
    box=(3.07, 3.46),
    tags=["convex", "counterexample"],
    source="Lessard, Recht and Packard 2016, Analysis and design of optimization algorithms via "
    "integral quadratic constraints, eq. 4.11",
)
def heavy_ball_cycle(x, g):
    """A convex function of slope 25 x, x + 24, 25 x - 24: below 1, up to 2, and beyond.

    Heavy-ball momentum as tuned for quadratics of curvatures 1 to 25 (rate 1/9, momentum 4/9)
    falls into a cycle from every start of the box.
    """
    below = x[0] < 1.0
    beyond = x[0] >= 2.0
    slope = where(below, 25.0, where(beyond, 25.0, 1.0))
    offset = where(below, 0.0, where(beyond, -24.0, 24.0))
    level = where(below, 0.0, where(beyond, 36.0, -12.0))
    g[0] = slope * x[0] + offset
    return (0.5 * slope * x[0] + offset) * x[0] + level


@problem(
    start=[5.0, 4.0],
    minimum=[-1.0, 0.0],
    f_min=-8.0,
    box=([2.0, -6.0], [7.0, 6.0]),
    tags=["convex", "nonsmooth", "counterexample"],
    source="Wolfe 1975, A method of conjugate subgradients; Lukšan and Vlček 2000, Test problems "
    "for nonsmooth optimization, no. 2.17",
)
def wolfe(x, g):
    """5 sqrt(9 x^2 + 16 y^2) right of |y|, 9 x + 16 |y| left of it, and - x^9 left of 0.

    Steepest descent with exact steps converges to the origin, which is not even stationary.
    """
    size = abs(x[1])
    side = where(x[1] > 0.0, 1.0, where(x[1] < 0.0, -1.0, 0.0))
    root = math.sqrt(9.0 * x[0] * x[0] + 16.0 * x[1] * x[1])
    pull = 5.0 / where(root > 0.0, root, 1.0)
    left = min(x[0], 0.0)
    square = left * left
    eighth = square * square * square * square
    cone = (x[0] >= size) & (x[0] > 0.0)
    g[0] = where(cone, 9.0 * pull * x[0], 9.0 - 9.0 * eighth)
    g[1] = where(cone, 16.0 * pull * x[1], 16.0 * side)
    return where(cone, 5.0 * root, 9.0 * x[0] + 16.0 * size - eighth * left)


@problem(
    start=[1.0, 1.0],
    minimum=0.0,
    f_min=0.0,
    box=(-1.0, 1.0),
    tags=["convex", "nonsmooth", "counterexample"],
    source="Karimireddy, Rebjock, Stich and Jaggi 2019, Error feedback fixes SignSGD, "
    "counterexample 2 (eps = 1/2)",
)
def sign_trap(x, g):
    """|x + y| / 2 + |x - y|: the signs of the slopes say (1, -1), so x + y never moves."""
    s = x[0] + x[1]
    d = x[0] - x[1]
    a = where(s > 0.0, 0.5, where(s < 0.0, -0.5, 0.0))
    b = where(d > 0.0, 1.0, where(d < 0.0, -1.0, 0.0))
    g[0] = a + b
    g[1] = a - b
    return 0.5 * abs(s) + abs(d)
