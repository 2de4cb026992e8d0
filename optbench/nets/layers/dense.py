"""Dense layers."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from optbench.nets.activations import LINEAR
from optbench.nets.checks import check_switch
from optbench.nets.layers.layer import Layer, came, whole_of
from optbench.nets.layers.tensor import Tensor

if TYPE_CHECKING:
    from optbench.nets.tape.plan import Tape
    from optbench.nets.tape.values import Field, Value


@dataclass(frozen=True)
class Dense(Layer):
    """An affine map of the last axis: ``torch.nn.Linear(n_in, n)``.

    Examples of shape (time, features) become (time, n): each step by itself.

    Parameters
    ----------
    n : int
        Units.
    bias : bool

    Notes
    -----
    Tensors: ``weight`` [n, n_in] and ``bias`` [n], with the scheme "torch" both uniform up to
    1 / sqrt(n_in).
    """

    n: int
    bias: bool = True

    def __post_init__(self) -> None:
        whole_of(self, "n")
        check_switch("bias", self.bias)

    def output(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Return (..., n)."""
        if not shape:
            raise came(shape, "(..., features)")
        return (*shape[:-1], self.n)

    def tensors(self, shape: tuple[int, ...]) -> tuple[Tensor, ...]:
        """Return the weights, and the biases if there are any."""
        n_in = shape[-1]
        weight = Tensor("weight", (n_in, self.n), n_in, self.n, "fan_in", axes=(1, 0))
        bias = Tensor("bias", (self.n,), n_in, self.n, "fan_in", "bias")
        return (weight, bias) if self.bias else (weight,)

    def add_to(self, tape: "Tape", value: "Value") -> "Value":
        """Append one record."""
        weight, *bias = self.tensors(value.shape)
        w, b = tape.parameter(weight), tape.parameter(bias[0]) if bias else -1
        own: list[Field] = [w, b, tape.later_use(weight), value.shape[-1], self.n, LINEAR, 0]
        return tape.record("dense", value, self.output(value.shape), own)
