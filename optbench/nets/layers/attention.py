"""Self-attention."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from optbench.errors import SettingError
from optbench.nets.checks import check_switch
from optbench.nets.layers.layer import Layer, whole_of
from optbench.nets.layers.recurrent import check_steps
from optbench.nets.layers.tensor import Tensor
from optbench.nets.operations.pitch import pitch_of

if TYPE_CHECKING:
    from optbench.nets.tape.plan import Tape
    from optbench.nets.tape.values import Field, Value


@dataclass(frozen=True)
class Attention(Layer):
    """Self-attention of several heads: ``torch.nn.MultiheadAttention(width, heads)``, batch first.

    Examples have the shape (time, width) and keep it. Queries, keys and values are X W_in + b_in. A
    head has d = width / heads columns of each and gives softmax(Q K' / sqrt(d)) V; all heads side
    by side, times W_out + b_out, are the output. Where lengths are known, no query looks at keys
    beyond them.

    Parameters
    ----------
    heads : int
        They divide the width.
    causal : bool
        Whether a step looks at itself and earlier steps only.

    Notes
    -----
    Tensors, with e for the width: ``in_proj_weight`` [3 e, e], queries, keys and values in this
    order, uniform of variance 2 / (4 e) with the scheme "torch"; ``in_proj_bias`` [3 e], 0;
    ``out_proj_weight`` [e, e], uniform up to 1 / sqrt(e); ``out_proj_bias`` [e], 0.
    """

    heads: int
    causal: bool = False

    def __post_init__(self) -> None:
        whole_of(self, "heads")
        check_switch("causal", self.causal)

    def output(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Return the shape as it is."""
        check_steps(shape)
        if shape[1] % self.heads:
            raise SettingError(
                f"examples of shape {shape} came, expected a width that {self.heads} heads divide: "
                f"{shape[1]} = {shape[1] // self.heads} * {self.heads} + {shape[1] % self.heads}"
            )
        return shape

    def tensors(self, shape: tuple[int, ...]) -> tuple[Tensor, ...]:
        """Return weights and biases before and after the heads."""
        e = shape[1]
        return (
            Tensor("in_proj_weight", (e, 3 * e), e, 3 * e, "xavier_uniform", axes=(1, 0)),
            Tensor("in_proj_bias", (3 * e,), e, 3 * e, 0.0, "bias"),
            Tensor("out_proj_weight", (e, e), e, e, "fan_in", axes=(1, 0)),
            Tensor("out_proj_bias", (e,), e, e, 0.0, "bias"),
        )

    def add_to(self, tape: "Tape", value: "Value") -> "Value":
        """Append one record."""
        time, e = value.shape
        row = self.heads * pitch_of(time)
        weight_in, bias_in, weight_out, bias_out = self.tensors(value.shape)
        own: list[Field] = [
            *(tape.parameter(tensor) for tensor in (weight_in, bias_in, weight_out, bias_out)),
            tape.later_use(weight_in), tape.later_use(weight_out),
            time, e, self.heads, pitch_of(time), int(self.causal),
            tape.buffer(per_row=time * 3 * e), tape.buffer(per_row=time * row),
            tape.buffer(per_row=time * e), tape.buffer(time * row), tape.buffer(time * 3 * e),
        ]  # fmt: skip
        return tape.record("attention", value, value.shape, own)
