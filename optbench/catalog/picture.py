"""A surface of two coordinates as a small picture for notebooks."""

import base64
import io
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

SIDE = 160
"""Pixels."""
SHADES = 16
"""Each covers the same share of what is shown, so that valleys are seen whatever the heights."""
LOWEST, HIGHEST = np.array([84, 112, 140]), np.array([248, 249, 251])
"""Red, green and blue of the lowest and the highest values."""
MARK = np.array([213, 94, 0])
"""Of the minimum."""

Floats = NDArray[np.float64]


def picture(
    value: Callable[[Floats], Any], box: tuple[Floats, Floats], minimum: Floats | None
) -> str:
    """Return the picture as an element of HTML: darker is lower, a square is the minimum.

    Parameters
    ----------
    value : callable
        ``value(X[n, 2]) -> f[n]``
    box : (ndarray [2], ndarray [2])
        What is shown.
    minimum : ndarray [2] or None
    """
    from PIL import Image

    low, high = box
    x, y = np.linspace(low[0], high[0], SIDE), np.linspace(high[1], low[1], SIDE)
    points = np.column_stack([one.ravel() for one in np.meshgrid(x, y)])
    f = np.asarray(value(points), float).reshape(SIDE, SIDE)
    finite = np.sort(f[np.isfinite(f)])
    share = np.searchsorted(finite, f) / max(1, len(finite))  # NaN sorts behind all others
    share = np.minimum(np.floor(share * SHADES) / (SHADES - 1), 1.0)
    pixels = LOWEST + share[..., None] * (HIGHEST - LOWEST)
    if minimum is not None and (low <= minimum).all() and (minimum <= high).all():
        row, column = np.abs(y - minimum[1]).argmin(), np.abs(x - minimum[0]).argmin()
        pixels[max(row - 2, 0) : row + 3, max(column - 2, 0) : column + 3] = MARK
    held = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(held, "PNG")
    content = base64.b64encode(held.getvalue()).decode()
    return (
        f'<img alt="the surface in its box, darker is lower" src="data:image/png;base64,{content}">'
    )
