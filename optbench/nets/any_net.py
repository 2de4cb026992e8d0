"""What all nets have in common, whatever they are made of: see `MLP` and `Net`."""

from collections.abc import Sequence
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from optbench.nets.training import Training


class AnyNet(Protocol):
    """A net as its kernels are called."""

    def __hash__(self) -> int:
        """Nets of equal settings are one."""

    @property
    def dtype(self) -> str:
        """Of its numbers."""

    @property
    def loss(self) -> str:
        """Name of its loss."""

    @property
    def n_in(self) -> int:
        """How many numbers an example has."""

    @property
    def n_out(self) -> int:
        """How many outputs the net has."""

    @property
    def answer_width(self) -> int:
        """How many numbers the answer of one example has."""

    @property
    def coefficients(self) -> NDArray[Any]:
        """The numbers that follow the data in ``p``; see `packing`."""

    def check_params(self, params: NDArray[Any]) -> None:
        """Raise `SettingError` if parameters are not of shape [P]."""

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
