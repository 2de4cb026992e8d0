"""Convolutions of images and of sequences."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from optbench.errors import SettingError
from optbench.nets.activations import LINEAR
from optbench.nets.checks import check_switch
from optbench.nets.layers.layer import Layer, came, whole_of
from optbench.nets.layers.tensor import Tensor
from optbench.nets.layers.windows import Windows

if TYPE_CHECKING:
    from optbench.nets.tape.plan import Tape
    from optbench.nets.tape.values import Field, Value

POSITIONS_AT_ONCE = 256
"""Windows of a product, unless one image has more: as many as the panel of a product is deep."""


@dataclass(frozen=True)
class Conv2d(Layer):
    """A convolution of images (height, width, channels): ``torch.nn.Conv2d``.

    It gives (height, width, filters) of ``(side + 2 padding - kernel) // stride + 1`` each.

    Parameters
    ----------
    filters : int
    kernel : int
        Side of the square window.
    stride : int
    padding : int
        Width of the border of zeros around an image.
    bias : bool

    Notes
    -----
    Tensors: ``weight`` [filters, channels, kernel, kernel] and ``bias`` [filters], with the scheme
    "torch" both uniform up to 1 / sqrt(channels kernel kernel). As in torch the window is not
    turned: it is a cross-correlation.
    """

    filters: int
    kernel: int
    stride: int = 1
    padding: int = 0
    bias: bool = True

    def __post_init__(self) -> None:
        _check(self)

    def output(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Return (height, width, filters)."""
        return (*self.windows(shape).counts, self.filters)

    def windows(self, shape: tuple[int, ...]) -> Windows:
        """Return the windows over an image."""
        if len(shape) != 3:
            raise came(shape, "(height, width, channels)")
        height, width, channels = shape
        side, step, border = ((n, n) for n in (self.kernel, self.stride, self.padding))
        return Windows((height, width, channels), side, step, border)

    def tensors(self, shape: tuple[int, ...]) -> tuple[Tensor, ...]:
        """Return the weights, and the biases if there are any."""
        stored = (self.kernel, self.kernel, shape[-1], self.filters)
        return _tensors(self, stored, (3, 2, 0, 1))

    def add_to(self, tape: "Tape", value: "Value") -> "Value":
        """Append one record."""
        return _add(self, self.windows(value.shape), tape, value)


@dataclass(frozen=True)
class Conv1d(Layer):
    """A convolution of sequences (time, features): ``torch.nn.Conv1d``.

    It gives (time, filters), of ``(time + 2 padding - kernel) // stride + 1`` steps.

    Parameters
    ----------
    filters : int
    kernel : int
        Steps of the window.
    stride : int
    padding : int
        Steps of zeros before and after a sequence.
    bias : bool

    Notes
    -----
    Tensors: ``weight`` [filters, features, kernel] and ``bias`` [filters], with the scheme "torch"
    both uniform up to 1 / sqrt(features kernel). Sequences with lengths are refused: windows would
    reach beyond their ends.
    """

    filters: int
    kernel: int
    stride: int = 1
    padding: int = 0
    bias: bool = True

    def __post_init__(self) -> None:
        _check(self)

    def output(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Return (time, filters)."""
        return (self.windows(shape).positions, self.filters)

    def windows(self, shape: tuple[int, ...]) -> Windows:
        """Return the windows over a sequence, which is an image of height 1."""
        if len(shape) != 2:
            raise came(shape, "(time, features)")
        time, features = shape
        return Windows((1, time, features), (1, self.kernel), (1, self.stride), (0, self.padding))

    def tensors(self, shape: tuple[int, ...]) -> tuple[Tensor, ...]:
        """Return the weights, and the biases if there are any."""
        return _tensors(self, (self.kernel, shape[-1], self.filters), (2, 1, 0))

    def add_to(self, tape: "Tape", value: "Value") -> "Value":
        """Append one record."""
        if value.lengths:
            raise SettingError(
                "sequences with lengths came, whose ends its windows would cross; leave lengths "
                "out, or use a recurrent layer"
            )
        return _add(self, self.windows(value.shape), tape, value)


def _check(layer: Conv2d | Conv1d) -> None:
    """Check the settings that both kinds have."""
    for name in ("filters", "kernel", "stride"):
        whole_of(layer, name)
    whole_of(layer, "padding", 0)
    check_switch("bias", layer.bias)


def _tensors(
    layer: Conv2d | Conv1d, stored: tuple[int, ...], axes: tuple[int, ...]
) -> tuple[Tensor, ...]:
    """Return the tensors, given how weights are stored: window, inputs, filters."""
    *window, n_in, filters = stored
    taps = window[0] ** len(window)
    weight = Tensor("weight", stored, taps * n_in, taps * filters, "fan_in", axes=axes)
    bias = Tensor("bias", (filters,), taps * n_in, taps * filters, "fan_in", "bias")
    return (weight, bias) if layer.bias else (weight,)


def _add(layer: Conv2d | Conv1d, windows: Windows, tape: "Tape", value: "Value") -> "Value":
    """Append the record of a convolution: the fields are those of `operations.convolution`."""
    weight, *bias = layer.tensors(value.shape)
    w, b = tape.parameter(weight), tape.parameter(bias[0]) if bias else -1
    (height, width, channels), (tall, broad) = windows.image, windows.sides
    images = max(1, POSITIONS_AT_ONCE // windows.positions)
    numbers = windows.taps * channels
    bordered = tape.buffer(per_row=tall * broad * channels) if any(windows.padding) else -1
    starts, numbered, taps = windows.covering()
    own: list[Field] = [
        w, b, tape.later_use(weight), LINEAR, layer.filters, numbers, windows.positions, images,
        tape.table(windows.bases(images)), tape.table(windows.offsets(channels)),
        bordered, tall * broad * channels, height, width * channels,
        windows.padding[0], windows.padding[1] * channels,
        tape.buffer(images * windows.positions * numbers), channels,
        tape.table(starts), tape.table(numbered * numbers + taps * channels),
    ]  # fmt: skip
    return tape.record("convolution", value, layer.output(value.shape), own)
