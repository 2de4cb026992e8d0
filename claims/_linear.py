"""Linear fits under penalties: as a net of one layer, and by formulas that are not its own."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from optbench.nets import MLP
from optbench.nets import data as net_data

Floats = NDArray[np.float64]


def centred(X: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Return features and answers less their means, so that a fit needs no bias."""
    return X - X.mean(axis=0), y - y.mean(axis=0)


def diabetes() -> tuple[Floats, Floats]:
    """Return the training part of the diabetes data, centred: 265 patients, 10 features."""
    return centred(*net_data.split("diabetes", 1).train)


def slope(w: ArrayLike, X: Floats, y: Floats, **penalties: float) -> Floats:
    """Return the gradient [k] that the engine gives for the weights of a linear net, bias 0."""
    net = MLP((X.shape[1], 1), loss="mse", **penalties)
    params = np.zeros(net.dim)
    net.unflatten(params)[0][0][:, 0] = w
    return net.unflatten(net.loss_and_grad(params, X, y)[1])[0][0][:, 0]


def least(X: Floats, y: Floats, l2: float) -> Floats:
    """Return the weights [k] of least loss by the engine's gradients, which are affine in w."""
    k = X.shape[1]
    at_zero = slope(np.zeros(k), X, y, l2=l2)
    hessian = np.array([slope(unit, X, y, l2=l2) - at_zero for unit in np.eye(k)])
    return np.linalg.solve(hessian, -at_zero)


def ridge(X: Floats, y: Floats, alpha: float) -> Floats:
    """Return argmin |X w - y|^2 + alpha |w|^2 (Hoerl and Kennard 1970)."""
    return np.linalg.solve(X.T @ X + alpha * np.eye(X.shape[1]), X.T @ y)


def soft(values: ArrayLike, width: ArrayLike) -> Floats:
    """Return values moved towards 0 by a width, and 0 where they would pass it."""
    values = np.asarray(values)
    return np.sign(values) * np.maximum(np.abs(values) - width, 0.0)


def lasso(X: Floats, y: Floats, alphas: ArrayLike, steps: int = 500) -> Floats:
    """Return argmin |X w - y|^2 / 2 + alpha |w|_1 for each alpha [R, k].

    By FISTA (Beck and Teboulle 2009).
    """
    alphas = np.atleast_1d(np.asarray(alphas, float))[:, None]
    gram, right = X.T @ X, X.T @ y
    rate = 1.0 / np.linalg.eigvalsh(gram)[-1]
    w = ahead = np.zeros((len(alphas), X.shape[1]))
    t = 1.0
    for _ in range(steps):
        before, w = w, soft(ahead - rate * (ahead @ gram - right), rate * alphas)
        t, last = (1.0 + np.sqrt(1.0 + 4.0 * t * t)) / 2.0, t
        ahead = w + (last - 1.0) / t * (w - before)
    return w
