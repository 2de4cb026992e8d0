"""A declared net as a problem: the arrays that the compiled kernels of `network` read."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from optbench import gate
from optbench.define.definitions import NetDefinition
from optbench.errors import DefinitionError, SettingError
from optbench.nets import data, packing
from optbench.nets.answers import ClassNames, Task
from optbench.nets.augmentation import UNIFORM_SCALINGS
from optbench.nets.mlp import MLP
from optbench.nets.net import Net
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
    net : MLP or Net
    scheme : str
    gain : float
        Of the initial weights; see `MLP.init`.
    training : Training
    """

    p: NDArray[Any]
    q: NDArray[np.int64]
    net: MLP | Net
    scheme: str
    gain: float
    training: Training

    @property
    def work_size(self) -> int:
        """Length of the buffer `work`."""
        return int(self.q[-1])

    @property
    def drawn(self) -> int:
        """How many numbers of examples a step draws; 0 where they come in order."""
        return int(self.q[packing.BATCH]) if self.training.shuffle else 0

    @property
    def operations(self) -> tuple[str, ...]:
        """Names of the operations of its tape, and of those that change mini-batches."""
        changes = {"augment": self.training.augment, "mix_up": self.training.mixup}
        return (*self.net.operations, *(name for name, used in changes.items() if used))

    def init(self, key: int | np.uint64) -> NDArray[Any]:
        """Return initial ``params[P]`` for a stream key."""
        return self.net.init_from(key, self.scheme, self.gain)


def build(definition: NetDefinition, dtype: DTypeLike, instance: int | None = None) -> NetProblem:
    """Build the problem that a `NetDefinition` declares.

    With losses other than cross_entropy, the outputs to learn of a classification are the label
    itself if there is one output unit, and one-hot labels if there is one unit per class. Whole
    numbers in a file are classes, unless the net has one output and a loss of regressions.

    Parameters
    ----------
    definition : NetDefinition
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
        problem = _build(definition, dtype, instance)
        problem.init(0)  # so that an unknown scheme is refused here
    except ValueError as error:
        raise DefinitionError(f"{definition.place}: net {definition.name}: {error}") from error
    return problem


def _build(definition: NetDefinition, dtype: DTypeLike, instance: int | None) -> NetProblem:
    net = _net(definition, gate.precision(dtype))
    task = _task(net, definition.classes)
    table = data.load(definition.data, task)
    classes, labels = table.classes, table.labels
    parts = data.split(definition.data, instance, definition.scaling, task)
    if definition.classes:
        parts = data.restrict(parts, definition.classes, classes, labels)
        classes, labels = len(definition.classes), definition.classes
    training = Training(**dict(definition.training))
    _check_sizes(net, parts.train, classes, labels)
    _check_examples(net, parts, definition.scaling or table.scaling)
    _check_labels(training, net.loss, parts.train.y)
    if training.class_every:
        parts = _by_class(parts, definition.batch)
    if net.unlabelled:
        parts = data.Split(*(data.Part(X, net.labelled(X, y)) for X, y in parts))
    p, head = data.pack(parts, classes, definition.batch)
    q = net.integers(head, training=training)
    one_hot = classes and net.loss != "cross_entropy"
    packed = _with_rows_of_labels(p, head, net.answer_width) if one_hot else p
    rates = training.row_rates(net)
    _check_images(training, parts.train, definition.scaling or table.scaling)
    coefficients = training.coefficients(net, parts.train.X.min())
    data.check_packed(packed, head, net.answer_width, net.dtype, definition.data)
    return NetProblem(
        p=np.concatenate([packed, rates, coefficients]).astype(net.dtype),
        q=q,
        net=net,
        scheme=definition.init,
        gain=definition.gain,
        training=training,
    )


def _net(definition: NetDefinition, dtype: str) -> MLP | Net:
    """Return the net of a definition."""
    options = dict(definition.options)
    if definition.layers:
        return Net(
            definition.layers, input=definition.input, loss=definition.loss, dtype=dtype, **options
        )  # fmt: skip
    return MLP(definition.sizes, definition.activation, definition.loss, dtype=dtype, **options)


def _task(net: MLP | Net, classes: Iterable[str | int]) -> Task:
    """Return what whole numbers in a file are: a regression has one output and no classes."""
    if net.loss == "cross_entropy" and net.answer_width > 1:
        return "steps"
    classifies = net.loss in ("cross_entropy", "binary_cross_entropy")
    return "classes" if classifies or net.n_out > 1 or classes else "numbers"


def _check_sizes(net: MLP | Net, train: data.Part, classes: int, labels: ClassNames) -> None:
    """Refuse inputs, outputs or a loss that the training part does not go with."""
    features = train.X.shape[1]
    if net.n_in != features:
        raise ValueError(f"{net.begins()}; the data has {features} features")
    if classes:
        _check_steps(net, train.y.shape[1:])
    if not classes and net.loss in ("cross_entropy", "binary_cross_entropy"):
        raise ValueError(f"{net.loss} needs class labels; the data is a regression, take mse")
    words = any(isinstance(label, str) for label in labels)  # have no order that one output means
    several = classes > 2 and (words or net.loss == "binary_cross_entropy")
    whole = net.loss == "cross_entropy" or several
    allowed = (classes,) if whole else (1, classes) if classes else (train.y.size // len(train.y),)
    if net.n_out not in allowed:
        choices = " or ".join(map(str, allowed))
        named = f" (the classes are {data.listed(labels)})" if labels else ""
        raise ValueError(f"{net.ends()}; with {net.loss} it must be {choices}{named}")


def _check_steps(net: MLP | Net, steps: tuple[int, ...]) -> None:
    """Refuse labels (one at each of `steps`, or one an example) that the net has no outputs for."""
    wanted = (net.answer_width,) if net.loss == "cross_entropy" and net.answer_width > 1 else ()
    if steps and steps != wanted:
        raise ValueError(
            f"the data has a label at each of {steps[0]} steps; declare layers whose outputs are "
            f"({steps[0]}, classes), and the loss cross_entropy"
        )
    if wanted and not steps:
        raise ValueError(
            f"the net has outputs at each of {wanted[0]} steps, the data has one label an example; "
            "end with Flatten() and Dense(classes), or with the last step of a recurrent layer"
        )


def _check_labels(training: Training, loss: object, y: NDArray[Any]) -> None:
    """Refuse training that takes one label an example of answers [n] or [n, m]."""
    if training.class_every and loss != "cross_entropy":
        raise ValueError(f"class_every adds classes; it goes with cross_entropy, not with {loss}")
    for name in ("class_every", "mixup"):
        if getattr(training, name) and loss == "cross_entropy" and y.ndim > 1:
            raise ValueError(f"{name} takes one label an example; the data has one at every step")


def _by_class(parts: data.Split, batch: int) -> data.Split:
    """Return the parts, the examples of the training part in the order of their classes."""
    X, y = parts.train
    order = np.argsort(y, kind="stable")
    first = int((y < 2).sum())
    if batch > first:
        raise ValueError(
            f"batch is {batch}, but class_every begins with the first two classes, which have "
            f"{first} training examples; take a batch of at most as many"
        )
    return parts._replace(train=data.Part(X[order], y[order]))


def _check_examples(net: MLP | Net, parts: data.Split, scaling: str) -> None:
    """Refuse tokens and lengths that the net does not take, or that were scaled."""
    for name, part in zip(parts._fields, parts, strict=True):
        try:
            net.check_examples(part.X)
        except SettingError as error:
            hint = "" if scaling == "none" else "; tokens and lengths take scaling='none'"
            raise SettingError(f"{name} part: {error}{hint}") from None


def _check_images(training: Training, train: data.Part, scaling: str) -> None:
    """Refuse augmentation of what are no images, or whose pixels are not scaled alike."""
    if not training.augment:
        return
    features, (height, width) = train.X.shape[1], training.image
    if height * width != features:
        raise ValueError(f"image is {height} x {width}, but the data has {features} features")
    if scaling not in UNIFORM_SCALINGS:
        raise ValueError(
            f"augment moves pixels, which scaling {scaling!r} treats one by one; declare "
            f"scaling={' or '.join(map(repr, UNIFORM_SCALINGS))}"
        )


def _with_rows_of_labels(
    p: NDArray[np.float64], head: NDArray[np.int64], width: int
) -> NDArray[np.float64]:
    """Replace the labels at the end of packed data by one-hot rows if answers are wide."""
    if width == 1:
        return p
    n = int(sum(head[:3]))
    labels = p[-n:].astype(np.int64)
    return np.concatenate([p[:-n], np.eye(width)[labels].ravel()])
