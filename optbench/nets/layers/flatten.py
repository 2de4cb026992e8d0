"""Flattening."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from optbench.nets.layers.layer import Layer

if TYPE_CHECKING:
    from optbench.nets.tape.plan import Tape
    from optbench.nets.tape.values import Value


@dataclass(frozen=True)
class Flatten(Layer):
    """All numbers of an example in one row, as they lie: height, width, channels.

    torch's Flatten of images has channels first: the weights of a dense layer after it are in
    another order.
    """

    def output(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Return (n,)."""
        return (math.prod(shape),)

    def add_to(self, tape: "Tape", value: "Value") -> "Value":
        """Show the value in another shape: it lies as it should."""
        return tape.reshaped(value, self.output(value.shape))
