"""Slopes from values alone: central differences, with the step that agrees best.

`scipy.differentiate.derivative` does not do here: it stops at the first step whose error grows,
which steep ripples do at large steps, and takes a step for what rounding has made of it.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from optbench.catalog.instance import Floats

_WEIGHTS = {4: np.array([2 / 3, -1 / 12]), 8: np.array([4 / 5, -1 / 5, 4 / 105, -1 / 280])}
"""By order. Fornberg 1988, Generation of finite difference formulas on arbitrarily spaced grids,
table 1."""
STEPS: Floats = 10.0 ** -np.arange(1.0, 12.01, 0.5)
"""Steps that are tried, as shares of a coordinate's scale: the least are for steep ripples."""


def slopes(
    value: Callable[[Floats], Floats],
    x: Floats,
    coordinates: Sequence[int] | NDArray[np.int64],
    scale: Floats,
    steps: Floats = STEPS,
    order: int = 8,
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
    order : {8, 4}
        Of the differences, which is also how many values one takes.

    Returns
    -------
    slopes, errors : ndarray [m]
        The error is what a step's neighbours differ from it by, and what rounding does; it is
        infinite where no step gave finite values.
    """
    along, half_order = np.asarray(coordinates), order // 2
    ahead = np.arange(1.0, half_order + 1)
    h = scale[along, None] * steps
    points = np.tile(x, (*h.shape, order, 1))
    for m, coordinate in enumerate(along):
        points[m, :, :, coordinate] += h[m, :, None] * np.append(ahead, -ahead)
    values = value(points.reshape(-1, x.size)).reshape(points.shape[:-1])
    # Rounding moves the points: what counts is how far apart they are.
    moved = np.take_along_axis(points, along[:, None, None, None], 3)[..., 0]
    half = (moved[..., :half_order] - moved[..., half_order:]) / (2 * ahead)
    with np.errstate(all="ignore"):
        differences = (values[..., :half_order] - values[..., half_order:]) * (h[..., None] / half)
        estimates = differences @ _WEIGHTS[order] / h
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
