"""How a smooth surface bends at a point, from differences of its gradients.

Up to some tens of coordinates Hessians are dense, since all their columns come from one call;
beyond, Lanczos' method asks for products with them alone.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from optbench.catalog.gradients import gradients
from optbench.catalog.instance import Floats, Problem
from optbench.define import generator

DIFFERENCE = 1e-5
"""Between points of a difference, as a share of a length of the surface or of the largest
coordinate: near the cube root of the rounding error, which is best for central differences."""
LARGEST_DENSE = 64
"""Coordinates up to which a dense Hessian, with its eigenvalues, costs less than Lanczos' method.
"""
ACCURACY = 1e-2
"""Relative, of eigenvalues by Lanczos' method: only their signs and sizes are looked at."""
KRYLOV, RESTARTS = 20, 20
"""Vectors that Lanczos' method keeps, and how often it begins anew before it gives up."""


class Curvature(NamedTuple):
    """The ends of the Hessian's spectrum at n points; NaN where it could not be found.

    Attributes
    ----------
    least, largest : ndarray [n]
        Eigenvalues.
    gain : ndarray [n]
        How far the quadratic model of the surface falls down to its minimum, g' H^-1 g / 2: inf
        where it has none, or where too many coordinates make it cost too much.
    """

    least: Floats
    largest: Floats
    gain: Floats

    @property
    def strongest(self) -> Floats:
        """The largest absolute eigenvalue [n]."""
        return np.maximum(np.abs(self.least), np.abs(self.largest))


def curvature(
    instances: tuple[Problem, ...],
    number: NDArray[np.integer],
    x: Floats,
    g: Floats,
    length: Floats,
) -> Curvature:
    """Return the curvature of a surface at points.

    Parameters
    ----------
    instances : tuple of Problem
        Of one smooth surface in one dimension; noise does not count.
    number : ndarray [n] of int
        Position of the instance of each point.
    x, g : ndarray [n, d]
        Points, and the gradients there.
    length : ndarray [n]
        Over which the surface changes: see `DIFFERENCE`.
    """
    steps = DIFFERENCE * np.maximum(length, np.abs(x).max(axis=1))
    with np.errstate(all="ignore"):
        if x.shape[1] <= LARGEST_DENSE:
            return _dense(_hessians(instances, number, x, steps), g)
        ends = [_lanczos(instances[i], *point) for i, *point in zip(number, x, steps, strict=True)]
    least, largest = np.reshape(ends, (len(x), 2)).T
    return Curvature(least, largest, np.full(len(x), np.inf))


def _hessians(
    instances: tuple[Problem, ...], number: NDArray[np.integer], x: Floats, steps: Floats
) -> Floats:
    """Return Hessians [n, d, d] by central differences."""
    offsets = steps[:, None, None] * np.eye(x.shape[1])
    points = np.concatenate([x[:, None] + offsets, x[:, None] - offsets], axis=1)
    after, before = np.split(gradients(instances, number, points), 2, axis=1)
    columns = (after - before) / (2 * steps[:, None, None])
    hessians: Floats = 0.5 * (columns + columns.swapaxes(1, 2))
    return hessians


def _dense(hessians: Floats, g: Floats) -> Curvature:
    """Return the curvature of Hessians [n, d, d] with gradients [n, d]."""
    lost = ~np.isfinite(hessians.sum(axis=(1, 2)))
    values, vectors = np.linalg.eigh(np.where(lost[:, None, None], 0.0, hessians))
    values[lost] = np.nan
    along = np.einsum("ndk,nd->nk", vectors, g)
    convex = values[:, 0] > 0.0
    gain = np.where(convex, 0.5 * (along**2 / values).sum(axis=1), np.inf)
    return Curvature(values[:, 0], values[:, -1], gain)


def _lanczos(problem: Problem, x: Floats, step: float) -> tuple[float, float]:
    """Return the least and the largest eigenvalue at a point (Lanczos 1950), NaN if not found."""
    from scipy.sparse.linalg import ArpackError, LinearOperator, eigsh

    d = len(x)

    def product(v: Floats) -> Floats:
        length = np.linalg.norm(v)
        offset = step / length * v.ravel()
        after, before = problem.grad(np.stack([x + offset, x - offset]))
        product: Floats = (after - before) * (length / (2 * step))
        return product

    begin = generator("lanczos", d).standard_normal(d)  # with all eigenvectors in it
    if not product(begin).any():
        return 0.0, 0.0
    operator = LinearOperator((d, d), matvec=product, dtype=np.float64)
    try:
        ends = eigsh(
            operator, k=2, which="BE", v0=begin, ncv=KRYLOV, tol=ACCURACY, maxiter=RESTARTS,
            return_eigenvectors=False,
        )  # fmt: skip
    except ArpackError:
        return np.nan, np.nan
    return float(ends.min()), float(ends.max())
