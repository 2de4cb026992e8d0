"""Losses and accuracies at points, of data problems whose lanes ran without recording them."""

import numpy as np
from numpy.typing import DTypeLike, NDArray

from optbench.catalog.instance import Problem
from optbench.kernels.driver.surfaces import surface_group
from optbench.kernels.memory.buffers import empty, spare
from optbench.kernels.sizes import padded
from optbench.kernels.status import PARTS


def metrics_at(
    problem: Problem, points: NDArray[np.floating], dtype: DTypeLike
) -> NDArray[np.floating]:
    """Return loss and accuracy on the three parts of the data at points.

    Parameters
    ----------
    problem : Problem
        Of data.
    points : ndarray [n, d]
    dtype : {"float64", "float32"}

    Returns
    -------
    ndarray [n, 6]
    """
    block, real = problem.compiled(dtype).metrics, np.dtype(dtype)
    count, columns = len(points), padded(len(points), block.lanes)
    x = np.ascontiguousarray(np.pad(points, ((0, columns - count), (0, 0)), "edge").T, real)
    surface = surface_group(problem.placement, real, problem.dim)
    m, work = empty((2, columns), real), spare(empty(problem.placement.work_size, real))
    metrics = np.empty((count, 2 * PARTS), real)
    for part in range(PARTS):
        block(x, m, surface.p, surface.q, work, part)
        metrics[:, 2 * part : 2 * part + 2] = m[:, :count].T
    return metrics
