"""What all nets have in common, whatever they are made of: see `MLP` and `Net`."""

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, Protocol, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from optbench.nets.author_losses import Loss
from optbench.nets.training import Training

NamedTensor: TypeAlias = tuple[int, str, tuple[int, ...]]


class Watched(NamedTuple):
    """What there is to see of a layer that has parameters or an activation.

    Attributes
    ----------
    layer : int
        1, 2, ...: such layers are counted.
    name : str
        As the user wrote it, its activation included.
    outputs : array [n, units]
        Probabilities in the last layer of a classifier.
    activation : str or None
        That of its outputs; None in the last layer, and where there is none.
    low : float
        Slope below 0 of an activation that is two straight lines.
    operands : array [n, units] or None
        What the slope of the activation follows from.
    """

    layer: int
    name: str
    outputs: NDArray[Any]
    activation: str | None = None
    low: float = 0.0
    operands: NDArray[Any] | None = None


class AnyNet(Protocol):
    """A net as its kernels are called."""

    def __hash__(self) -> int:
        """Nets of equal settings are one."""

    @property
    def dtype(self) -> str:
        """Of its numbers."""

    @property
    def loss(self) -> Loss:
        """Its name, or an author's function."""

    @property
    def n_in(self) -> int:
        """How many numbers an example has."""

    @property
    def n_out(self) -> int:
        """How many outputs the net has."""

    @property
    def dim(self) -> int:
        """How many numbers ``params`` has, padding included."""

    @property
    def row_offsets(self) -> NDArray[np.int64]:
        """First rows of all tensors and the number of rows, in rows of 64."""

    @property
    def tensors(self) -> list[NamedTensor]:
        """(layer, name, shape) of all tensors, in order; matrices are all axes but the last."""

    @property
    def tensor_places(self) -> dict[tuple[int, str], int]:
        """{(layer, name): first number} of all tensors."""

    @property
    def layer_count(self) -> int:
        """Number of the last layer that has tensors."""

    @property
    def answer_width(self) -> int:
        """How many numbers the answer of one example has."""

    def labelled(self, X: NDArray[Any], Y: NDArray[Any]) -> NDArray[Any]:
        """Return the answers [n, m] of examples [n, n_in], -1 where there is no label."""

    @property
    def batch_normalised(self) -> bool:
        """Whether a layer has batch normalisation."""

    @property
    def coefficients(self) -> NDArray[Any]:
        """The numbers that follow the data in ``p``; see `packing`."""

    def init_from(self, key: int | np.uint64, scheme: str, gain: float = 1.0) -> NDArray[Any]:
        """Return random initial ``params[P]`` for the key of a stream."""

    def watched(self, params: ArrayLike, X: ArrayLike) -> list[Watched]:
        """Return what there is to see of each layer, in evaluation."""

    def weights(self, params: NDArray[Any]) -> list[NDArray[Any]]:
        """Return the weights of each layer of `watched`; none of those that have none."""

    def loss_and_grad(
        self, params: ArrayLike, X: ArrayLike, y: ArrayLike, training: bool = True
    ) -> tuple[float, NDArray[Any]]:
        """Return the loss over the examples and its gradient."""

    def check_params(self, params: NDArray[Any]) -> None:
        """Raise `SettingError` if parameters are not of shape [P]."""

    def shown(self) -> str:
        """Return its layers in a line, for messages."""

    @property
    def operations(self) -> tuple[str, ...]:
        """Names of the operations that its tape has, each once."""

    def check_examples(self, X: NDArray[Any]) -> None:
        """Raise `SettingError` if numbers of examples [n, n_in] are none that the net takes."""

    def load(self) -> None:
        """Compile what it needs besides the kernels of all nets."""

    def integers(
        self,
        head: Sequence[int] | NDArray[np.int64],
        training: Training | None = None,
        at_once: int = 0,
        statistics: Literal["population", "running"] | None = None,
    ) -> NDArray[np.int64]:
        """Return the integers of the kernels, given the six of the data."""
