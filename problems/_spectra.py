"""Bases and spectra of the matrices in `matrices` and `factorisations`."""

import math

import numpy as np


def cosines(n):
    """Return the orthogonal matrix of the discrete cosine transform II, float64 [n, n]."""
    rows, columns = np.arange(n)[:, np.newaxis], np.arange(n) + 0.5
    basis = math.sqrt(2.0 / n) * np.cos(math.pi / n * rows * columns)
    basis[0] *= math.sqrt(0.5)
    return basis


def geometric(largest, least, count):
    """Return `count` numbers from `largest` to `least` by equal factors."""
    return np.geomspace(largest, least, count) if count > 1 else np.array([largest])
