"""Preprocessing, fitted on known rows (the training part) and applied to any."""

from typing import NamedTuple

import numpy as np


class Affine(NamedTuple):
    """The map ``(X - shift) @ factor``, or ``/ factor`` if that is a vector.

    Attributes
    ----------
    shift : array [k], or a number for rows that are numbers
    factor : array [k], a number, or array [k, r]
    """

    shift: np.ndarray
    factor: np.ndarray

    def __call__(self, X):
        """Return X [n, k] mapped."""
        moved = X - self.shift
        return moved / self.factor if self.factor.ndim < 2 else moved @ self.factor


def none(X):
    """Leave features as they are."""
    return Affine(np.zeros(X.shape[1:]), np.ones(X.shape[1:]))


def standard(X):
    """Bring every feature to mean 0 and standard deviation 1; a constant one is only shifted."""
    return Affine(X.mean(axis=0), np.where(np.ptp(X, axis=0) > 0, X.std(axis=0), 1.0))


def common(X):
    """Bring all features together to mean 0 and standard deviation 1, as suits pixels."""
    spread = X.std() if np.ptp(X) > 0 else 1.0
    return Affine(np.full(X.shape[1:], X.mean()), np.full(X.shape[1:], spread))


def minmax(X):
    """Bring every feature to [0, 1] on the known rows; a constant one is only shifted."""
    span = np.ptp(X, axis=0)
    return Affine(X.min(axis=0), np.where(span > 0, span, 1.0))


def whiten(X):
    """Turn features into principal components of variance 1, the largest first.

    Directions in which the known rows do not vary (below rounding) become 0, so that the number of
    features stays the same. The sign makes the largest entry of a direction positive.
    """
    mean = X.mean(axis=0)
    _, sizes, directions = np.linalg.svd(X - mean, full_matrices=False)
    spread = sizes / np.sqrt(len(X))
    floor = max(X.shape) * np.finfo(X.dtype).eps * max(spread[0], np.abs(mean).max())
    signs = np.sign(directions[np.arange(len(sizes)), np.abs(directions).argmax(axis=1)])
    scaled = np.zeros((X.shape[1], X.shape[1]))
    kept = spread > floor
    scaled[:, : len(sizes)][:, kept] = (directions * signs[:, None])[kept].T / spread[kept]
    return Affine(mean, scaled)


SCALINGS = {
    "none": none, "standard": standard, "common": common, "minmax": minmax, "whiten": whiten,
}  # fmt: skip
"""Name -> function of the known rows [n, k] that returns what maps any rows."""


def fitted(scaling, X):
    """Return the scaling of a name, fitted on X.

    Raises
    ------
    ValueError
        If the name is unknown.
    """
    if scaling not in SCALINGS:
        raise ValueError(f"unknown scaling {scaling!r}; choose from {', '.join(SCALINGS)}")
    return SCALINGS[scaling](X)
