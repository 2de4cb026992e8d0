"""Kinks: at the minimum the slope does not fade, so a fixed rate never settles.

On a kink the gradient is a subgradient: zero where it may be, else that of one of the pieces.
"""

import math

from optbench.define import problem, where


def sign(v):
    """-1, 0 or 1."""
    return where(v > 0.0, 1.0, where(v < 0.0, -1.0, 0.0))


@problem(
    start=[3.0, -1.5],
    minimum=0.0,
    f_min=0.0,
    box=(-5.0, 5.0),
    tags=["convex", "separable", "nonsmooth"],
    source="Shor 1985, Minimization methods for non-differentiable functions",
    dims=(2, 10),
    scalable=True,
)
def l1(x, g):
    """Sum of |x_i|."""
    f = 0.0
    for i in range(len(x)):
        f += abs(x[i])
        g[i] = sign(x[i])
    return f


@problem(
    start=[3.0, -1.5],
    minimum=0.0,
    f_min=0.0,
    box=(-5.0, 5.0),
    tags=["convex", "nonsmooth"],
    source="Nesterov 2004, Introductory lectures on convex optimization, sec. 3.2.1 (its max, "
    "closed by one more piece)",
    dims=(2, 10),
    scalable=True,
)
def max_affine(x, g):
    """max(x_1, .., x_d, -sum of x_i): one coordinate moves at a time, or all of them back."""
    total = 0.0
    for i in range(len(x)):
        total += x[i]
    top = -total
    for i in range(len(x)):
        top = max(top, x[i])
    last = where(top == -total, 1.0, 0.0)
    free = 1.0 - last  # 1 until a piece has been chosen
    for i in range(len(x)):
        chosen = where(x[i] == top, free, 0.0)
        free -= chosen
        g[i] = chosen - last
    return top


@problem(
    start=1.0,
    minimum=0.0,
    f_min=0.0,
    box=(-5.0, 5.0),
    tags=["convex", "nonsmooth", "ill-conditioned"],
    source="Kiwiel 1989; Lukšan and Vlček 2000, Test problems for nonsmooth optimization, no. "
    "2.19 (MXHILB)",
    dim=5,
    scalable=True,
)
def max_hilbert(x, g):
    """Largest over i of |sum over j of x_j / (i + j - 1)|: rows of the Hilbert matrix."""
    top = 0.0
    row = 0.0
    side = 0.0
    for i in range(len(x)):
        s = 0.0
        for j in range(len(x)):
            s += x[j] / (i + j + 1.0)
        beyond = abs(s) > top
        row = where(beyond, float(i), row)
        side = where(beyond, sign(s), side)
        top = max(top, abs(s))
    for j in range(len(x)):
        g[j] = side / (row + (j + 1.0))
    return top


@problem(
    start=[4.0, 1.0],
    minimum=0.0,
    f_min=0.0,
    box=(-5.0, 5.0),
    tags=["convex", "nonsmooth", "ill-conditioned"],
    source="Hansen, Finck, Ros and Auger 2009, Real-parameter black-box optimization "
    "benchmarking, f13 (not rotated)",
    dims=(2, 10),
    scalable=2,
)
def sharp_ridge(x, g):
    """x_1^2 + 100 |(x_2, .., x_d)|: steep and kinked across, gentle along."""
    squares = 0.0
    for i in range(1, len(x)):
        squares += x[i] * x[i]
    radius = math.sqrt(squares)
    pull = 100.0 / where(radius > 0.0, radius, 1.0)
    g[0] = 2.0 * x[0]
    for i in range(1, len(x)):
        g[i] = pull * x[i]
    return x[0] * x[0] + 100.0 * radius


@problem(
    start=[-1.5, 2.0],
    minimum=0.0,
    f_min=0.0,
    box=(-2.0, 2.5),
    tags=["nonconvex", "nonsmooth", "valley"],
    source="Kiwiel 1985, Methods of descent for nondifferentiable optimization; Lukšan and Vlček "
    "2000, no. 2.2 (Crescent)",
)
def crescent(x, g):
    """Max of r + y - 1 and -r + y + 1 with r = x^2 + (y - 1)^2: the valley is a circle's kink."""
    b = x[1] - 1.0
    r = x[0] * x[0] + b * b
    side = where(r > 1.0, 1.0, -1.0)
    g[0] = side * 2.0 * x[0]
    g[1] = side * 2.0 * b + 1.0
    return abs(r - 1.0) + x[1]


@problem(
    start=[-1.0, -1.0],
    minimum=[1.0, 0.0],
    f_min=-1.0,
    box=(-2.0, 2.0),
    tags=["convex", "nonsmooth", "valley"],
    source="Gupta 1985; Lukšan and Vlček 2000, Test problems for nonsmooth optimization, no. 2.11 "
    "(Mifflin 2)",
)
def mifflin(x, g):
    """-x + 2 c + 1.75 |c| with c = x^2 + y^2 - 1: the valley is the unit circle."""
    c = x[0] * x[0] + x[1] * x[1] - 1.0
    slope = 2.0 * (2.0 + 1.75 * sign(c))
    g[0] = slope * x[0] - 1.0
    g[1] = slope * x[1]
    return 2.0 * c + 1.75 * abs(c) - x[0]


@problem(
    start=lambda dim: [-1.0] + [1.0] * (dim - 1),
    minimum=1.0,
    f_min=0.0,
    box=(-1.5, 1.5),
    tags=["nonconvex", "nonsmooth", "valley"],
    source="Gürbüzbalaban and Overton 2012, On Nesterov's nonsmooth Chebyshev-Rosenbrock "
    "functions, eq. 3",
    dim=2,
    dims=(2, 4),
    scalable=2,
)
def chebyshev_rosenbrock(x, g):
    """(x_1 - 1)^2 / 4 + sum of |x_{i+1} - 2 x_i^2 + 1|: the valley oscillates ever faster.

    Along the valley x_{i+1} is a Chebyshev polynomial of degree 2^i in x_1.
    """
    b = x[0] - 1.0
    f = 0.25 * b * b
    carried = 0.5 * b
    last = len(x) - 1
    for i in range(last):
        a = x[i + 1] - 2.0 * x[i] * x[i] + 1.0
        side = sign(a)
        f += abs(a)
        g[i] = carried - 4.0 * side * x[i]
        carried = side
    g[last] = carried
    return f
