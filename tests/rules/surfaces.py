"""Surfaces in NumPy: what returns value and gradient at a point."""

import numpy as np


def rosenbrock(x):
    """Value and gradient of the chained Rosenbrock function."""
    a, b = x[1:] - x[:-1] ** 2, 1.0 - x[:-1]
    g = np.zeros_like(x)
    g[:-1] = -400.0 * a * x[:-1] - 2.0 * b
    g[1:] += 200.0 * a
    return np.sum(100.0 * a**2 + b**2), g


def ellipsoid(x):
    """Value and gradient of sum w x^2 / 2, curvatures from 1 to 10^4."""
    w = 10.0 ** np.linspace(0.0, 4.0, len(x))
    return 0.5 * np.sum(w * x**2), w * x
