"""How a declared net is trained: what is done to its batches, and after each step."""

import math
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from optbench import gate
from optbench.errors import SettingError
from optbench.nets import augmentation, packing, stopping_criteria
from optbench.nets.architecture import is_number, is_whole
from optbench.nets.checks import check_switch


class TrainedNet(Protocol):
    """What training asks of a net."""

    @property
    def dim(self) -> int:
        """How many numbers ``params`` has."""

    @property
    def answer_width(self) -> int:
        """How many numbers the answer of one example has."""

    @property
    def layer_count(self) -> int:
        """Number of the last layer that has tensors."""

    @property
    def tensors(self) -> list[tuple[int, str, tuple[int, ...]]]:
        """(layer, name, shape) of all tensors, in order."""

    @property
    def row_offsets(self) -> NDArray[np.int64]:
        """First rows of all tensors and the number of rows, in rows of 64."""

    @property
    def coefficients(self) -> NDArray[Any]:
        """The numbers that follow the data in ``p``; see `packing`."""


@dataclass(frozen=True)
class Training:
    """How a net is trained, checked.

    `augment` and `mixup` change mini-batches alone: in evaluation, and under rules that take all
    examples at once, examples are as they are.

    Parameters
    ----------
    image : (int, int)
        Height and width of the images that the rows of features are; for `augment`.
    augment : dict of str to float
        Random changes of the images of each mini-batch; see `augmentation.CHANGES_BY_NAME`.
    mixup : float
        Mix each example of a mini-batch with another one, in shares drawn from Beta(mixup, mixup);
        answers are mixed alike, of two labels the losses are (Zhang et al. 2018, sec. 2). 0: off.
    shuffle : bool
        Whether each epoch has an order of its own. Otherwise mini-batches follow the order of the
        training part, over and over.
    class_every : int
        Mini-batches have the first two classes of the data alone, and one class more every so many
        steps, until they have all; 0: all from the start. What is measured is all of the data
        throughout (classes that are added: Dohare et al. 2024, Loss of plasticity in deep continual
        learning). For cross_entropy.
    rates : dict of int to float
        {layer: factor} of the updates of layers 1, 2, ...: 0 freezes a layer, 0.1 trains it at a
        tenth of the rate. Weights that layers share have the rate of the first of them.
    max_norm : float
        Largest norm of the weights into a hidden or output unit; longer ones are scaled down after
        each step (Srivastava et al. 2014, sec. 5.1). 0: off.
    stopping : str
        When to stop early, as ``name:limit`` (see `stopping_criteria.CRITERIA`). The criterion is
        judged at the start and once an epoch, every ``n_train // batch`` steps, on the validation
        part; a lane ends with the parameters of the least loss there, also when its budget ends
        first.

    Raises
    ------
    SettingError
        If an argument is not allowed; the message says what is.
    """

    image: tuple[int, ...] = ()
    augment: dict[str, float] = field(default_factory=dict)
    mixup: float = 0.0
    shuffle: bool = True
    class_every: int = 0
    rates: dict[int, float] = field(default_factory=dict)
    max_norm: float = 0.0
    stopping: str = ""

    def __post_init__(self) -> None:
        for name in ("augment", "rates"):
            object.__setattr__(self, name, dict(getattr(self, name)))
        for name in ("mixup", "max_norm"):
            value = getattr(self, name)
            if not (is_number(value) and 0.0 <= value < math.inf):
                raise SettingError(f"{name} is {value!r}; it must be 0 (off) or positive")
        check_switch("shuffle", self.shuffle)
        object.__setattr__(self, "class_every", gate.whole("class_every", self.class_every))
        if self.class_every and not self.shuffle:
            raise SettingError("class_every draws mini-batches; it does not go with shuffle=False")
        for layer, rate in self.rates.items():
            if not (is_number(rate) and 0.0 <= rate < math.inf):
                raise SettingError(f"rates has {layer}: {rate!r}; a factor is 0 or positive")
        augmentation.check(self.image, self.augment)
        if self.stopping:
            stopping_criteria.parse(self.stopping)

    @property
    def criterion(self) -> tuple[int, float]:
        """(number, limit) of the criterion of early stopping; (0, 0.0) without one."""
        return stopping_criteria.parse(self.stopping) if self.stopping else (0, 0.0)

    @property
    def constrains(self) -> bool:
        """Whether points are changed after the steps that rules take."""
        return bool(self.rates or self.max_norm)

    @property
    def adjusts(self) -> bool:
        """Whether anything is done after a step."""
        return self.constrains or bool(self.stopping)

    def row_rates(self, net: TrainedNet) -> NDArray[np.float64]:
        """Return the factors of the updates of all rows of parameters; none without rates."""
        for layer in self.rates:
            if not (is_whole(layer) and 1 <= layer <= net.layer_count):
                raise SettingError(f"rates has layer {layer!r}; the net has 1 .. {net.layer_count}")
        if not self.rates:
            return np.zeros(0)
        factors = [self.rates.get(number, 1.0) for number, _, _ in net.tensors]
        return np.repeat(np.array(factors, np.float64), np.diff(net.row_offsets))

    def coefficients(self, net: TrainedNet, fill: float) -> NDArray[Any]:
        """Return the numbers at the end of ``p``, those of the net included; see `packing`.

        `fill` is what comes into images from outside if `augment` does not say.
        """
        numbers = net.coefficients
        numbers[packing.MIXUP], numbers[packing.MAX_NORM] = self.mixup, self.max_norm
        numbers[packing.LIMIT] = self.criterion[1]
        changes = augmentation.numbers(self.augment, fill)
        numbers[packing.CHANGES : packing.CHANGES + len(changes)] = changes
        return numbers
