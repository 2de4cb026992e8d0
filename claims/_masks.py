"""Nets of one hidden layer whose units are dropped by hand, in testing and in training."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax

from optbench.claims.draws import Lanes
from optbench.claims.experiment import train
from optbench.claims.nets import mlp
from optbench.nets import MLP
from optbench.nets import data as net_data

Floats = NDArray[np.float64]

RATE = {"diabetes": 0.03}
"""Of SGD: squared errors of wide nets diverge at the rate of the others, `OTHERS`."""
OTHERS = 0.1


class Head(NamedTuple):
    """The last layer of a net, what it is given at the validation examples, and their answers."""

    h: Floats
    W: Floats
    b: Floats
    y: NDArray[Any]

    def scores(self, factors: Floats) -> Floats:
        """Return outputs before softmax [..., n, c] with each unit times a factor [..., units]."""
        return (self.h * factors[..., None, :]) @ self.W + self.b

    def loss(self, factors: Floats) -> Floats:
        """Return the loss [...] with each unit times a factor [..., units]."""
        return loss(self.scores(factors), self.y)


def loss(scores: Floats, y: NDArray[Any]) -> Floats:
    """Return the mean cross-entropy [...] of scores [..., n, c], or the mean square of errors."""
    if y.dtype.kind == "f":
        return ((scores - y.reshape(len(y), -1)) ** 2).mean(axis=(-2, -1))
    return -log_softmax(scores, axis=-1)[..., np.arange(len(y)), y].mean(axis=-1)


def trained_heads(
    lanes: Lanes, data: str, p: float, units: int = 32, steps: int = 200
) -> Iterator[Head]:
    """Yield the last layer of each lane after SGD, hidden units dropped with probability p."""
    net = mlp(data, (units,), dropout=p)
    run = train(net, "sgd", lanes, steps=steps, lr=RATE.get(data, OTHERS), records=2)
    own = MLP(net.sizes, loss=net.loss)
    for number, x in zip(lanes.instances, run.x[0], strict=True):
        X, y = net_data.split(data, number).validation
        W, b = own.unflatten(x)[1]
        yield Head(own.outputs(x, X)[0], W, b, y)


def masks(rng: np.random.Generator, count: int, units: int, p: float) -> Floats:
    """Return masks [count, units]: 0 with probability p, else 1 / (1 - p)."""
    return (rng.random((count, units)) >= p) / (1.0 - p)


def all_masks(units: int, p: float) -> tuple[Floats, Floats]:
    """Return all masks [2^units, units] as `masks` draws them, and their probabilities."""
    kept = (np.arange(2**units)[:, None] >> np.arange(units)) & 1
    return kept / (1.0 - p), np.prod(np.where(kept, 1.0 - p, p), axis=1)


def descended(
    data: str, number: int, rng: np.random.Generator, p: float, per_epoch: bool, steps: int
) -> float:
    """Return the validation loss after SGD with masks that last for a step, or for an epoch.

    All examples of a batch share a mask. A dropped unit is one whose weights to the next layer are
    0, so that the engine gives the gradients of the sub-net.
    """
    parts = net_data.split(data, number)
    X, y = parts.train
    outputs = 1 if y.dtype.kind == "f" else int(y.max()) + 1
    net = MLP(
        (X.shape[1], 32, outputs), loss="mse" if y.dtype.kind == "f" else "cross_entropy"
    )  # fmt: skip
    params, batch = net.init(number), 32
    for step in range(steps):
        place = step % (len(X) // batch)
        if place == 0:
            order = rng.permutation(len(X))
        drawn = masks(rng, 1, 32, p)[0][:, None]
        if place == 0 or not per_epoch:
            mask = drawn
        rows = order[place * batch : (place + 1) * batch]
        thinned = params.copy()
        net.unflatten(thinned)[1][0][:] *= mask
        gradient = net.loss_and_grad(thinned, X[rows], y[rows])[1]
        net.unflatten(gradient)[1][0][:] *= mask
        params -= RATE.get(data, OTHERS) * gradient
    return net.loss_and_grad(params, *parts.validation)[0]
