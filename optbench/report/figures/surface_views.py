"""What is shown of a 2-D surface: how much of it, at which levels, and paths up to its edges."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats: TypeAlias = NDArray[np.float64]
View: TypeAlias = tuple[tuple[float, float], tuple[float, float]]
"""((left, low), (right, high))."""
Surfaces: TypeAlias = Callable[[str], tuple[Callable[..., Any], Any, ArrayLike | None] | None]
"""``surfaces(label) -> (value, box, minimum)`` of a 2-D problem as published, or None."""


def view(box: Sequence[ArrayLike], points: Floats) -> View:
    """Return the box, opened by up to half towards `points` [n, 2].

    Trajectories that go farther leave the panel; showing all of a diverging one shows nothing.

    Raises
    ------
    ValueError
        If the box is not ((low0, low1), (high0, high1)).
    """
    low, high = np.asarray(box[0], dtype=float), np.asarray(box[1], dtype=float)
    if low.shape != (2,) or not (low < high).all():
        raise ValueError(f"the box of a surface is ((low0, low1), (high0, high1)), not {box}")
    margin = 0.5 * (high - low)
    near = points[np.isfinite(points).all(axis=1)]
    near = near[((near >= low - margin) & (near <= high + margin)).all(axis=1)]
    if len(near):
        low = np.minimum(low, near.min(axis=0) - 0.02 * (high - low))
        high = np.maximum(high, near.max(axis=0) + 0.02 * (high - low))
    return corners(low, high)


def corners(low: Floats, high: Floats) -> View:
    """Return the view between two corners [2]."""
    left, bottom = map(float, low)
    right, top = map(float, high)
    return (left, bottom), (right, top)


def log_levels(
    gaps: Floats,
    count: int,
    *,
    skipped: float,
    below_top: float = math.inf,
    above_bottom: float = math.inf,
) -> Floats:
    """Return log-spaced levels for the gaps that are positive and finite; none if there are none.

    A grid misses the minimum, so that levels begin where a share `skipped` of the gaps lies below.

    Parameters
    ----------
    gaps : array
    count : int
    skipped : float
    below_top, above_bottom : float
        Decades: levels begin no farther below the greatest gap, and end no farther above the
        first level.
    """
    positive = gaps[np.isfinite(gaps) & (gaps > 0)]
    if not len(positive):
        return np.empty(0)
    high = float(positive.max())
    low = max(float(np.quantile(positive, skipped)), 10.0**-below_top * high)
    return np.geomspace(low, min(high, low * 10.0**above_bottom), count)


def visible(path: Floats, limits: View, reach: float = 3.0) -> Floats:
    """Cut a path after it first goes `reach` views away; the last point keeps its direction."""
    low, high = (np.asarray(side) for side in limits)
    centre, half = (low + high) / 2, (high - low) / 2
    finite = np.isfinite(path).all(axis=1)
    path = path[: len(path) if finite.all() else int(np.argmin(finite))]
    far = np.abs((path - centre) / half).max(axis=1, initial=0.0) if len(path) else np.empty(0)
    beyond = np.flatnonzero(far > reach)
    if not len(beyond):
        return path
    end = int(beyond[0])
    cut = path[: end + 1].copy()
    if end:
        step = path[end] - path[end - 1]
        cut[end] = path[end - 1] + step * (2 * reach / np.abs(step / half).max())
    else:
        cut[0] = np.clip(cut[0], low, high)
    return cut
