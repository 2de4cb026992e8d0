"""Points without slope: which is next to a point, and of which kind it is."""

import numpy as np

MINIMUM, SADDLE, ELSEWHERE = "minimum", "saddle", "elsewhere"
STEP, NEWTON = 1e-4, 8
FLAT = 1e-2
"""Shares of the largest curvature below which Newton's method takes a direction for flat."""


def hessian(problem, x):
    """Return the matrix of second derivatives [d, d] by central differences of gradients."""
    moves = STEP * np.eye(len(x))
    rows = (problem.grad(x + moves) - problem.grad(x - moves)) / (2.0 * STEP)
    return 0.5 * (rows + rows.T)


def kind_of_end(problem, x, near):
    """Return the kind of the stationary point next to x, and the value there.

    Parameters
    ----------
    problem : optbench.Problem
    x : ndarray [d]
    near : float
        How far Newton's method may move; what has no stationary point so near is elsewhere.
    """
    point = x.copy()
    for _ in range(NEWTON):
        point = point - np.linalg.pinv(hessian(problem, point), rcond=FLAT) @ problem.grad(point)
    curvatures = np.linalg.eigvalsh(hessian(problem, point))
    slope = np.linalg.norm(problem.grad(point))
    if slope > 1e-5 * abs(curvatures).max() or np.linalg.norm(point - x) > near:
        return ELSEWHERE, problem.value(x)
    falls = curvatures[0] < -1e-5 * abs(curvatures).max()
    return SADDLE if falls else MINIMUM, problem.value(point)


def random_waves(draw, dim, count=30):
    """Return the gradient and the matrix of second derivatives of a random smooth function.

    A sum of cosines with normal wave vectors and amplitudes, and phases from everywhere: close to
    a normal random field whose correlation is exp(-r^2 / 2). Both take points [n, d].
    """
    waves, heights = draw.normal(size=(count, dim)), draw.normal(size=count)
    phases = draw.uniform(0.0, 2.0 * np.pi, count)
    products = heights[:, None, None] * waves[:, :, None] * waves[:, None, :]

    def gradient(x):
        return -(heights * np.sin(x @ waves.T + phases)) @ waves

    def second(x):
        cosines = np.cos(x @ waves.T + phases)
        return -(cosines @ products.reshape(count, -1)).reshape(len(x), dim, dim)

    return gradient, second


def stationary_kinds(draw, dim, starts=60):
    """Return the shares of minima and of saddles among stationary points of random waves.

    Newton's method goes to the stationary point next to each start, of whichever kind it is.
    """
    gradient, second = random_waves(draw, dim)
    x = draw.uniform(-3.0, 3.0, (starts, dim))
    for _ in range(20):
        step = np.linalg.solve(second(x), gradient(x)[:, :, None])[:, :, 0]
        length = np.linalg.norm(step, axis=1, keepdims=True)
        x = x - step * np.minimum(1.0, 0.5 / np.maximum(length, 1e-300))
    still = np.linalg.norm(gradient(x), axis=1) < 1e-9
    falls = (np.linalg.eigvalsh(second(x[still])) < 0.0).sum(axis=1)
    saddles = (falls > 0) & (falls < dim)
    return {MINIMUM: (falls == 0).mean(), SADDLE: saddles.mean()}
