"""What a layer is."""

import dataclasses
from typing import TYPE_CHECKING

from optbench import gate
from optbench.errors import SettingError
from optbench.nets.layers.tensor import Tensor

if TYPE_CHECKING:
    from optbench.nets.tape.plan import Tape
    from optbench.nets.tape.values import Value


class Layer:
    """A layer: a frozen dataclass of its settings, checked when it is created.

    It is given the shape of one example: (height, width, channels), (time, features), (n,).
    """

    def output(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Return the shape of one example after the layer.

        Raises
        ------
        SettingError
            If the layer does not take that shape; the message says what came and what it takes.
        """
        raise NotImplementedError

    def tensors(self, shape: tuple[int, ...]) -> tuple[Tensor, ...]:
        """Return the tensors of the layer where examples have a shape."""
        return ()

    def add_to(self, tape: "Tape", value: "Value") -> "Value":
        """Append the layer's records to a tape; return the value that they give."""
        raise NotImplementedError

    def shown(self) -> str:
        """Return the layer as a user writes it, settings at their defaults left out."""
        settings = []
        for i, field in enumerate(dataclasses.fields(self)):  # type: ignore[arg-type]
            value = getattr(self, field.name)
            if value != field.default:
                settings.append(f"{'' if i == 0 else field.name + '='}{_shown(value)}")
        return f"{type(self).__name__}({', '.join(settings)})"


def _shown(value: object) -> str:
    if isinstance(value, Layer):
        return value.shown()
    if isinstance(value, tuple) and value and isinstance(value[0], Layer):
        return f"[{', '.join(map(_shown, value))}]"
    return gate.shown(value)


def came(shape: tuple[int, ...], expected: str) -> SettingError:
    """Return the error of a shape that does not fit."""
    return SettingError(f"examples of shape {shape} came, expected {expected}")


def whole_of(layer: Layer, name: str, low: int = 1) -> None:
    """Make a setting of a layer a whole number of at least `low`, or refuse it."""
    object.__setattr__(layer, name, gate.whole(name, getattr(layer, name), low))


def checked_layers(layers: object) -> tuple[Layer, ...]:
    """Return layers as a tuple, or refuse what are none."""
    if isinstance(layers, Layer):
        layers = [layers]
    listed = tuple(layers) if isinstance(layers, (list, tuple)) else ()
    for number, layer in enumerate(listed, 1):
        if not isinstance(layer, Layer):
            raise SettingError(
                f"layer {number} is {gate.shown(layer)}; give layers such as Dense(32), see "
                "optbench.nets.layers"
            )
    if not listed:
        raise SettingError(f"layers is {gate.shown(layers)}; give a list of at least one layer")
    return listed
