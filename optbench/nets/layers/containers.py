"""Layers made of layers."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from optbench.errors import SettingError
from optbench.nets.layers.layer import Layer, checked_layers

if TYPE_CHECKING:
    from optbench.nets.tape.plan import Tape
    from optbench.nets.tape.values import Field, Value


@dataclass(frozen=True)
class Residual(Layer):
    """Adds what comes in to what its layers make of it (He et al. 2016).

    Parameters
    ----------
    layers : sequence of Layer
        The last one gives the shape that came in.
    """

    layers: tuple[Layer, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "layers", checked_layers(self.layers))

    def output(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Return the shape as it is."""
        return shape

    def add_to(self, tape: "Tape", value: "Value") -> "Value":
        """Append the records of the layers, and one that adds."""
        branch = value
        for number, layer in enumerate(self.layers, 1):
            with tape.inside(str(number)):
                branch = tape.add(layer, branch)
        if branch.shape != value.shape or branch == value:
            raise SettingError(
                f"its layers make examples of shape {branch.shape} of {value.shape}; what is added "
                "must have the shape that came in, and be another value"
            )
        return add_input(tape, value, branch)


def add_input(tape: "Tape", value: "Value", branch: "Value") -> "Value":
    """Append the record that adds a value to what was made of it."""
    own: list[Field] = [branch.place, tape.error_place(branch), tape.error_adds(branch)]
    return tape.record("add", value, value.shape, own, others=[branch])


@dataclass(frozen=True)
class Shared(Layer):
    """A layer whose tensors are those of every other shared layer of the same name.

    Parameters
    ----------
    layer : Layer
        The same wherever the name is.
    name : str
    """

    layer: Layer
    name: str

    def __post_init__(self) -> None:
        checked_layers(self.layer)
        if not isinstance(self.name, str) or not self.name:
            raise SettingError(f"name is {self.name!r}; give shared layers a name, such as 'block'")

    def output(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Return what the layer gives."""
        return self.layer.output(shape)

    def add_to(self, tape: "Tape", value: "Value") -> "Value":
        """Append the layer's records."""
        with tape.shared(self.name):
            return tape.add(self.layer, value)
