"""Quadratics of a matrix, so that rules that see matrices have a surface to see.

The matrix lies row by row in x. The bases of its curvatures are those of the cosine transform, so
that all numbers are known in closed form.
"""

import numpy as np

from optbench.define import problem

from ._spectra import cosines, geometric

ROWS, COLUMNS = 5, 8


def kronecker(name, left, right, source):
    """Declare the least squares problem of a matrix whose curvature is a Kronecker product.

    Parameters
    ----------
    left, right : float
        Condition numbers of L and R.
    """
    conditions = ["ill-conditioned"] if left * right >= 1e3 else []

    @problem(
        name=name,
        start=lambda dim: 1.0 + 0.5 * np.sin(np.arange(dim)),
        minimum=0.0,
        f_min=0.0,
        box=(-2.0, 2.0),
        tags=["convex", "least-squares", *conditions],
        source=source,
        family="kronecker_quadratic",
        shape=(ROWS, COLUMNS),
        dim=ROWS * COLUMNS,
        target=1e-8,
        scratch=1,
    )
    def quadratic(x, g, p, z):
        """Half of the sum of X_ij (L X R)_ij; the curvature is L (x) R."""
        for i in range(ROWS):
            for j in range(COLUMNS):
                left_product = 0.0 * x[0]
                for k in range(ROWS):
                    left_product += p[i * ROWS + k] * x[k * COLUMNS + j]
                z[i * COLUMNS + j] = left_product
        f = 0.0
        for i in range(ROWS):
            for j in range(COLUMNS):
                slope = 0.0 * x[0]
                for k in range(COLUMNS):
                    slope += z[i * COLUMNS + k] * p[ROWS * ROWS + k * COLUMNS + j]
                g[i * COLUMNS + j] = slope
                f += 0.5 * slope * x[i * COLUMNS + j]
        return f

    @quadratic.constants
    def factors(rng, dim):
        """Return L and R, row by row."""
        bases = (cosines(ROWS), ROWS, left), (cosines(COLUMNS), COLUMNS, right)
        matrices = [b.T @ (geometric(1.0, 1.0 / k, n)[:, np.newaxis] * b) for b, n, k in bases]
        return np.concatenate([matrix.ravel() for matrix in matrices])

    return quadratic


KRONECKER = "Van Loan 2000, The ubiquitous Kronecker product, sec. 2 (least squares A X B = C)"
REGRESSION = "Hastie, Tibshirani and Friedman 2009, The elements of statistical learning, eq. 3.38"
kronecker_1e2 = kronecker("kronecker_1e2", 10.0, 10.0, KRONECKER)
kronecker_1e4 = kronecker("kronecker_1e4", 100.0, 100.0, KRONECKER)
kronecker_1e6 = kronecker("kronecker_1e6", 1e3, 1e3, KRONECKER)
multi_output_1e4 = kronecker(
    "multi_output_1e4", 1.0, 1e4, REGRESSION + " (the noise-free normal form)"
)

OUTPUTS, INPUTS, EXAMPLES = 3, 12, 6


@problem(
    start=lambda dim: np.cos(np.arange(dim)),
    minimum=0.0,
    f_min=0.0,
    box=(-2.0, 2.0),
    tags=["convex", "least-squares"],
    source="Hastie, Tibshirani and Friedman 2009, The elements of statistical learning, sec. 18.1",
    shape=(OUTPUTS, INPUTS),
    dim=OUTPUTS * INPUTS,
    target=1e-8,
)
def wide_linear_map(x, g, p):
    """Half of the mean of |W u|^2 over 6 examples u in 12 dimensions: half of W does not matter.

    Examples are rows of the cosine basis, of lengths from 1 down to 0.1.
    """
    f = 0.0
    for i in range(OUTPUTS * INPUTS):
        g[i] = 0.0 * x[i]
    for i in range(OUTPUTS):
        for e in range(EXAMPLES):
            output = 0.0 * x[0]
            for j in range(INPUTS):
                output += x[i * INPUTS + j] * p[e * INPUTS + j]
            f += 0.5 / EXAMPLES * output * output
            for j in range(INPUTS):
                g[i * INPUTS + j] += output * p[e * INPUTS + j] / EXAMPLES
    return f


@wide_linear_map.constants
def examples(rng, dim):
    """Return the examples, row by row."""
    lengths = geometric(1.0, 0.1, EXAMPLES)
    return (lengths[:, np.newaxis] * cosines(INPUTS)[:EXAMPLES]).ravel()
