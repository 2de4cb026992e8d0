"""How far apart two computations of one number may be: what rounding does, and no more.

Processors differ in what they round: products that are added in one instruction or in two, a
division by Newton steps or by the hardware, a library's cosine or a polynomial, a sum by one or by
eight. So a tolerance that was measured on one of them says nothing. What holds on all of them is
the bound of backward analysis (Higham, Accuracy and Stability of Numerical Algorithms, 3.1): each
operation is off by eps relative to its result, and the result by

    operations * eps * size,

where `operations` is the number of roundings on the longest way from an input to the result, and
`size` the sum of the magnitudes that were added up, and, for what is a function of rounded
numbers, of the inputs times the slopes along them.
"""

import numpy as np

STEP = 2.0**-30
"""The relative change by which a slope is taken: its own errors are about as large."""


def size(*terms):
    """Return the sum of magnitudes, of arrays one by one."""
    return sum(np.abs(term) for term in terms)


def sensitivity(function, x, reach=None):
    """Return sum_i reach_i |dF/dx_i| for every component of F.

    That is what a change of x by one relative to `reach` does: by default relative to x, or to the
    size of the numbers that x is made of.
    """
    x = np.asarray(x, dtype=float)
    reach = np.broadcast_to(np.abs(x) if reach is None else reach, x.shape)
    base, total = np.asarray(function(x)), 0.0
    for i in np.flatnonzero(reach):
        moved = x.copy()
        moved[i] += STEP * reach[i]
        total = total + np.abs(np.asarray(function(moved)) - base) / STEP
    return total


def rounding(operations, *terms, dtype="float64"):
    """Return the bound; `terms` are what `size` takes."""
    return operations * float(np.finfo(dtype).eps) * size(*terms)


def assert_within(found, expected, bound):
    """Every |found - expected| is at most its bound, and nothing is NaN."""
    error = np.abs(np.asarray(found) - np.asarray(expected))
    fine = error <= bound
    if not np.all(fine):
        worst = np.nanmax(np.where(fine, 0.0, error / bound), initial=0.0)
        raise AssertionError(f"{found} differs from {expected} by {worst:.3g} times its rounding")
