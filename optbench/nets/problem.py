"""A declared net as a problem: compiled kernels and the arrays they read."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from optbench.define import DefinitionError
from optbench.nets import data
from optbench.nets.initialisers import initial
from optbench.nets.mlp import MLP
from optbench.nets.network import compiled


@dataclass(frozen=True, eq=False)
class NetProblem:
    """What the engine needs to train a net.

    Attributes
    ----------
    problem, metrics : compiled functions
        With the signatures of `optbench.kernels.compile`.
    p : array
        Data, in the dtype of the kernels.
    q : array of int64
        See `optbench.nets.layout`.
    work_size : int
        Length of the buffer `work`.
    layers : array of int64
        First rows of the parameter tensors, and the number of rows.
    rows : int
        Number of rows of 64 parameters.
    net : MLP
    """

    problem: Any
    metrics: Any
    p: np.ndarray
    q: np.ndarray
    work_size: int
    layers: np.ndarray
    rows: int
    net: MLP

    def init(self, key):
        """Return initial ``params[P]`` (He-normal weights, zero biases) for a stream key."""
        return initial(self.net.sizes, key, "he_normal", self.net.dtype)


def build(definition, dtype, instance=None):
    """Build the problem that a `NetDefinition` declares.

    With MSE, the wanted outputs are the label itself if there is one output unit, and one-hot
    labels if there is one unit per class.

    Parameters
    ----------
    definition : optbench.define.NetDefinition
    dtype : {"float64", "float32"}
    instance : int, optional
        Which split of the data.

    Returns
    -------
    NetProblem

    Raises
    ------
    DefinitionError
        If the declaration does not fit the data; the message says where and why.
    """
    try:
        net = MLP(definition.sizes, definition.activation, definition.loss, dtype=dtype)
        classes = data.load(definition.data).classes
        parts = data.split(definition.data, instance)
        p, head = data.pack(parts, classes, definition.batch)
        _check_sizes(net, parts.train.X.shape[1], classes)
    except ValueError as error:
        raise DefinitionError(f"{definition.place}: net {definition.name}: {error}") from error
    q = net.integers(head)
    return NetProblem(
        compiled("problem", net.dtype),
        compiled("metrics", net.dtype),
        _with_targets(p, head, net.target_width).astype(net.dtype),
        q,
        int(q[-1]),
        net.layers,
        int(net.layers[-1]),
        net,
    )


def _check_sizes(net, features, classes):
    if net.sizes[0] != features:
        raise ValueError(f"sizes begins with {net.sizes[0]}; the data has {features} features")
    allowed = (classes,) if net.loss == "cross_entropy" else (1, classes)
    if net.sizes[-1] not in allowed:
        choices = " or ".join(map(str, allowed))
        raise ValueError(f"sizes ends with {net.sizes[-1]}; with {net.loss} it must be {choices}")


def _with_targets(p, head, width):
    """Replace the labels at the end of packed data by one-hot rows if targets are wide."""
    if width == 1:
        return p
    n = int(sum(head[:3]))
    labels = p[-n:].astype(np.int64)
    return np.concatenate([p[:-n], np.eye(width)[labels].ravel()])
