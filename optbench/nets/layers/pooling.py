"""Pooling of images."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from optbench.nets.layers.layer import Layer, came, whole_of
from optbench.nets.layers.windows import Windows

if TYPE_CHECKING:
    from optbench.nets.tape.plan import Tape
    from optbench.nets.tape.values import Field, Value


@dataclass(frozen=True)
class MaxPool2d(Layer):
    """The largest number of each window and channel: ``torch.nn.MaxPool2d(k, stride)``.

    Images (height, width, channels) stay such, with sides of ``(side - k) // stride + 1``. Of
    equal numbers the first one, row by row, is the largest; NaN is larger than all.

    Parameters
    ----------
    k : int
        Side of the square window.
    stride : int, optional
        By default `k`: windows lie side by side.
    """

    k: int
    stride: int | None = None

    def __post_init__(self) -> None:
        _check(self)

    def output(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Return (height, width, channels)."""
        return _output(self, shape)

    def add_to(self, tape: "Tape", value: "Value") -> "Value":
        """Append one record."""
        shape = self.output(value.shape)
        fields, taps = _tables(_windows(self, value.shape), tape)
        largest = tape.buffer(per_row=math.prod(shape))
        return tape.record("max_pool", value, shape, [*fields, taps, largest])


@dataclass(frozen=True)
class AvgPool2d(Layer):
    """The mean of each window and channel: ``torch.nn.AvgPool2d(k, stride)``.

    Shapes and parameters are those of `MaxPool2d`.
    """

    k: int
    stride: int | None = None

    def __post_init__(self) -> None:
        _check(self)

    def output(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Return (height, width, channels)."""
        return _output(self, shape)

    def add_to(self, tape: "Tape", value: "Value") -> "Value":
        """Append one record."""
        fields, _ = _tables(_windows(self, value.shape), tape)
        return tape.record("average_pool", value, self.output(value.shape), fields)


def _check(layer: MaxPool2d | AvgPool2d) -> None:
    """Check the settings."""
    whole_of(layer, "k")
    if layer.stride is not None:
        whole_of(layer, "stride")


def _windows(layer: MaxPool2d | AvgPool2d, shape: tuple[int, ...]) -> Windows:
    """Return the windows over an image."""
    if len(shape) != 3:
        raise came(shape, "(height, width, channels)")
    height, width, channels = shape
    step = layer.stride or layer.k
    return Windows((height, width, channels), (layer.k, layer.k), (step, step))


def _output(layer: MaxPool2d | AvgPool2d, shape: tuple[int, ...]) -> tuple[int, ...]:
    return (*_windows(layer, shape).counts, shape[-1])


def _tables(windows: Windows, tape: "Tape") -> tuple[list["Field"], "Field"]:
    """Return the fields that both kinds of pooling have, and the table of the taps of pixels."""
    starts, numbers, taps = windows.covering()
    channels = windows.image[2]
    fields: list[Field] = [
        channels, windows.taps, tape.table(windows.bases(1)), tape.table(windows.offsets(1)),
        tape.table(starts), tape.table(numbers * channels),
    ]  # fmt: skip
    return fields, tape.table(taps)
