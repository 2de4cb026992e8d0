"""Slopes from values alone: central differences of order 8, with the step that agrees best.

`scipy.differentiate.derivative` does not do here: it stops at the first step whose error grows,
which steep ripples do at large steps, and takes a step for what rounding has made of it.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from optbench.catalog.instance import Floats

ORDER = 8
_OFFSETS = np.array([1, 2, 3, 4, -1, -2, -3, -4])
_WEIGHTS = np.array([4 / 5, -1 / 5, 4 / 105, -1 / 280])
"""Fornberg 1988, Generation of finite difference formulas on arbitrarily spaced grids, table 1."""
STEPS: Floats = 10.0 ** -np.arange(1.0, 12.01, 0.5)
"""Steps that are tried, as shares of a coordinate's scale: the least are for steep ripples."""


def slopes(
    value: Callable[[Floats], Floats],
    x: Floats,
    coordinates: Sequence[int] | NDArray[np.int64],
    scale: Floats,
    steps: Floats = STEPS,
) -> tuple[Floats, Floats]:
    """Return slopes of a function at a point, and how far they may be off.

    Parameters
    ----------
    value : callable
        From points [n, d] to values [n].
    x : ndarray [d]
    coordinates : sequence of int
        Along which coordinates, m of them.
    scale : ndarray [d]
        How far a coordinate may be moved.
    steps : ndarray
        Some of `STEPS`.

    Returns
    -------
    slopes, errors : ndarray [m]
        The error is what a step's neighbours differ from it by, and what rounding does; it is
        infinite where no step gave finite values.
    """
    along = np.asarray(coordinates)
    h = scale[along, None] * steps
    points = np.tile(x, (*h.shape, ORDER, 1))
    for m, coordinate in enumerate(along):
        points[m, :, :, coordinate] += h[m, :, None] * _OFFSETS
    values = value(points.reshape(-1, x.size)).reshape(points.shape[:-1])
    # Rounding moves the points: what counts is how far apart they are.
    moved = np.take_along_axis(points, along[:, None, None, None], 3)[..., 0]
    half = (moved[..., :4] - moved[..., 4:]) / (2 * np.arange(1.0, 5.0))
    with np.errstate(all="ignore"):
        differences = (values[..., :4] - values[..., 4:]) * (h[..., None] / half)
        estimates = differences @ _WEIGHTS / h
        rounding = np.finfo(float).eps * np.abs(values).max(-1) / h
        apart = np.abs(np.diff(estimates, axis=1))
    before, after = (np.pad(apart, ((0, 0), side), "edge") for side in ((1, 0), (0, 1)))
    errors = rounding + np.maximum(before, after)
    errors = np.where(np.isfinite(errors) & np.isfinite(estimates), errors, np.inf)
    best = errors.argmin(1)[:, None]
    return (
        np.take_along_axis(estimates, best, 1)[:, 0],
        np.take_along_axis(errors, best, 1)[:, 0],
    )
