"""Dropout."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from optbench import gate
from optbench.errors import SettingError
from optbench.nets.layers.layer import Layer

if TYPE_CHECKING:
    from optbench.nets.tape.plan import Tape
    from optbench.nets.tape.values import Value


@dataclass(frozen=True)
class Dropout(Layer):
    """Drops numbers in training and divides the others by 1 - p: ``torch.nn.Dropout(p)``.

    Parameters
    ----------
    p : float
        Probability that a number is dropped, in [0, 1).
    """

    p: float = 0.5

    def __post_init__(self) -> None:
        p = gate.real("p", self.p)
        if not 0.0 <= p < 1.0:
            raise SettingError(f"p is {p}; a probability to drop must be in [0, 1)")
        object.__setattr__(self, "p", p)

    def output(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Return the shape as it is."""
        return shape

    def add_to(self, tape: "Tape", value: "Value") -> "Value":
        """Append one record; masks are drawn by the number of the layer."""
        if not self.p:
            return value
        own = [tape.drop_count(self.p), tape.dropout_number(), tape.buffer(per_row=value.size)]
        return tape.record("dropout", value, value.shape, own)
