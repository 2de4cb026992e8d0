"""Systems of equations as least squares: what else Moré, Garbow and Hillstrom collected."""

import math

from optbench.define import problem

from .systems import MGH, boundary_start, solved


@problem(
    start=[-1.2, 1.0],
    minimum=1.0,
    f_min=0.0,
    box=(-2.0, 2.0),
    tags=["nonconvex", "valley", "ill-conditioned", "least-squares"],
    source=MGH + "no. 21",
    family="rosenbrock",
    dim=4,
    dims=(4, 20),
)
def extended_rosenbrock(x, g):
    """Sum over pairs of 100 (y - x^2)^2 + (1 - x)^2: d / 2 valleys that know nothing of another."""
    f = 0.0
    for i in range(0, len(x), 2):
        a = x[i + 1] - x[i] * x[i]
        b = 1.0 - x[i]
        f += 100.0 * a * a + b * b
        g[i] = -400.0 * a * x[i] - 2.0 * b
        g[i + 1] = 200.0 * a
    return f


PENALTY_2 = {
    4: [0.1999993333503804, 0.1913167009927725, 0.48010148533262326, 0.5188454043902003],
    10: [
        0.19998360519782363, 0.010350648471292304, 0.01960493448043841, 0.03208906722068565,
        0.049932677399641294, 0.0765139951539936, 0.11862407286950417, 0.19214487233557664,
        0.34732058694184353, 0.36916437415935077,
    ],
}  # fmt: skip
PENALTY_2_LEAST = {4: 9.376293007355444e-06, 10: 0.00029366053745674594}


@problem(
    start=0.5,
    minimum=PENALTY_2.get,
    f_min=PENALTY_2_LEAST.get,
    box=(-1.0, 1.0),
    tags=["nonconvex", "valley", "ill-conditioned", "least-squares"],
    source=MGH + "no. 24",
    dim=4,
    dims=(4, 10),
)
def penalty_2(x, g):
    """A tilted ellipsoid whose valley is held by exponentials of weight 1e-5.

    (x_1 - 0.2)^2 + (sum of (d - j + 1) x_j^2 - 1)^2 + 1e-5 sum over i > 1 of
    (e_i + e_{i-1} - y_i)^2 + (e_i - exp(-1/10))^2, e_i = exp(x_i / 10), y_i the same of x_i = i.
    """
    d = len(x)
    squares = -1.0
    for i in range(d):
        squares += (d - i) * x[i] * x[i]
        g[i] = 0.0 * x[i]
    first = x[0] - 0.2
    g[0] = 2.0 * first
    f = 0.0
    before = math.exp(0.1 * x[0])
    for i in range(1, d):
        e = math.exp(0.1 * x[i])
        a = e + before - (math.exp(0.1 * (i + 1.0)) + math.exp(0.1 * i))
        b = e - math.exp(-0.1)
        f += a * a + b * b
        g[i] = g[i] + 2e-6 * e * (a + b)
        g[i - 1] = g[i - 1] + 2e-6 * a * before
        before = e
    for i in range(d):
        g[i] = g[i] + 4.0 * squares * (d - i) * x[i]
    return 1e-5 * f + first * first + squares * squares


@problem(
    start=0.5,
    minimum=1.0,
    f_min=0.0,
    box=(-1.0, 2.0),
    tags=["nonconvex", "valley", "several-basins", "ill-conditioned", "least-squares"],
    source=MGH + "no. 27",
    dim=10,
    scalable=2,
)
def brown_almost_linear(x, g):
    """Sum over i < d of (x_i + s - d - 1)^2 plus (product - 1)^2, s the sum of all coordinates.

    Along the line that solves the linear equations a polynomial of degree d is left. There is a
    local minimum of value 1 where the product is 0.
    """
    d = len(x)
    s = -(d + 1.0)
    product = 1.0
    for i in range(d):
        g[i] = product  # of the coordinates before
        product = product * x[i]
        s += x[i]
    last = product - 1.0
    f = last * last
    after = 2.0 * last
    total = 0.0
    for k in range(d):
        i = d - 1 - k
        g[i] = g[i] * after
        after = after * x[i]
        if i < d - 1:
            r = x[i] + s
            f += r * r
            total += 2.0 * r
            g[i] = g[i] + 2.0 * r
    for i in range(d):
        g[i] = g[i] + total
    return f


def integral_root(dim):
    """Return the discrete solution of the integral equation."""
    h = 1.0 / (dim + 1.0)
    t = [(i + 1) * h for i in range(dim)]

    def kernel(i, j):
        return (1.0 - t[i]) * t[j] if j <= i else t[i] * (1.0 - t[j])

    return solved(
        boundary_start(dim),
        lambda x, i: (
            x[i] + 0.5 * h * sum(kernel(i, j) * (x[j] + t[j] + 1.0) ** 3 for j in range(dim))
        ),
        lambda x, i, j: float(i == j) + 1.5 * h * kernel(i, j) * (x[j] + t[j] + 1.0) ** 2,
        dim,
    )


@problem(
    start=boundary_start,
    minimum=integral_root,
    f_min=0.0,
    box=(-0.5, 0.5),
    tags=["nonconvex", "least-squares"],
    source=MGH + "no. 29",
    dim=10,
    scalable=2,
)
def integral_equation(x, g):
    """The equation of `boundary_value` as an integral: well-conditioned in any dimension.

    Sum of (x_i + h (1 - t_i) / 2 sum_{j <= i} t_j c_j + h t_i / 2 sum_{j > i} (1 - t_j) c_j)^2 with
    c_j = (x_j + t_j + 1)^3 and t_j = j h.
    """
    d = len(x)
    h = 1.0 / (d + 1.0)
    above = 0.0 * x[0]
    for i in range(d):
        t = (i + 1.0) * h
        s = x[i] + (t + 1.0)
        above += (1.0 - t) * s * s * s
    f = 0.0
    below = 0.0
    right = 0.0
    for i in range(d):
        t = (i + 1.0) * h
        s = x[i] + (t + 1.0)
        cube = s * s * s
        below += t * cube
        above -= (1.0 - t) * cube
        r = x[i] + 0.5 * h * ((1.0 - t) * below + t * above)
        f += r * r
        g[i] = r
        right += (1.0 - t) * r
    left = 0.0
    for i in range(d):
        t = (i + 1.0) * h
        s = x[i] + (t + 1.0)
        r = g[i]
        g[i] = 2.0 * r + 3.0 * h * s * s * (t * right + (1.0 - t) * left)
        right -= (1.0 - t) * r
        left += t * r
    return f


@problem(
    start=1.0,
    minimum=lambda dim: [
        3.0 * (j + 1.0) / ((2 * dim + 1) * (dim * (dim + 1) * (2 * dim + 1) / 6))
        for j in range(dim)
    ],
    f_min=lambda dim: dim * (dim - 1) / (2.0 * (2 * dim + 1)),
    box=(-1.0, 1.0),
    tags=["convex", "least-squares"],
    source=MGH + "no. 33 (as many equations as coordinates)",
    dim=10,
    scalable=True,
)
def linear_rank_1(x, g):
    """Sum over i of (i s - 1)^2, s = sum of j x_j: flat along all directions but one.

    Minima are a plane; the one that is declared is nearest to 0.
    """
    s = 0.0
    for i in range(len(x)):
        s += (i + 1.0) * x[i]
    f = 0.0
    slope = 0.0
    for i in range(len(x)):
        r = (i + 1.0) * s - 1.0
        f += r * r
        slope += 2.0 * (i + 1.0) * r
    for i in range(len(x)):
        g[i] = (i + 1.0) * slope
    return f


CHEBYQUAD = {
    7: [
        0.05806914962097546, 0.2351716123574216, 0.3380440947400462, 0.5, 0.6619559052599538,
        0.7648283876425784, 0.9419308503790246,
    ],
    8: [
        0.043152760151016614, 0.19309084038418614, 0.26632870689027294, 0.5, 0.5,
        0.7336712931097271, 0.8069091596158139, 0.9568472398489833,
    ],
}  # fmt: skip
CHEBYQUAD_LEAST = {7: 0.0, 8: 0.0035168737256779303}


@problem(
    start=lambda dim: [(i + 1.0) / (dim + 1.0) for i in range(dim)],
    minimum=CHEBYQUAD.get,
    f_min=CHEBYQUAD_LEAST.get,
    box=(0.0, 1.0),
    tags=["nonconvex", "several-basins", "least-squares"],
    source=MGH + "no. 35 (Fletcher 1965)",
    dim=8,
    dims=(7, 8),
    scratch=1,
)
def chebyquad(x, g, z):
    """Sum over i of (mean over j of T_i(x_j) - its integral)^2, T_i shifted to [0, 1].

    Equal weights integrate exactly up to degree 7 with 7 points; with 8 they do not. Minima come in
    all orders of the points, and beyond [0, 1] f grows like a power of twice the degree.
    """
    d = len(x)
    for i in range(d):
        z[i] = 0.0 * x[0]
        if i % 2 == 1:
            z[i] = 0.0 * x[0] + 1.0 / ((i + 1.0) * (i + 1.0) - 1.0)
    for j in range(d):
        u = 2.0 * x[j] - 1.0
        before = 0.0 * u + 1.0
        now = u
        for i in range(d):
            z[i] = z[i] + now / d
            before, now = now, 2.0 * u * now - before
    f = 0.0
    for i in range(d):
        f += z[i] * z[i]
    for j in range(d):
        u = 2.0 * x[j] - 1.0
        before = 0.0 * u + 1.0
        now = u
        slope_before = 0.0 * u
        slope = 0.0 * u + 2.0
        total = 0.0
        for i in range(d):
            total += z[i] * slope
            slope_before, slope = slope, 4.0 * now + 2.0 * u * slope - slope_before
            before, now = now, 2.0 * u * now - before
        g[j] = 2.0 * total / d
    return f
