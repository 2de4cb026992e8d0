"""Nets in plain NumPy whose ReLU may have either slope at 0: lanes side by side."""

import numpy as np

from optbench.nets import data as net_data

UNITS, BATCH, STEPS, RATE = 16, 32, 100, 0.1
EXAMPLES, EVERY = 100, 10


def kink_slope_losses(data, whole, lanes, slope):
    """Return steps [r] and training losses [r, n] of lanes that are trained with SGD.

    Parameters
    ----------
    data : str
    whole : bool
        Whether features are 0 or 1 and weights below are -1, 0 or 1, so that units are often at 0.
    lanes : optbench.claims.draws.Lanes
    slope : float
        Of the ReLU at 0.
    """
    parts = [net_data.split(data, i).train for i in lanes.instances]
    X = np.stack([X[:EXAMPLES] for X, _ in parts]).astype(float)
    y = np.stack([y[:EXAMPLES] for _, y in parts])
    if whole:
        X = (X > np.median(X, axis=1, keepdims=True)).astype(float)
    draws = lanes.generators("kinks")
    classes = int(y.max()) + 1
    W = np.stack([_weights(one, X.shape[2], whole) for one in draws])
    V = np.stack([one.normal(0.0, UNITS**-0.5, (UNITS, classes)) for one in draws])
    b, c = np.zeros((len(W), 1, UNITS)), np.zeros((len(W), 1, classes))
    lane = np.arange(len(W))[:, None]
    answers = np.eye(classes)[y]
    steps, losses = [], []
    for step in range(STEPS + 1):
        if step % EVERY == 0:
            shares = _shares(np.maximum(X @ W + b, 0.0) @ V + c)
            steps.append(step)
            losses.append(-np.log(np.maximum((shares * answers).sum(-1), 1e-30)).mean(-1))
        rows = np.stack([one.integers(X.shape[1], size=BATCH) for one in draws])
        A, t = X[lane, rows], answers[lane, rows]
        z = A @ W + b
        h = np.maximum(z, 0.0)
        out = (_shares(h @ V + c) - t) / BATCH
        back = (out @ V.swapaxes(1, 2)) * np.where(z > 0.0, 1.0, np.where(z == 0.0, slope, 0.0))
        V -= RATE * h.swapaxes(1, 2) @ out
        c -= RATE * out.sum(axis=1, keepdims=True)
        W -= RATE * A.swapaxes(1, 2) @ back
        b -= RATE * back.sum(axis=1, keepdims=True)
    return np.array(steps), np.array(losses)


def _weights(draw, n_in, whole):
    """Return He's normal weights [n_in, 16], or as many of -1, 0 and 1 as make the same power."""
    if not whole:
        return draw.normal(0.0, (2.0 / n_in) ** 0.5, (n_in, UNITS))
    share = min(0.5, 4.0 / n_in)  # features are 1 half of the time
    return draw.choice([-1.0, 0.0, 1.0], (n_in, UNITS), p=[share / 2, 1.0 - share, share / 2])


def _shares(z):
    """Return the softmax."""
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)
