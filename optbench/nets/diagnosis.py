"""What goes on inside a net: statistics of every layer, at initialisation and through training."""

import functools
from dataclasses import asdict, dataclass

import numpy as np

from optbench.errors import SettingError
from optbench.kernels.authors.blocks import whole_block
from optbench.kernels.authors.retype import retype_all
from optbench.kernels.memory.calls import ProblemCall
from optbench.kernels.products.primitives import vector
from optbench.nets import forward_backward
from optbench.nets.activations import LEAK, LEAKY_RELU, LINEAR, PRELU
from optbench.nets.layer_operations import through_activation
from optbench.nets.packing import KEPT, KIND, LANES, padded

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
        1, 2, ...
    units : int
        Its outputs.
    mean, std : float
        Of all its outputs (probabilities in the last layer of a classifier).
    saturated : float
        Share of (example, unit) pairs that are saturated; NaN in the last layer.
    dead : int
        Units that are dead: their weights get (almost) no gradient from any example.
    gradient_norm, weight_norm : float
        Euclidean norms of dLoss/dW and of W.
    update_ratio : float
        Norm of the change of W over the norm of W before; NaN if no earlier point was given.
    histogram, edges : array [30], [31]
        How many weights lie in each of equal bins from the least to the largest.
    """

    layer: int
    units: int
    mean: float
    std: float
    saturated: float
    dead: int
    gradient_norm: float
    weight_norm: float
    update_ratio: float
    histogram: np.ndarray
    edges: np.ndarray


def slopes(net, params, X):
    """Return the slopes of the activations [n, units] of every hidden layer, in evaluation.

    They are shares of the largest slope that the activation has (see `largest_slope`).
    """
    work, q = net._evaluated(params, X, None)
    found = []
    for number, layer in enumerate(net.structure[1][:-1], 1):
        record = q[forward_backward.record(number) :]
        kept = work[record[KEPT] : record[KEPT] + len(X) * layer.n_out]
        low = _lower_slope(net, params, number, record[KIND])
        at = np.abs(_slopes_of(record[KIND], low, kept)) / largest_slope(layer.activation, low)
        found.append(at.reshape(len(X), layer.n_out))
    return found


def _through(x, g, f, p, q, work, key, t, full):
    """Turn what a layer has kept (in `work`) into slopes; g holds ones, `full` is the kind."""
    through_activation(full, p[0], vector(g, 0, q[0]), vector(work, 0, q[0]), q[0])


@functools.cache
def compiled(dtype):
    """Return the compiled function that `slopes` needs besides the net's own."""
    return whole_block(retype_all([_through], dtype)[0], ProblemCall, dtype)


def _slopes_of(kind, low, kept):
    """Return the slopes float64 [n] of an activation where a layer has `kept` [n]."""
    n, real = len(kept), kept.dtype
    ones, work = np.ones((padded(n) // LANES, LANES), real), np.zeros(padded(n) + LANES, real)
    work[:n] = kept
    p, key = np.full(LANES, low, real), np.zeros(LANES, np.uint64)
    compiled(real.name)(ones, ones, ones[0], p, np.array([n]), work, key, 0, int(kind))
    return work[:n].astype(np.float64)


def _lower_slope(net, params, number, kind):
    if kind == PRELU:
        return float(net.extras(params)[number - 1]["slope"][0])
    return LEAK if kind == LEAKY_RELU else float(kind == LINEAR)


def largest_slope(activation, low=0.0):
    """Return the largest size of an activation's slope: 1/4 for sigmoid.

    GELU's and SiLU's exceed 1 a little, at sqrt(2) and 2.3994; `low` is that of a PReLU below 0.
    """
    known = {"sigmoid": 0.25, "gelu": 1.12890414, "silu": 1.09983932}
    return known.get(activation, max(1.0, abs(low)))


def _mean(values):
    return float(values.mean(dtype=np.float64))


def _norm(values):
    return float(np.linalg.norm(np.asarray(values, np.float64)))


def diagnose(net, params, X, y, before=None):
    """Return a `LayerStatistics` for every layer.

    Parameters
    ----------
    net : optbench.nets.MLP
    params : array [P]
    X : array [n, n_in]
    y : array
        Targets, as for `MLP.loss_and_grad`; the gradient is that of the loss in evaluation.
    before : array [P], optional
        The point that an update led from, for `update_ratio`.
    """
    _, grad = net.loss_and_grad(params, X, y, training=False)
    outputs, relative = net.outputs(params, X), slopes(net, params, np.asarray(X))
    pairs, gradients = net.unflatten(params), net.unflatten(grad)
    earlier = None if before is None else net.unflatten(before)
    found = []
    for i, (W, _) in enumerate(pairs):
        counts, edges = np.histogram(W, bins=BINS)
        ratio, hidden = np.nan, i < len(relative)
        if earlier is not None:
            norm = _norm(earlier[i][0])
            ratio = _norm(W - earlier[i][0]) / norm if norm else np.inf
        found.append(
            LayerStatistics(
                i + 1, W.shape[1], _mean(outputs[i]), float(outputs[i].std(dtype=np.float64)),
                float(np.mean(relative[i] < SATURATED)) if hidden else np.nan,
                int((relative[i] < DEAD).all(axis=0).sum()) if hidden else 0,
                _norm(gradients[i][0]), _norm(W), float(ratio),
                counts, edges,
            )
        )  # fmt: skip
    return found


def through_training(net, trajectory, X, y, steps=None):
    """Return a frame with one row a point and layer: the numbers of `diagnose`.

    Parameters
    ----------
    net : optbench.nets.MLP
    trajectory : array [T, P]
        Parameters at successive times, the initial ones first; `update_ratio` compares each with
        the one before.
    X, y : array
        See `diagnose`.
    steps : sequence of int, optional
        When they were recorded; by default 0, 1, ...

    Returns
    -------
    DataFrame
        With the column `step` and the attributes of `LayerStatistics`, histograms left out.

    Raises
    ------
    SettingError
        If `steps` are not one a point.
    """
    import pandas as pd

    steps = range(len(trajectory)) if steps is None else steps
    if len(steps) != len(trajectory):
        raise SettingError(f"steps has {len(steps)} entries; the trajectory {len(trajectory)}")
    rows, before = [], None
    for step, params in zip(steps, trajectory, strict=True):
        for one in diagnose(net, params, X, y, before):
            row = {"step": int(step), **asdict(one)}
            del row["histogram"], row["edges"]
            rows.append(row)
        before = params
    return pd.DataFrame(rows)


def saturated_share(net, params, X):
    """Return how much of the worst hidden layer has stopped learning; see `analysis.labels`.

    That is the share of saturated activations where they are bounded (sigmoid, tanh), the share of
    dead units elsewhere (a ReLU is in its flat half for about half of the examples by design).
    """
    shares = [
        _mean(at < SATURATED)
        if layer.activation in ("sigmoid", "tanh")
        else _mean((at < DEAD).all(axis=0))
        for at, layer in zip(slopes(net, params, np.asarray(X)), net.structure[1], strict=False)
    ]
    return max(shares, default=0.0)
