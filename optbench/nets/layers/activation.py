"""Activations as layers."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from optbench.nets.activations import ACTIVATIONS, PRELU_START
from optbench.nets.checks import check_choice
from optbench.nets.layers.layer import Layer
from optbench.nets.layers.tensor import Tensor

if TYPE_CHECKING:
    from optbench.nets.tape.plan import Tape
    from optbench.nets.tape.values import Field, Value


@dataclass(frozen=True)
class Activation(Layer):
    """An activation of every number.

    Parameters
    ----------
    name : str
        linear, relu, leaky_relu (slope 0.01), prelu (a learnt slope, 0.25 at first), sigmoid, tanh,
        elu, gelu (by erf), silu, softplus.

    Notes
    -----
    Tensor of a PReLU: ``weight`` [1].
    """

    name: str

    def __post_init__(self) -> None:
        check_choice("activation", self.name, tuple(ACTIVATIONS))

    def output(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Return the shape as it is."""
        return shape

    def tensors(self, shape: tuple[int, ...]) -> tuple[Tensor, ...]:
        """Return the slope of a PReLU."""
        if self.name != "prelu":
            return ()
        return (Tensor("weight", (1,), 1, 1, PRELU_START, "other"),)

    def add_to(self, tape: "Tape", value: "Value") -> "Value":
        """Append one record, which becomes a part of a dense layer where it can."""
        if self.name == "linear":
            return value
        slopes = [tape.parameter(tensor) for tensor in self.tensors(value.shape)]
        own: list[Field] = [ACTIVATIONS[self.name], slopes[0] if slopes else 0]
        return tape.record("activation", value, value.shape, own)
