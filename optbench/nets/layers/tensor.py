"""The tensors of parameters that layers declare."""

import math
from dataclasses import dataclass
from typing import Literal

Role = Literal["weight", "bias", "other"]
Start = Literal["fan_in", "fan_out", "normal", "xavier_uniform"] | float


@dataclass(frozen=True)
class Tensor:
    """A tensor of parameters that a layer declares.

    Attributes
    ----------
    name : str
        As torch calls it, such as ``weight`` or ``bias_ih``.
    shape : tuple of int
        As it is stored, row-major; the last axis is that of the units.
    fan_in, fan_out : int
        Inputs of a unit, and units of an input: schemes draw by them.
    start : "fan_in", "fan_out", "normal", "xavier_uniform" or float
        Where it begins with the scheme "torch": uniform up to 1 / sqrt(fan_in or fan_out), standard
        normal, uniform of variance 2 / (fan_in + fan_out), or that number.
    role : "weight", "bias" or "other"
        Other schemes draw weights and leave biases at 0; the rest starts at its number. Penalties
        and max-norm know weights, and penalties biases if the net says so.
    axes : tuple of int
        `unflatten` shows the stored axes in this order, as torch has them; () as they are.
    """

    name: str
    shape: tuple[int, ...]
    fan_in: int
    fan_out: int
    start: Start
    role: Role = "weight"
    axes: tuple[int, ...] = ()

    @property
    def size(self) -> int:
        """How many numbers it has."""
        return math.prod(self.shape)

    @property
    def matrix_shape(self) -> tuple[int, ...]:
        """Its shape for what works on matrices: all axes but the last are one."""
        if len(self.shape) < 2:
            return self.shape
        return (math.prod(self.shape[:-1]), self.shape[-1])
