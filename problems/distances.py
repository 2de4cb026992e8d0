"""Points that are moved until their distances are right: clusters of atoms and maps of opinions."""

import math

from optbench.define import problem

CORNERS = (
    (0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (0.5, 0.5 * math.sqrt(3.0), 0.0),
    (0.5, 0.5 / math.sqrt(3.0), math.sqrt(2.0 / 3.0)),
)  # fmt: skip
"""A triangle, and the tetrahedron above it: all distances are 1."""
APART = ((-0.7, 0.3, 0.1), (1.7, -0.2, 0.2), (0.4, 1.5, -0.3), (0.5, 0.1, 1.6))


@problem(
    start=lambda dim: [v for atom in APART[: dim // 3] for v in atom],
    minimum=lambda dim: [v for atom in CORNERS[: dim // 3] for v in atom],
    f_min={9: -3.0, 12: -6.0}.get,
    box=(
        lambda dim: [v - 0.3 for atom in CORNERS[: dim // 3] for v in atom],
        lambda dim: [v + 0.3 for atom in CORNERS[: dim // 3] for v in atom],
    ),
    tags=["nonconvex", "cliff", "plateau", "ill-conditioned"],
    source="Lennard-Jones 1924, On the determination of molecular fields; Hoare and Pal 1971, "
    "Physical cluster mechanics: 3 and 4 atoms",
    dim=9,
    dims=(9, 12),
)
def lennard_jones(x, g):
    """Sum over pairs of r^-12 - 2 r^-6: an energy that is least, -1, at the distance 1.

    It grows without bound where two atoms meet and is flat where one has left. Minima can be moved
    and turned, and atoms exchanged.
    """
    f = 0.0
    for i in range(len(x)):
        g[i] = 0.0 * x[i]
    for i in range(0, len(x), 3):
        for j in range(i + 3, len(x), 3):
            a = x[i] - x[j]
            b = x[i + 1] - x[j + 1]
            c = x[i + 2] - x[j + 2]
            inverse = 1.0 / (a * a + b * b + c * c)
            sixth = inverse * inverse * inverse
            f += sixth * (sixth - 2.0)
            pull = 12.0 * sixth * (1.0 - sixth) * inverse
            g[i] = g[i] + pull * a
            g[i + 1] = g[i + 1] + pull * b
            g[i + 2] = g[i + 2] + pull * c
            g[j] = g[j] - pull * a
            g[j + 1] = g[j + 1] - pull * b
            g[j + 2] = g[j + 2] - pull * c
    return f


@problem(
    start=[
        0.5, 1.5, 0.3, -0.7, -0.7, 0.4, -3.0, 1.0, -3.2, 2.3, -0.7, 1.2, -2.9, 1.8, -2.8, -0.6,
        -1.5,
    ],
    minimum=[
        0.6519229798795552, 1.3019443265811592, 0.09923155589748177, -0.8838254711444411,
        -0.8795984797750599, 0.2046258868175074, -3.284148863562645, 0.8511905531731925,
        -3.4624241563020717, 2.5324148855705317, -0.8952528697521867, 1.4099210833262563,
        -3.0737062604899816, 1.9625773978112069, -2.9787412151026778, -0.8078136153293008,
        -1.6897811028745686,
    ],
    f_min=11.746390275660302,
    box=(-4.0, 4.0),
    tags=["nonconvex", "several-basins", "many-minima", "nonsmooth", "least-squares"],
    source="Mathar and Zilinskas 1993, On global optimization in two-dimensional scaling; Jamil "
    "and Yang 2013, A literature survey of benchmark functions, no. 36 (Cola)",
)  # fmt: skip
def cola(x, g, p):
    """Sum over pairs of (r_ij - d_ij)^2: ten colas in the plane, d_ij how unlike they taste.

    The first lies at (0, 0), the second at (x_1, 0). Kinks are where two of them meet.
    """
    f = 0.0
    for i in range(17):
        g[i] = 0.0 * x[i]
    place = 0
    for i in range(1, 10):
        for j in range(i):
            a = 0.0 * x[0]
            b = 0.0 * x[0]
            if i == 1:
                a = x[0] + 0.0
            if i > 1:
                a = x[2 * i - 3] + 0.0
                b = x[2 * i - 2] + 0.0
            if j == 1:
                a = a - x[0]
            if j > 1:
                a = a - x[2 * j - 3]
                b = b - x[2 * j - 2]
            r = math.sqrt(a * a + b * b)
            off = r - p[place]
            place += 1
            f += off * off
            pull = 2.0 * off / max(r, 1e-30)
            if i == 1:
                g[0] = g[0] + pull * a
            if i > 1:
                g[2 * i - 3] = g[2 * i - 3] + pull * a
                g[2 * i - 2] = g[2 * i - 2] + pull * b
            if j == 1:
                g[0] = g[0] - pull * a
            if j > 1:
                g[2 * j - 3] = g[2 * j - 3] - pull * a
                g[2 * j - 2] = g[2 * j - 2] - pull * b
    return f


@cola.constants
def cola_data(rng, dim):
    """Return how far the judges found each cola from those before it."""
    return [
        1.27,
        1.69, 1.43,
        2.04, 2.35, 2.43,
        3.09, 3.18, 3.26, 2.85,
        3.20, 3.22, 3.27, 2.88, 1.55,
        2.86, 2.56, 2.58, 2.59, 3.12, 3.06,
        3.17, 3.18, 3.18, 3.12, 1.31, 1.64, 3.00,
        3.21, 3.18, 3.18, 3.17, 1.70, 1.36, 2.95, 1.32,
        2.38, 2.31, 2.42, 1.94, 2.85, 2.81, 2.56, 2.91, 2.97,
    ]  # fmt: skip
