"""A declared net as a problem: the arrays that the compiled kernels of `network` read."""

from dataclasses import dataclass

import numpy as np

from optbench.define import DefinitionError
from optbench.nets import data
from optbench.nets.augmentation import ALIKE
from optbench.nets.mlp import MLP
from optbench.nets.training import Training


@dataclass(frozen=True, eq=False)
class NetProblem:
    """What the engine needs to train a net.

    Attributes
    ----------
    p : array
        Data, in the dtype of the kernels.
    q : array of int64
        See `optbench.nets.packing`.
    work_size : int
        Length of the buffer `work`.
    layers : array of int64
        First rows of the parameter tensors, and the number of rows.
    rows : int
        Number of rows of 64 parameters.
    net : MLP
    scheme : str
    gain : float
        Of the initial weights; see `MLP.init`.
    training : Training
    """

    p: np.ndarray
    q: np.ndarray
    work_size: int
    layers: np.ndarray
    rows: int
    net: MLP
    scheme: str
    gain: float
    training: Training

    def init(self, key):
        """Return initial ``params[P]`` for a stream key."""
        return self.net.init_from(key, self.scheme, self.gain)


def build(definition, dtype, instance=None):
    """Build the problem that a `NetDefinition` declares.

    With losses other than cross_entropy, the wanted outputs of a classification are the label
    itself if there is one output unit, and one-hot labels if there is one unit per class. Whole
    numbers in a file are classes, unless the net has one output and a loss of regressions.

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
        net = MLP(
            definition.sizes, definition.activation, definition.loss, dtype=dtype,
            **dict(definition.options),
        )  # fmt: skip
        wanted = _wanted(net, definition.classes)
        table = data.load(definition.data, wanted)
        classes, labels = table.classes, table.labels
        parts = data.split(definition.data, instance, definition.scaling, wanted)
        if definition.classes:
            parts = data.restricted(parts, definition.classes, classes, labels)
            classes, labels = len(definition.classes), definition.classes
        p, head = data.pack(parts, classes, definition.batch)
        _check_sizes(net, parts.train, classes, labels)
        training = Training(**dict(definition.training))
        q = net.integers(head, training=training)
        packed = _with_targets(p, head, net.target_width) if classes else p
        rates = training.row_rates(net.structure[1])
        _check_images(training, definition, parts.train, table.scaling)
        coefficients = training.coefficients(net, parts.train.X.min())
        data.check_packed(packed, head, net.target_width, net.dtype, definition.data)
        built = NetProblem(
            np.concatenate([packed, rates, coefficients]).astype(net.dtype),
            q,
            int(q[-1]),
            net.layers,
            int(net.layers[-1]),
            net,
            definition.init,
            definition.gain,
            training,
        )
        built.init(0)  # so that an unknown scheme is refused here
    except ValueError as error:
        raise DefinitionError(f"{definition.place}: net {definition.name}: {error}") from error
    return built


def _wanted(net, classes):
    """Return what whole numbers as targets are: a regression has one output and no classes."""
    classifies = net.loss in ("cross_entropy", "binary_cross_entropy")
    return "classes" if classifies or net.sizes[-1] > 1 or classes else "numbers"


def _check_sizes(net, known, classes, labels):
    features = known.X.shape[1]
    if net.sizes[0] != features:
        raise ValueError(f"sizes begins with {net.sizes[0]}; the data has {features} features")
    if not classes and net.loss in ("cross_entropy", "binary_cross_entropy"):
        raise ValueError(f"{net.loss} needs class labels; the data is a regression, take mse")
    words = any(isinstance(label, str) for label in labels)  # have no order that one output means
    several = classes > 2 and (words or net.loss == "binary_cross_entropy")
    whole = net.loss == "cross_entropy" or several
    allowed = (classes,) if whole else (1, classes) if classes else (known.y.size // len(known.y),)
    if net.sizes[-1] not in allowed:
        choices = " or ".join(map(str, allowed))
        named = f" (the classes are {data.listed(labels)})" if labels else ""
        raise ValueError(
            f"sizes ends with {net.sizes[-1]}; with {net.loss} it must be {choices}{named}"
        )


def _check_images(training, definition, known, declared):
    if not training.augment:
        return
    features, (height, width) = known.X.shape[1], training.image
    if height * width != features:
        raise ValueError(f"image is {height} x {width}, but the data has {features} features")
    scaling = definition.scaling or declared
    if scaling not in ALIKE:
        raise ValueError(
            f"augment moves pixels, which scaling {scaling!r} treats one by one; declare "
            f"scaling={' or '.join(map(repr, ALIKE))}"
        )


def _with_targets(p, head, width):
    """Replace the labels at the end of packed data by one-hot rows if targets are wide."""
    if width == 1:
        return p
    n = int(sum(head[:3]))
    labels = p[-n:].astype(np.int64)
    return np.concatenate([p[:-n], np.eye(width)[labels].ravel()])
