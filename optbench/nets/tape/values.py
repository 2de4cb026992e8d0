"""What a tape is planned of: values, records, placed tensors."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import numpy as np

from optbench.nets.layers.tensor import Tensor


class Later:
    """An integer of a record that is known when the tape is finished."""

    def __init__(self, resolve: "Callable[[], int]") -> None:
        self.resolve = resolve


Field: TypeAlias = "int | np.integer | bool | Later"


@dataclass(frozen=True, eq=False)
class Value:
    """What a record gives.

    Attributes
    ----------
    place : int
        Where in `work` its matrix [rows, size] begins.
    shape : tuple of int
        Of one example.
    lengths : int
        Place of the number of valid time steps of each example, 0 where all are valid.
    number : int
        Which value it is: a value in another shape is the same one.
    """

    place: int
    shape: tuple[int, ...]
    lengths: int = 0
    number: int = 0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Value) and other.number == self.number

    def __hash__(self) -> int:
        return hash(self.number)

    @property
    def size(self) -> int:
        """Numbers an example."""
        return math.prod(self.shape)


@dataclass(eq=False)
class Record:
    """A record before its integers are known; `number` counts those that layers append."""

    number: int
    operation: int
    inputs: tuple[Value, ...]
    output: Value
    own: list[Field]
    tensors: tuple[str, ...]


class Planned(Protocol):
    """What a tape asks of a layer, see `layers.layer.Layer`."""

    def output(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Return the shape of one example after the layer."""

    def add_to(self, tape: Any, value: Value) -> Value:
        """Append the layer's records to a tape; return the value that they give."""

    def shown(self) -> str:
        """Return the layer as a user writes it."""


@dataclass(frozen=True)
class Part:
    """A layer of the tape, one of the net or one inside of a layer.

    Attributes
    ----------
    path : tuple of str
        Its number in the net, then those inside of layers.
    layer : Layer
    keys : tuple of str
        Of the tensors that it has itself, not those of layers inside of it.
    before, output : Value
        What it takes and gives. What it gives is its successor's where that is an activation which
        is a part of its record.
    """

    path: tuple[str, ...]
    layer: Planned
    keys: tuple[str, ...]
    before: Value
    output: Value


@dataclass(frozen=True)
class Placed:
    """A tensor with its place.

    Attributes
    ----------
    key : str
        The path of its layer, and its name.
    layer : int
        Number of the first layer that has it: 1, 2, ...
    tensor : Tensor
    place : int
        Its first number in `params`.
    """

    key: str
    layer: int
    tensor: Tensor
    place: int
