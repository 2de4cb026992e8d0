"""Preprocessing, fitted on some rows (the training part) and applied to any.

Means, squares and singular values are taken of features divided by powers of two that bring the
largest to about 1. That division is exact, so that results are the same to the last bit, but those
of 1e300 do not overflow and those of 1e-300 do not vanish.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from optbench.errors import SettingError


class Affine(NamedTuple):
    """The map ``(X / 2**exponent - shift) @ factor``, or ``/ factor`` if that is a vector.

    Attributes
    ----------
    exponent : int array [k], or an int
    shift : array [k], or a number for rows that are numbers
    factor : array [k], a number, or array [k, r]
    """

    exponent: NDArray[Any]
    shift: NDArray[Any]
    factor: NDArray[Any]

    def __call__(self, X: NDArray[Any]) -> NDArray[np.float64]:
        """Return X [n, k] mapped; what leaves the range of float64 becomes inf or NaN."""
        with np.errstate(over="ignore", invalid="ignore", under="ignore"):
            moved = np.ldexp(X, -self.exponent) - self.shift
            mapped = moved / self.factor if self.factor.ndim < 2 else moved @ self.factor
        return np.asarray(mapped)


def _exponent(X: NDArray[Any], axis: int | None = 0) -> NDArray[Any]:
    """Return the exponents of the powers of two just above the largest sizes."""
    return np.asarray(np.frexp(np.abs(X).max(axis=axis))[1])


def none(X: NDArray[Any]) -> Affine:
    """Leave features as they are."""
    return Affine(np.zeros(X.shape[1:], int), np.zeros(X.shape[1:]), np.ones(X.shape[1:]))


def standard(X: NDArray[Any]) -> Affine:
    """Bring every feature to mean 0 and standard deviation 1; a constant one is only shifted."""
    varies = X.max(axis=0) > X.min(axis=0)
    exponent = np.where(varies, _exponent(X), 0)
    scaled = np.ldexp(X, -exponent)
    with np.errstate(over="ignore", invalid="ignore"):  # of constant ones, which are not taken
        mean, spread = scaled.mean(axis=0), scaled.std(axis=0)
    return Affine(exponent, np.where(varies, mean, X[0]), np.where(varies, spread, 1.0))


def common(X: NDArray[Any]) -> Affine:
    """Bring all features together to mean 0 and standard deviation 1, as suits pixels."""
    if X.max() == X.min():
        return none(X)._replace(shift=np.full(X.shape[1:], X.flat[0]))
    exponent = _exponent(X, axis=None)
    scaled = np.ldexp(X, -exponent)
    shape = X.shape[1:]
    return Affine(exponent, np.full(shape, scaled.mean()), np.full(shape, scaled.std()))


def minmax(X: NDArray[Any]) -> Affine:
    """Bring every feature to [0, 1] on the rows X; a constant one is only shifted."""
    low, high = X.min(axis=0), X.max(axis=0)
    exponent = np.where(high > low, _exponent(X), 0)
    low, high = np.ldexp(low, -exponent), np.ldexp(high, -exponent)
    return Affine(exponent, low, np.where(high > low, high - low, 1.0))


def whiten(X: NDArray[Any]) -> Affine:
    """Turn features into principal components of variance 1, the largest first.

    Directions in which the rows do not vary (below rounding) become 0, so that the number of
    features stays the same. The sign makes the largest entry of a direction positive.

    Raises
    ------
    SettingError
        If a feature varies so little beside the others that all of it would be lost in rounding.
    """
    exponent = _exponent(X, axis=None)
    scaled = np.ldexp(X, -exponent)
    mean = scaled.mean(axis=0)
    _, sizes, directions = np.linalg.svd(scaled - mean, full_matrices=False)
    spread = sizes / np.sqrt(len(X))
    floor = max(X.shape) * np.finfo(X.dtype).eps * max(spread[0], np.abs(mean).max())
    _check_columns(X, scaled, floor)
    signs = np.sign(directions[np.arange(len(sizes)), np.abs(directions).argmax(axis=1)])
    factor = np.zeros((X.shape[1], X.shape[1]))
    wide = spread > floor
    factor[:, : len(sizes)][:, wide] = (directions * signs[:, None])[wide].T / spread[wide]
    return Affine(exponent, mean, factor)


def _check_columns(X: NDArray[Any], scaled: NDArray[Any], floor: float) -> None:
    """Refuse a column that varies, but by less than rounding hides."""
    varies = X.max(axis=0) > X.min(axis=0)
    lost = np.flatnonzero(varies & (scaled.std(axis=0) <= floor))
    if len(lost):
        largest = np.abs(X).max(axis=0).argmax()
        raise SettingError(
            f"column {lost[0] + 1} varies too little beside column {largest + 1} for the scaling "
            "'whiten', rounding would hide it; take the scaling 'standard', or write the columns "
            "in units that are nearer to each other"
        )


SCALINGS: dict[str, Callable[[NDArray[Any]], Affine]] = {
    "none": none, "standard": standard, "common": common, "minmax": minmax, "whiten": whiten,
}  # fmt: skip
"""Name -> function of the training rows [n, k] that returns what maps any rows."""


def fit(scaling: str, X: NDArray[Any]) -> Affine:
    """Return the scaling of a name, fitted on X [n, k].

    Raises
    ------
    SettingError
        If the name is unknown, or the scaling would lose a feature.
    """
    if scaling not in SCALINGS:
        raise SettingError(f"unknown scaling {scaling!r}; choose from {', '.join(SCALINGS)}")
    return SCALINGS[scaling](X)
