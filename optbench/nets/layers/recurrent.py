"""Recurrent layers: simple ones, LSTM and GRU."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from optbench.nets.checks import check_switch
from optbench.nets.layers.layer import Layer, came, whole_of
from optbench.nets.layers.tensor import Tensor
from optbench.nets.operations.pitch import pitch_of

if TYPE_CHECKING:
    from optbench.nets.tape.plan import Tape
    from optbench.nets.tape.values import Value


@dataclass(frozen=True)
class Recurrent(Layer):
    """What the recurrent layers have in common; states are zero before the first step.

    Examples have the shape (time, features). Where lengths are known, an example keeps the state of
    its last valid step, and outputs after it are 0, as with torch's packed sequences.

    Parameters
    ----------
    n : int
        Units.
    last : bool
        Whether the output is the state after the last valid step, (n,), or that after each step,
        (time, n).
    """

    n: int
    last: bool = True

    operation: ClassVar[str]
    gates: ClassVar[int] = 1
    kept: ClassVar[int] = 1
    """Numbers that are kept for the way back: of how many gates, with what is like one."""
    has_cells: ClassVar[bool] = False

    def __post_init__(self) -> None:
        whole_of(self, "n")
        check_switch("last", self.last)

    def output(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Return (n,), or (time, n)."""
        check_steps(shape)
        return (self.n,) if self.last else (shape[0], self.n)

    def tensors(self, shape: tuple[int, ...]) -> tuple[Tensor, ...]:
        """Return the weights of inputs and states, [n_in, gates * n] as stored, and two biases."""
        features, n, width = shape[-1], self.n, self.gates * self.n
        return (
            Tensor("weight_ih", (features, width), features, n, "fan_out", axes=(1, 0)),
            Tensor("weight_hh", (n, width), n, n, "fan_out", axes=(1, 0)),
            Tensor("bias_ih", (width,), features, n, "fan_out", "bias"),
            Tensor("bias_hh", (width,), n, n, "fan_out", "bias"),
        )

    def add_to(self, tape: "Tape", value: "Value") -> "Value":
        """Append one record."""
        tensors, (time, features) = self.tensors(value.shape), value.shape
        pitch, states = pitch_of(self.n), (time + 1) * pitch_of(self.n)
        places = [tape.parameter(tensor) for tensor in tensors]
        adds = [tape.later_use(tensor) for tensor in tensors[:2]]
        sizes = [time, features, self.n, pitch, int(self.last), self.gates, self.kept]
        buffers = [
            tape.buffer(per_row=time * features),
            tape.buffer(per_row=time * self.kept * pitch),
            tape.buffer(per_row=states),
            tape.buffer(per_row=pitch),
            tape.buffer(self.kept * pitch),
        ]
        if self.has_cells:
            buffers += [tape.buffer(per_row=states), tape.buffer(per_row=pitch)]
        return tape.record(
            self.operation, value, self.output(value.shape), [*places, *adds, *sizes, *buffers],
            lengths=0 if self.last else None,
        )  # fmt: skip


@dataclass(frozen=True)
class RNN(Recurrent):
    """A simple recurrent layer (Elman 1990): ``torch.nn.RNN(n_in, n, batch_first=True)``.

    h_s = tanh(W_ih x_s + b_ih + W_hh h_(s-1) + b_hh), and h = 0 before the first step. Where
    lengths are known, an example keeps the state of its last valid step, and outputs after it are
    0, as with torch's packed sequences.

    Parameters
    ----------
    n : int
        Units.
    last : bool
        Whether the output is the state after the last valid step, (n,), or that after each step,
        (time, n).

    Notes
    -----
    Tensors: ``weight_ih`` [n, n_in], ``weight_hh`` [n, n], ``bias_ih`` and ``bias_hh`` [n], all
    uniform up to 1 / sqrt(n) with the scheme "torch".
    """

    operation: ClassVar[str] = "rnn"


@dataclass(frozen=True)
class LSTM(Recurrent):
    """Long short-term memory (Hochreiter and Schmidhuber 1997): ``torch.nn.LSTM``, batch first.

    i, f, g, o = sigmoid, sigmoid, tanh, sigmoid of W_ih x_s + b_ih + W_hh h_(s-1) + b_hh;
    c_s = f c_(s-1) + i g and h_s = o tanh(c_s); h and c are 0 before the first step. Where lengths
    are known, an example keeps the state of its last valid step, and outputs after it are 0, as
    with torch's packed sequences.

    Parameters
    ----------
    n : int
        Units.
    last : bool
        Whether the output is h after the last valid step, (n,), or after each step, (time, n).

    Notes
    -----
    Tensors: ``weight_ih`` [4 n, n_in], ``weight_hh`` [4 n, n], ``bias_ih`` and ``bias_hh`` [4 n],
    the gates in the order i, f, g, o; all uniform up to 1 / sqrt(n) with the scheme "torch".
    """

    operation: ClassVar[str] = "lstm"
    gates: ClassVar[int] = 4
    kept: ClassVar[int] = 5
    has_cells: ClassVar[bool] = True


@dataclass(frozen=True)
class GRU(Recurrent):
    """A gated recurrent unit (Cho et al. 2014): ``torch.nn.GRU(n_in, n, batch_first=True)``.

    r, z = sigmoid of W_ih x_s + b_ih + W_hh h_(s-1) + b_hh; n = tanh of W_ih x_s + b_ih +
    r (W_hh h_(s-1) + b_hh); h_s = (1 - z) n + z h_(s-1), and h = 0 before the first step. Where
    lengths are known, an example keeps the state of its last valid step, and outputs after it are
    0, as with torch's packed sequences.

    Parameters
    ----------
    n : int
        Units.
    last : bool
        Whether the output is the state after the last valid step, (n,), or that after each step,
        (time, n).

    Notes
    -----
    Tensors: ``weight_ih`` [3 n, n_in], ``weight_hh`` [3 n, n], ``bias_ih`` and ``bias_hh`` [3 n],
    the gates in the order r, z, n; all uniform up to 1 / sqrt(n) with the scheme "torch".
    """

    operation: ClassVar[str] = "gru"
    gates: ClassVar[int] = 3
    kept: ClassVar[int] = 4


def check_steps(shape: tuple[int, ...]) -> None:
    """Refuse examples that are not (time, features) with at least one step.

    Raises
    ------
    SettingError
        The message says what came and what was expected.
    """
    if len(shape) != 2:
        hint = "; tokens go through Embedding first" if len(shape) == 1 else ""
        raise came(shape, f"(time, features){hint}")
    if shape[0] < 1:
        raise came(shape, "a sequence of 1 or more steps")
