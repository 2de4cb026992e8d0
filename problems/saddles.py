"""Points where the gradient vanishes or nearly does, far from any minimum.

All seeds start close to the saddle, or far out on the plateau: what is measured is the escape.
"""

import math

from optbench.define import problem


@problem(
    start=[1e-3, 1.0],
    minimum=[1.0, 0.0],
    f_min=0.0,
    box=([-1e-2, -1.0], [1e-2, 1.0]),
    tags=["nonconvex", "saddle"],
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
    tags=["nonconvex", "saddle"],
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


@problem(
    start=[3.0, -2.5],
    minimum=0.0,
    f_min=0.0,
    box=(-4.0, 4.0),
    tags=["nonconvex", "plateau"],
    source="the inverted Gaussian; plateaus as in Schaul, Antonoglou and Silver 2014, "
    "Unit tests for stochastic optimization",
)
def plateau(x, g):
    """1 - exp(-(x^2 + y^2) / 2): e^-16 of the curvature is left at the corners of the box."""
    e = math.exp(-0.5 * (x[0] * x[0] + x[1] * x[1]))
    g[0] = x[0] * e
    g[1] = x[1] * e
    return 1.0 - e
