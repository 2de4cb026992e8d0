"""Fits by least squares whose law is known, so that their loss on new data is, too."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def linear(rng: np.random.Generator, n: int, d: int, useful: int) -> tuple[float, float]:
    """Return training loss and expected loss on new data of a fit with noise of variance 1.

    Of d normal features the first `useful` have weights; the others have none, but are fitted too.
    With normal features the loss on new data is 1 + |w - w*|^2.
    """
    X, noise = rng.standard_normal((n, d)), rng.standard_normal(n)
    w = np.where(np.arange(d) < useful, 1.0, 0.0)
    fitted = w + np.linalg.solve(X.T @ X, X.T @ noise)
    return float(np.mean((X @ (w - fitted) + noise) ** 2)), float(1.0 + np.sum((fitted - w) ** 2))


def polynomial(x: ArrayLike, degree: int) -> Floats:
    """Return the Legendre polynomials [n, degree + 1] of numbers in [-1, 1]."""
    return np.polynomial.legendre.legvander(np.asarray(x), degree)


def hinges(x: ArrayLike, units: int) -> Floats:
    """Return relu(x - c) for evenly spaced c, and 1: a net whose first layer is fixed."""
    kinks = np.linspace(-1.0, 1.0, units, endpoint=False)
    values = np.maximum(np.asarray(x)[:, None] - kinks, 0.0)
    return np.column_stack([np.ones(len(values)), values])


GRID = np.linspace(-0.95, 0.95, 39)


def bias_and_variance(
    rng: np.random.Generator, features: object, capacity: int, sets: int = 16, n: int = 40
) -> tuple[float, float]:
    """Return squared bias and variance of fits to a wave, over training sets of one law.

    The bias is estimated without its own bias: the mean of a few fits varies, too.

    Parameters
    ----------
    rng : Generator
    features : callable
        Of (x, capacity), such as `polynomial`.
    capacity : int
    sets, n : int
        Training sets, and examples in each; noise has standard deviation 0.5.
    """
    at = features(GRID, capacity)  # type: ignore[operator]
    fits = []
    for _ in range(sets):
        x = rng.uniform(-1.0, 1.0, n)
        y = np.sin(4.0 * x) + 0.5 * rng.standard_normal(n)
        own = features(x, capacity)  # type: ignore[operator]
        fits.append(at @ np.linalg.lstsq(own, y, rcond=None)[0])
    variance = float(np.var(fits, axis=0, ddof=1).mean())
    squared = float(np.mean((np.mean(fits, axis=0) - np.sin(4.0 * GRID)) ** 2))
    return squared - variance / sets, variance
