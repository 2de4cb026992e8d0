"""Convex quadratics: what every method must solve, and how their spectra slow it down."""

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


def spectrum(name, curvature, source, family, rotated=False, ill_conditioned=True):
    """Declare the quadratic whose curvature along coordinate i of d is ``curvature(i, d)``."""
    tags = ["convex", "rotated" if rotated else "separable"]
    declared = problem(
        name=name,
        start=1.0,
        minimum=0.0,
        f_min=0.0,
        box=(-5.0, 5.0),
        tags=[*tags, "ill-conditioned"] if ill_conditioned else tags,
        source=source,
        family=family,
        dim=10,
        scalable=True,
        rotated=rotated,
    )(weighted_squares)

    @declared.constants
    def curvatures(rng, dim):
        return [curvature(i, dim) for i in range(dim)]

    return declared


def ellipsoid(name, kappa, rotated=False):
    """Declare an ellipsoid whose curvatures grow geometrically from 1 to `kappa`."""
    source = "Hansen and Ostermeier 2001, Completely derandomized self-adaptation, table 3"
    return spectrum(
        name, lambda i, d: kappa ** (i / max(d - 1, 1)), source, "ellipsoid", rotated, kappa >= 1e3
    )


def power_law(name, alpha, rotated=False):
    """Declare a quadratic whose i-th curvature is i^-alpha, as in the spectra of real data."""
    source = "Bach 2024, Scaling laws of optimization; Velikanov and Yarotsky 2021, Explicit loss "
    return spectrum(
        name,
        lambda i, d: (i + 1.0) ** -alpha,
        source + "asymptotics in the gradient descent training of neural networks",
        "power_law",
        rotated,
        ill_conditioned=False,
    )


ellipsoid_1e2 = ellipsoid("ellipsoid_1e2", 1e2)
ellipsoid_1e4 = ellipsoid("ellipsoid_1e4", 1e4)
ellipsoid_1e6 = ellipsoid("ellipsoid_1e6", 1e6)
rotated_ellipsoid_1e2 = ellipsoid("rotated_ellipsoid_1e2", 1e2, rotated=True)
rotated_ellipsoid_1e4 = ellipsoid("rotated_ellipsoid_1e4", 1e4, rotated=True)
rotated_ellipsoid_1e6 = ellipsoid("rotated_ellipsoid_1e6", 1e6, rotated=True)
power_law_1 = power_law("power_law_1", 1.0)
power_law_2 = power_law("power_law_2", 2.0)
rotated_power_law_2 = power_law("rotated_power_law_2", 2.0, rotated=True)

CEC = "Liang, Qu and Suganthan 2013, Problem definitions for the CEC 2014 competition, "
bent_cigar = spectrum(
    "bent_cigar", lambda i, d: 2e6 if i else 2.0, CEC + "eq. 2 (not rotated)", "bent_cigar"
)
discus = spectrum("discus", lambda i, d: 2.0 if i else 2e6, CEC + "eq. 3 (not rotated)", "discus")
rotated_discus = spectrum(
    "rotated_discus", lambda i, d: 2.0 if i else 2e6, CEC + "eq. 3", "discus", rotated=True
)


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


@problem(
    start=[-7.0, 5.0],
    minimum=0.0,
    f_min=0.0,
    box=(-10.0, 10.0),
    tags=["convex"],
    source="Jamil and Yang 2013, A literature survey of benchmark functions, no. 71",
)
def matyas(x, g):
    """0.26 (x^2 + y^2) - 0.48 x y; condition number 25, axes at 45 degrees."""
    g[0] = 0.52 * x[0] - 0.48 * x[1]
    g[1] = 0.52 * x[1] - 0.48 * x[0]
    return 0.5 * (g[0] * x[0] + g[1] * x[1])


@problem(
    start=1.0,
    minimum=0.0,
    f_min=0.0,
    box=(-10.0, 10.0),
    tags=["convex"],
    source="Schwefel 1981, Numerical optimization of computer models, problem 1.2",
    dim=10,
    scalable=True,
)
def double_sum(x, g):
    """Sum over i of (x_1 + .. + x_i)^2: the rotated hyper-ellipsoid; kappa is about 1.6 d^2."""
    f = 0.0
    prefix = 0.0
    for i in range(len(x)):
        prefix += x[i]
        f += prefix * prefix
        g[i] = prefix
    slope = 0.0
    for back in range(len(x)):
        i = len(x) - 1 - back
        slope += 2.0 * g[i]
        g[i] = slope
    return f


@problem(
    start=0.0,
    minimum=lambda dim: [1.0 - (i + 1.0) / (dim + 1.0) for i in range(dim)],
    f_min=lambda dim: 0.5 / (dim + 1.0) - 0.5,
    box=(-1.0, 2.0),
    tags=["convex"],
    source="Nesterov 2004, Introductory lectures on convex optimization, sec. 2.1.2 (L = 4)",
    dim=10,
    dims=(10, 100),
    scalable=True,
)
def nesterov_chain(x, g):
    """(x_1^2 + sum of (x_i - x_{i+1})^2 + x_d^2) / 2 - x_1: the worst case of first-order methods.

    A method that moves only along gradients it has seen reaches one more coordinate a step.
    """
    f = -x[0]
    before = 0.0
    pull = -1.0  # what lies left of this coordinate adds to its slope
    for i in range(len(x)):
        step = x[i] - before
        f += 0.5 * step * step
        g[i] = pull + step
        if i > 0:
            g[i - 1] = g[i - 1] - step
        before = x[i]
        pull = 0.0
    last = len(x) - 1
    g[last] = g[last] + x[last]
    return f + 0.5 * x[last] * x[last]


@problem(
    start=0.0,
    minimum=lambda dim: [(i + 1.0) * (dim - i) for i in range(dim)],
    f_min=lambda dim: -dim * (dim + 4.0) * (dim - 1.0) / 6.0,
    box=(lambda dim: -float(dim * dim), lambda dim: float(dim * dim)),
    tags=["convex"],
    source="Neumaier 2006, Global optimization test problems: trid",
    dim=6,
    dims=(6, 10),
    scalable=True,
)
def trid(x, g):
    """Sum of (x_i - 1)^2 - sum of x_i x_{i+1}: the minimum grows like d^2."""
    f = 0.0
    before = 0.0
    for i in range(len(x)):
        a = x[i] - 1.0
        f += a * a - x[i] * before
        g[i] = 2.0 * a - before
        if i > 0:
            g[i - 1] = g[i - 1] - x[i]
        before = x[i]
    return f


@problem(
    start=1.0,
    minimum=0.0,
    f_min=0.0,
    box=(-5.0, 5.0),
    tags=["convex", "ill-conditioned"],
    source="Hilbert 1894, Ein Beitrag zur Theorie des Legendre'schen Polynoms",
    dim=5,
    scalable=True,
)
def hilbert(x, g):
    """Half of x' H x with H_ij = 1 / (i + j - 1): kappa = 4.8e5 in five dimensions."""
    f = 0.0
    for i in range(len(x)):
        slope = 0.0
        for j in range(len(x)):
            slope += x[j] / (i + j + 1.0)
        g[i] = slope
        f += 0.5 * slope * x[i]
    return f
