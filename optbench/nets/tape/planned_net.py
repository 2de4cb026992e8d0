"""What the integers of a tape follow from."""

from typing import Protocol

from optbench.nets.author_losses import Loss
from optbench.nets.packing import Buffers
from optbench.nets.tape.plan import Tape
from optbench.nets.tape.values import Placed
from optbench.nets.training import TrainedNet


class PlannedNet(TrainedNet, Protocol):
    """What the integers follow from."""

    @property
    def loss(self) -> Loss:
        """Its name, or an author's function."""

    @property
    def ghost_batch(self) -> int:
        """See `MLP`."""

    @property
    def bn_eval(self) -> str:
        """See `MLP`."""

    @property
    def decay_biases(self) -> bool:
        """See `MLP`."""

    @property
    def unlabelled(self) -> bool:
        """Whether steps after the end of an example have no label."""

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

    def planned(self, rows: int, buffers: Buffers, place: int) -> Tape:
        """Return its tape for so many examples, which are at `place` in `work`."""
