"""What goes on inside a net: statistics of every layer."""

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from optbench.kernels.authors.blocks import Block, whole_block
from optbench.kernels.authors.retype import retype_all
from optbench.kernels.memory.calls import ProblemCall
from optbench.nets.activations import ACTIVATIONS
from optbench.nets.any_net import AnyNet, Watched
from optbench.nets.layer_operations import fill_slopes
from optbench.nets.packing import ROW_WIDTH, padded

SATURATED = 0.05
"""An activation is saturated where its slope is below this share of its largest slope.

That is beyond 0.975 for tanh, outside 0.013 .. 0.987 for sigmoid, and below 0 for ReLU.
"""

DEAD = 1e-3
"""A unit is dead if its slope is below this share of the largest for every example."""

BINS = 30
"""Bins of the histograms of weights."""


@dataclass(frozen=True)
class LayerStatistics:
    """Statistics of one layer over a set of examples.

    Attributes
    ----------
    layer : int
        1, 2, ...: layers that have parameters or are activations are counted.
    name : str
        As the user wrote it, with its activation: "2.1 Dense(64), relu" is the first layer inside
        of the second.
    units : int
        Its outputs.
    mean, std : float
        Of all its outputs (probabilities in the last layer of a classifier); of sequences only
        valid steps count.
    saturated : float
        Share of (example, unit) pairs that are saturated; NaN where there is no activation.
    dead : int
        Units that are dead: their weights get (almost) no gradient from any example.
    gradient_norm, weight_norm : float
        Euclidean norms of dLoss/dW and of W; NaN where there are no weights (an activation by
        itself). Of norms W are the gains.
    update_ratio : float
        Norm of the change of W over the norm of W before; NaN if no earlier point was given.
    histogram, edges : array [30], [31]
        How many weights lie in each of equal bins from the least to the largest.
    """

    layer: int
    name: str
    units: int
    mean: float
    std: float
    saturated: float
    dead: int
    gradient_norm: float
    weight_norm: float
    update_ratio: float
    histogram: NDArray[np.int64]
    edges: NDArray[Any]


def relative_slopes(net: AnyNet, params: NDArray[Any], X: ArrayLike) -> list[NDArray[np.float64]]:
    """Return the slopes of the activations [n, units] of every layer that has one, in evaluation.

    They are shares of the largest slope that the activation has (see `largest_slope`).
    """
    slopes = [_relative(seen) for seen in net.watched(params, X)]
    return [one for one in slopes if one is not None]


def _relative(watched: Watched) -> NDArray[np.float64] | None:
    """Return the slopes of a layer's activation [n, units], None where there is none."""
    if watched.activation is None or watched.operands is None:
        return None
    sizes = np.abs(_slopes(watched.activation, watched.low, watched.operands.ravel()))
    largest = largest_slope(watched.activation, watched.low)
    return (sizes / largest).reshape(watched.operands.shape)


@functools.cache
def compiled(dtype: str) -> Block:
    """Return the compiled function that `relative_slopes` needs besides the net's own."""
    return whole_block(retype_all([fill_slopes], dtype)[0], ProblemCall, dtype)


def _slopes(activation: str, low: float, operands: NDArray[Any]) -> NDArray[np.float64]:
    """Return the slopes [n] of an activation from what a layer keeps for them, `operands` [n]."""
    n, real = len(operands), operands.dtype
    ones = np.ones((padded(n) // ROW_WIDTH, ROW_WIDTH), real)
    work = np.zeros(padded(n) + ROW_WIDTH, real)
    work[:n] = operands
    p, key = np.full(ROW_WIDTH, low, real), np.zeros(ROW_WIDTH, np.uint64)
    kind = ACTIVATIONS[activation]
    compiled(real.name)(ones, ones, ones[0], p, np.array([n]), work, key, 0, kind)
    return work[:n].astype(np.float64)


def largest_slope(activation: str, low: float = 0.0) -> float:
    """Return the largest size of an activation's slope: 1/4 for sigmoid.

    GELU's and SiLU's exceed 1 a little, at sqrt(2) and 2.3994; `low` is that of a PReLU below 0.
    """
    largest = {"sigmoid": 0.25, "gelu": 1.12890414, "silu": 1.09983932}
    return largest.get(activation, max(1.0, abs(low)))


def _mean(values: NDArray[Any]) -> float:
    return float(values.mean(dtype=np.float64))


def _norm(values: NDArray[Any]) -> float:
    return float(np.linalg.norm(np.asarray(values, np.float64)))


def diagnose(
    net: AnyNet,
    params: NDArray[Any],
    X: ArrayLike,
    y: ArrayLike,
    before: NDArray[Any] | None = None,
) -> list[LayerStatistics]:
    """Return a `LayerStatistics` for every layer.

    Parameters
    ----------
    net : optbench.nets.MLP or Net
    params : array [P]
    X : array [n, n_in]
    y : array
        Answers, as for `MLP.loss_and_grad`; the gradient is that of the loss in evaluation.
    before : array [P], optional
        The point that an update led from, for `update_ratio`.
    """
    _, grad = net.loss_and_grad(params, X, y, training=False)
    weights, gradients = net.weights(params), net.weights(grad)
    earlier = None if before is None else net.weights(before)
    layers = []
    for i, seen in enumerate(net.watched(params, X)):
        W, slopes = weights[i], _relative(seen)
        counts, edges = _histogram(W)
        ratio = np.nan
        if earlier is not None and W.size:
            norm = _norm(earlier[i])
            ratio = _norm(W - earlier[i]) / norm if norm else np.inf
        layers.append(
            LayerStatistics(
                layer=seen.layer,
                name=seen.name,
                units=seen.outputs.shape[1],
                mean=_mean(seen.outputs),
                std=float(seen.outputs.std(dtype=np.float64)),
                saturated=np.nan if slopes is None else float(np.mean(slopes < SATURATED)),
                dead=0 if slopes is None else int((slopes < DEAD).all(axis=0).sum()),
                gradient_norm=_norm(gradients[i]) if W.size else np.nan,
                weight_norm=_norm(W) if W.size else np.nan,
                update_ratio=float(ratio),
                histogram=counts,
                edges=edges,
            )
        )
    return layers


def _histogram(W: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """Return how many weights lie in each bin, and the edges of the bins.

    Where there are not as many numbers between the least and the largest weight as edges, as of
    gains after few steps, bins go half beyond both: NumPy does so only where all are equal.
    """
    if W.size and np.ptp(W) < 2 * BINS * np.spacing(np.abs(W).max()):
        return np.histogram(W, bins=BINS, range=(W.min() - 0.5, W.max() + 0.5))
    return np.histogram(W, bins=BINS)


def saturated_share(net: AnyNet, params: NDArray[Any], X: ArrayLike) -> float:
    """Return how much of the worst hidden layer has stopped learning, for `curve_verdicts`.

    That is the share of saturated activations where they are bounded (sigmoid, tanh), the share of
    dead units elsewhere (a ReLU is in its flat half for about half of the examples by design).
    """
    shares = []
    for seen in net.watched(params, X):
        slopes = _relative(seen)
        if slopes is not None:
            bounded = seen.activation in ("sigmoid", "tanh")
            lost = slopes < SATURATED if bounded else np.all(slopes < DEAD, axis=0)
            shares.append(_mean(np.asarray(lost)))
    return max(shares, default=0.0)
