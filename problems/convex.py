"""Convex quadratics: what every method must solve, and how conditioning slows it down."""

from optbench.define import problem


@problem(
    start=1.0,
    minimum=0.0,
    f_min=0.0,
    box=(-5.12, 5.12),
    tags=["convex", "separable"],
    source="De Jong 1975, An analysis of the behavior of a class of genetic adaptive systems, F1",
    dim=2,
    dims=(2, 10),
    scalable=True,
)
def sphere(x, g):
    """Sum of x_i^2."""
    f = 0.0
    for i in range(len(x)):
        f += x[i] * x[i]
        g[i] = 2.0 * x[i]
    return f


def weighted_squares(x, g, p):
    """Sum of p_i x_i^2 / 2."""
    f = 0.0
    for i in range(len(x)):
        g[i] = p[i] * x[i]
        f += 0.5 * g[i] * x[i]
    return f


def ellipsoid(name, kappa, rotated=False):
    """Declare an ellipsoid whose curvatures grow geometrically from 1 to `kappa`."""
    declared = problem(
        name=name,
        start=1.0,
        minimum=0.0,
        f_min=0.0,
        box=(-5.0, 5.0),
        tags=["convex", "ill-conditioned", "rotated" if rotated else "separable"],
        source="Hansen and Ostermeier 2001, Completely derandomized self-adaptation, table 3",
        family="ellipsoid",
        dim=10,
        scalable=True,
        rotated=rotated,
    )(weighted_squares)

    @declared.constants
    def curvatures(rng, dim):
        return [kappa ** (i / max(dim - 1, 1)) for i in range(dim)]

    return declared


ellipsoid_1e2 = ellipsoid("ellipsoid_1e2", 1e2)
ellipsoid_1e4 = ellipsoid("ellipsoid_1e4", 1e4)
ellipsoid_1e6 = ellipsoid("ellipsoid_1e6", 1e6)
rotated_ellipsoid_1e2 = ellipsoid("rotated_ellipsoid_1e2", 1e2, rotated=True)
rotated_ellipsoid_1e4 = ellipsoid("rotated_ellipsoid_1e4", 1e4, rotated=True)
rotated_ellipsoid_1e6 = ellipsoid("rotated_ellipsoid_1e6", 1e6, rotated=True)


@problem(
    start=[0.0, 0.0],
    minimum=[1.0, 3.0],
    f_min=0.0,
    box=(-10.0, 10.0),
    tags=["convex"],
    source="Jamil and Yang 2013, A literature survey of benchmark functions, no. 17",
)
def booth(x, g):
    """(x + 2 y - 7)^2 + (2 x + y - 5)^2; condition number 9, axes at 45 degrees."""
    a = x[0] + 2.0 * x[1] - 7.0
    b = 2.0 * x[0] + x[1] - 5.0
    g[0] = 2.0 * a + 4.0 * b
    g[1] = 4.0 * a + 2.0 * b
    return a * a + b * b
