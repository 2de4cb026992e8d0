"""Products of matrices that are to equal a given one: factorisations, deep linear nets, roots.

Matrices lie row by row in x, one behind the other. The singular vectors of the given matrix are
those of the cosine transform, so that all numbers are known in closed form.
"""

import numpy as np

from optbench.define import problem

from ._spectra import cosines, geometric

HIGH, WIDE = 6, 5
"""Sides of the matrix M that is factorised."""


def bases(rank):
    """Return the first left and right singular vectors of M, [HIGH, rank] and [WIDE, rank]."""
    return cosines(HIGH).T[:, :rank], cosines(WIDE).T[:, :rank]


def factorisation(name, rank, values, source):
    """Declare U V' = M in the least squares sense, U [6, rank] and V [5, rank].

    Parameters
    ----------
    rank : int
    values : sequence of float, decreasing
        The singular values of M. Those beyond `rank` remain (Eckart and Young 1936).
    """
    kept, lost = np.array(values[:rank]), np.array(values[rank:])
    dim = (HIGH + WIDE) * rank

    def factors(dim):
        """Return U and V, row by row."""
        left, right = (basis * np.sqrt(kept) for basis in bases(len(kept)))
        padding = ((0, 0), (0, rank - len(kept)))
        return np.concatenate([np.pad(factor, padding).ravel() for factor in (left, right)])

    conditions = ["ill-conditioned"] if kept[0] >= 1e3 * kept[-1] else []

    @problem(
        name=name,
        start=lambda dim: 0.3 * np.sin(1.0 + np.arange(dim)),
        minimum=factors,
        f_min=0.5 * float(np.sum(lost**2)),
        box=(-1.0, 1.0),
        tags=["nonconvex", "least-squares", *conditions],
        source=source,
        family="matrix_factorisation",
        shape=[(HIGH, rank), (WIDE, rank)],
        dim=dim,
        target=1e-8,
    )
    def factorised(x, g, p):
        """Half of the sum of (U V' - M)_ij^2."""
        second = HIGH * rank
        f = 0.0
        for i in range(dim):
            g[i] = 0.0 * x[i]
        for i in range(HIGH):
            for j in range(WIDE):
                r = -p[i * WIDE + j] + 0.0 * x[0]
                for k in range(rank):
                    r += x[i * rank + k] * x[second + j * rank + k]
                f += 0.5 * r * r
                for k in range(rank):
                    g[i * rank + k] += r * x[second + j * rank + k]
                    g[second + j * rank + k] += r * x[i * rank + k]
        return f

    @factorised.constants
    def matrix(rng, dim):
        """Return M, row by row."""
        left, right = bases(len(values))
        return (left * np.array(values) @ right.T).ravel()

    return factorised


SPURIOUS = "Baldi and Hornik 1989, Neural networks and principal component analysis: learning from "
SPURIOUS += "examples without local minima"
factorisation_rank_3 = factorisation("factorisation_rank_3", 3, [3.0, 2.0, 1.0], SPURIOUS)
factorisation_full = factorisation("factorisation_full", 5, [3.0, 2.5, 2.0, 1.5, 1.0], SPURIOUS)
factorisation_truncated = factorisation(
    "factorisation_truncated", 2, [3.0, 2.0, 1.0, 0.5, 0.25],
    "Eckart and Young 1936, The approximation of one matrix by another of lower rank",
)  # fmt: skip
factorisation_wide = factorisation(
    "factorisation_wide", 5, [2.0, 1.0],
    "Gunasekar et al. 2017, Implicit regularization in matrix factorization",
)  # fmt: skip
factorisation_ill = factorisation(
    "factorisation_ill", 3, [1.0, 1e-1, 1e-3],
    "Tong, Ma and Chi 2021, Accelerating ill-conditioned low-rank matrix estimation via scaled "
    "gradient descent, sec. 1",
)  # fmt: skip

SIDE = 4
SQUARE = SIDE * SIDE
EIGENVALUES = geometric(2.0, 0.25, SIDE)


def symmetric(eigenvalues):
    """Return the matrix with these eigenvalues, and rows of the cosine basis as eigenvectors."""
    basis = cosines(SIDE)
    return basis.T @ (np.array(eigenvalues)[:, np.newaxis] * basis)


@problem(
    start=lambda dim: 0.6 * np.tile(np.eye(SIDE).ravel(), 3) + 0.1 * np.sin(np.arange(dim)),
    minimum=lambda dim: np.tile(symmetric(EIGENVALUES ** (1.0 / 3.0)).ravel(), 3),
    f_min=0.0,
    box=(-1.0, 1.0),
    tags=["nonconvex", "least-squares"],
    source="Saxe, McClelland and Ganguli 2014, Exact solutions to the nonlinear dynamics of "
    "learning in deep linear neural networks",
    shape=[(SIDE, SIDE)] * 3,
    dim=3 * SQUARE,
    target=1e-8,
    scratch=1,
)
def deep_linear(x, g, p, z):
    """Half of the sum of (W3 W2 W1 - M)_ij^2, x = (W1, W2, W3); M has the eigenvalues 2 .. 0.25."""
    first, second, third = 0, SQUARE, 2 * SQUARE
    inner, error = 0, SQUARE
    f = 0.0
    for i in range(SIDE):
        for j in range(SIDE):
            z[inner + i * SIDE + j] = times(x, second, x, first, i, j)
    for i in range(SIDE):
        for j in range(SIDE):
            r = times(x, third, z, inner, i, j) - p[i * SIDE + j]
            z[error + i * SIDE + j] = r
            f += 0.5 * r * r
    for i in range(SIDE):
        for j in range(SIDE):
            g[third + i * SIDE + j] = times_turned(z, error, z, inner, i, j)
            z[2 * SQUARE + i * SIDE + j] = turned_times(x, third, z, error, i, j)
    for i in range(SIDE):
        for j in range(SIDE):
            g[second + i * SIDE + j] = times_turned(z, 2 * SQUARE, x, first, i, j)
            g[first + i * SIDE + j] = turned_times(x, second, z, 2 * SQUARE, i, j)
    return f


def times(a, at_a, b, at_b, i, j):
    """Return element (i, j) of A B, matrices that begin at places of a and b."""
    total = a[at_a + i * SIDE] * b[at_b + j]
    for k in range(1, SIDE):
        total += a[at_a + i * SIDE + k] * b[at_b + k * SIDE + j]
    return total


def times_turned(a, at_a, b, at_b, i, j):
    """Return element (i, j) of A B'."""
    total = a[at_a + i * SIDE] * b[at_b + j * SIDE]
    for k in range(1, SIDE):
        total += a[at_a + i * SIDE + k] * b[at_b + j * SIDE + k]
    return total


def turned_times(a, at_a, b, at_b, i, j):
    """Return element (i, j) of A' B."""
    total = a[at_a + i] * b[at_b + j]
    for k in range(1, SIDE):
        total += a[at_a + k * SIDE + i] * b[at_b + k * SIDE + j]
    return total


@deep_linear.constants
def product(rng, dim):
    """Return M, row by row."""
    return symmetric(EIGENVALUES).ravel()


@problem(
    start=lambda dim: np.eye(SIDE).ravel() + 0.1 * np.cos(np.arange(dim)),
    minimum=lambda dim: symmetric(EIGENVALUES**0.5).ravel(),
    f_min=0.0,
    box=(-1.0, 1.5),
    tags=["nonconvex", "least-squares"],
    source="Jain, Jin, Kakade and Netrapalli 2017, Global convergence of non-convex gradient "
    "descent for computing matrix squareroot, eq. 1",
    shape=(SIDE, SIDE),
    dim=SQUARE,
    target=1e-8,
    scratch=1,
)
def matrix_root(x, g, p, z):
    """A quarter of the sum of (X X - M)_ij^2; M has the eigenvalues 2 .. 0.25."""
    f = 0.0
    for i in range(SIDE):
        for j in range(SIDE):
            r = times(x, 0, x, 0, i, j) - p[i * SIDE + j]
            z[i * SIDE + j] = r
            f += 0.25 * r * r
    for i in range(SIDE):
        for j in range(SIDE):
            both = times_turned(z, 0, x, 0, i, j) + turned_times(x, 0, z, 0, i, j)
            g[i * SIDE + j] = 0.5 * both
    return f


@matrix_root.constants
def square(rng, dim):
    """Return M, row by row."""
    return symmetric(EIGENVALUES).ravel()
