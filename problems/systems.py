"""Sums of squares of systems of equations, scalable, and penalties on a sphere."""

import math

from optbench.define import problem

MGH = "Moré, Garbow and Hillstrom 1981, Testing unconstrained optimization software, "


def solved(x, residual, jacobian, reach):
    """Return a root of a system by Newton's method.

    Parameters
    ----------
    x : list of float
        A point near the root; it is moved there.
    residual : callable
        ``residual(x, i)``: equation i.
    jacobian : callable
        ``jacobian(x, i, j)``: its slope along coordinate j, not 0 for |i - j| <= `reach` alone.
    reach : int
    """
    n = len(x)
    for _ in range(12):
        rows = [[jacobian(x, i, j) for j in range(n)] for i in range(n)]
        right = [residual(x, i) for i in range(n)]
        for k in range(n):  # these systems are diagonally dominant: no pivots
            for i in range(k + 1, min(k + reach + 1, n)):
                factor = rows[i][k] / rows[k][k]
                for j in range(k, min(k + reach + 1, n)):
                    rows[i][j] -= factor * rows[k][j]
                right[i] -= factor * right[k]
        for k in reversed(range(n)):
            later = range(k + 1, min(k + reach + 1, n))
            right[k] = (right[k] - sum(rows[k][j] * right[j] for j in later)) / rows[k][k]
        x = [a - b for a, b in zip(x, right, strict=True)]
    return x


def at(x, i):
    """x_i, and 0 beyond the ends."""
    return x[i] if 0 <= i < len(x) else 0.0


def tridiagonal_root(dim):
    """Return the root of Broyden's tridiagonal system that the start leads to."""
    return solved(
        [-0.7] * dim,
        lambda x, i: (3.0 - 2.0 * x[i]) * x[i] - at(x, i - 1) - 2.0 * at(x, i + 1) + 1.0,
        lambda x, i, j: {0: 3.0 - 4.0 * x[i], -1: -1.0, 1: -2.0}.get(j - i, 0.0),
        1,
    )


@problem(
    start=-1.0,
    minimum=tridiagonal_root,
    f_min=0.0,
    box=(-1.0, 0.0),
    tags=["nonconvex", "several-basins", "least-squares"],
    source=MGH + "no. 30",
    dim=10,
    scalable=2,
)
def broyden_tridiagonal(x, g):
    """Sum of ((3 - 2 x_i) x_i - x_{i-1} - 2 x_{i+1} + 1)^2 with x_0 = x_{d+1} = 0."""
    f = 0.0
    before = 0.0
    last = len(x) - 1
    for i in range(len(x)):
        after = x[i + 1] if i < last else 0.0 * x[i]
        r = (3.0 - 2.0 * x[i]) * x[i] - before - 2.0 * after + 1.0
        f += r * r
        r = 2.0 * r
        own = r * (3.0 - 4.0 * x[i])
        if i > 0:
            g[i - 1] = g[i - 1] - r
            own = own + g[i]
        g[i] = own
        if i < last:
            g[i + 1] = -2.0 * r
        before = x[i]
    return f


def banded_root(dim):
    """Return the root of Broyden's banded system."""
    reach = 5

    def residual(x, i):
        near = [x[j] for j in range(max(0, i - reach), min(dim, i + 2)) if j != i]
        return x[i] * (2.0 + 5.0 * x[i] ** 2) + 1.0 - sum(v * (1.0 + v) for v in near)

    def jacobian(x, i, j):
        if i == j:
            return 2.0 + 15.0 * x[i] ** 2
        return -(1.0 + 2.0 * x[j]) if -reach <= j - i <= 1 else 0.0

    return solved([-0.45] * dim, residual, jacobian, reach)


@problem(
    start=-1.0,
    minimum=banded_root,
    f_min=0.0,
    box=(-1.0, 0.0),
    tags=["nonconvex", "several-basins", "least-squares"],
    source=MGH + "no. 31",
    dim=10,
    scalable=2,
)
def broyden_banded(x, g):
    """Sum of (x_i (2 + 5 x_i^2) + 1 - sum over i-5 <= j <= i+1, j != i, of x_j (1 + x_j))^2."""
    f = 0.0
    for i in range(len(x)):
        g[i] = 0.0 * x[i]
    for i in range(len(x)):
        own = x[i]
        near = -own * (1.0 + own)  # the coordinate itself is taken out of the window
        for j in range(max(0, i - 5), min(len(x), i + 2)):
            near += x[j] * (1.0 + x[j])
        r = own * (2.0 + 5.0 * own * own) + 1.0 - near
        f += r * r
        r = 2.0 * r
        for j in range(max(0, i - 5), min(len(x), i + 2)):
            g[j] = g[j] - r * (1.0 + 2.0 * x[j])
        g[i] = g[i] + r * (3.0 + 2.0 * own + 15.0 * own * own)
    return f


def boundary_root(dim):
    """Return the discrete solution of the boundary value problem."""
    h = 1.0 / (dim + 1.0)
    return solved(
        boundary_start(dim),
        lambda x, i: (
            2.0 * x[i] - at(x, i - 1) - at(x, i + 1) + 0.5 * h**2 * (x[i] + (i + 1) * h + 1) ** 3
        ),
        lambda x, i, j: {
            0: 2.0 + 1.5 * h**2 * (x[i] + (i + 1) * h + 1) ** 2, -1: -1.0, 1: -1.0,
        }.get(j - i, 0.0),
        1,
    )  # fmt: skip


def boundary_start(dim):
    """t_i (t_i - 1) at t_i = i / (d + 1)."""
    return [(i / (dim + 1.0)) * (i / (dim + 1.0) - 1.0) for i in range(1, dim + 1)]


@problem(
    start=boundary_start,
    minimum=boundary_root,
    f_min=0.0,
    box=(-0.5, 0.5),
    tags=["nonconvex", "valley", "ill-conditioned", "least-squares"],
    source=MGH + "no. 28",
    dim=10,
    scalable=2,
)
def boundary_value(x, g):
    """Sum of (2 x_i - x_{i-1} - x_{i+1} + h^2 (x_i + t_i + 1)^3 / 2)^2: u'' = (u + t + 1)^3 / 2."""
    h = 1.0 / (len(x) + 1.0)
    f = 0.0
    before = 0.0
    last = len(x) - 1
    for i in range(len(x)):
        after = x[i + 1] if i < last else 0.0 * x[i]
        s = x[i] + ((i + 1.0) * h + 1.0)
        bend = 0.5 * h * h * s * s
        r = 2.0 * x[i] - before - after + bend * s
        f += r * r
        r = 2.0 * r
        own = r * (2.0 + 3.0 * bend)
        if i > 0:
            g[i - 1] = g[i - 1] - r
            own = own + g[i]
        g[i] = own
        if i < last:
            g[i + 1] = -r
        before = x[i]
    return f


@problem(
    start=lambda dim: [1.0 - (i + 1.0) / dim for i in range(dim)],
    minimum=1.0,
    f_min=0.0,
    box=(0.0, 2.0),
    tags=["convex", "ill-conditioned", "least-squares"],
    source=MGH + "no. 25",
    dim=10,
    scalable=True,
)
def variably_dimensioned(x, g):
    """|x - 1|^2 + s^2 + s^4 with s = sum of i (x_i - 1): Zakharov's trough, twice as steep."""
    f = 0.0
    s = 0.0
    for i in range(len(x)):
        a = x[i] - 1.0
        f += a * a
        s += (i + 1.0) * a
        g[i] = 2.0 * a
    ss = s * s
    slope = 2.0 * s + 4.0 * ss * s
    for i in range(len(x)):
        g[i] = g[i] + (i + 1.0) * slope
    return f + ss + ss * ss


@problem(
    start=lambda dim: [1.0 / dim] * dim,
    minimum=0.0,
    f_min=0.0,
    box=(-0.5, 0.5),
    tags=["nonconvex", "several-basins", "many-minima", "least-squares"],
    source=MGH + "no. 26",
    dim=10,
    scalable=True,
)
def trigonometric(x, g):
    """Sum over i of (d - sum over j of cos(x_j) + i (1 - cos(x_i)) - sin(x_i))^2.

    In ten dimensions a local minimum of value 2.795e-5 is near the start.
    """
    missing = 0.0
    for i in range(len(x)):
        g[i] = math.cos(x[i])
        missing += 1.0 - g[i]
    f = 0.0
    total = 0.0
    for i in range(len(x)):
        cosine = g[i]
        sine = math.sin(x[i])
        r = missing + (i + 1.0) * (1.0 - cosine) - sine
        f += r * r
        r = 2.0 * r
        total += r
        g[i] = r * ((i + 1.0) * sine - cosine)
    for i in range(len(x)):
        g[i] = g[i] + total * math.sin(x[i])
    return f


def penalty_radius(dim):
    """Return the coordinate s of the minimum: 1e-5 (s - 1) + 2 s (d s^2 - 1/4) = 0."""
    s = 0.5 / math.sqrt(dim)
    for _ in range(20):
        value = 1e-5 * (s - 1.0) + 2.0 * s * (dim * s * s - 0.25)
        s -= value / (1e-5 + 6.0 * dim * s * s - 0.5)
    return s


def penalty_least(dim):
    """Return the value there."""
    s = penalty_radius(dim)
    return 1e-5 * dim * (s - 1.0) ** 2 + (dim * s * s - 0.25) ** 2


@problem(
    start=lambda dim: [i + 1.0 for i in range(dim)],
    minimum=lambda dim: [penalty_radius(dim)] * dim,
    f_min=penalty_least,
    box=(-1.0, 1.0),
    tags=["nonconvex", "valley", "ill-conditioned", "least-squares"],
    source=MGH + "no. 23",
    dim=4,
    dims=(4, 10),
    scalable=2,
)
def penalty_1(x, g):
    """1e-5 |x - 1|^2 + (|x|^2 - 1/4)^2: the valley is a sphere, slightly tilted."""
    f = 0.0
    squares = -0.25
    for i in range(len(x)):
        a = x[i] - 1.0
        f += a * a
        squares += x[i] * x[i]
    slope = 4.0 * squares
    for i in range(len(x)):
        g[i] = 2e-5 * (x[i] - 1.0) + slope * x[i]
    return 1e-5 * f + squares * squares
