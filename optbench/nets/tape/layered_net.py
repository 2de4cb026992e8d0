"""What the integers of a tape follow from."""

from collections.abc import Sequence
from typing import Protocol

from optbench.nets.tape.values import Placed, Planned
from optbench.nets.training import TrainedNet


class LayeredNet(TrainedNet, Protocol):
    """What the integers follow from, see `layered.LayeredSettings`."""

    @property
    def layers(self) -> Sequence[Planned]:
        """In order."""

    @property
    def loss(self) -> str:
        """Name of its loss."""

    @property
    def lengths(self) -> bool:
        """Whether examples end with their lengths."""

    @property
    def ghost_batch(self) -> int:
        """See `Net`."""

    @property
    def bn_eval(self) -> str:
        """See `Net`."""

    @property
    def decay_biases(self) -> bool:
        """See `Net`."""

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Of one example, without its length."""

    @property
    def n_in(self) -> int:
        """How many numbers an example has."""

    @property
    def batch_normalised(self) -> bool:
        """Whether a layer has batch normalisation."""

    @property
    def rows_at_once(self) -> int:
        """Examples that pass through at once in evaluation."""

    @property
    def placed(self) -> tuple[Placed, ...]:
        """All tensors with their places, in order."""
