"""The settings of a net of layers, checked, and what follows from them."""

import functools
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optbench import gate
from optbench.errors import SettingError
from optbench.kernels.memory.capacity import check_memory
from optbench.nets import author_losses, packing
from optbench.nets.architecture import (
    checked_ghost,
    checked_loss,
    checked_penalty,
)
from optbench.nets.author_losses import Loss, checked
from optbench.nets.checks import check_choice, check_switch
from optbench.nets.layers.examples import check_examples
from optbench.nets.layers.layer import Layer, checked_layers
from optbench.nets.losses import answer_width
from optbench.nets.packing import BN_EVAL
from optbench.nets.tape import units
from optbench.nets.tape.fusing import fuse
from optbench.nets.tape.operations import NAMES, NUMBERS
from optbench.nets.tape.plan import Tape
from optbench.nets.tape.values import Placed, Value


@dataclass(frozen=True)
class LayeredSettings:
    """The settings of a net of layers; see `optbench.nets.Net` for each of them."""

    layers: tuple[Layer, ...]
    input: tuple[int, ...] = field(kw_only=True)
    loss: Loss = field(default="cross_entropy", kw_only=True)
    dtype: str = field(default="float64", kw_only=True)
    lengths: bool = field(default=False, kw_only=True)
    l1: float = field(default=0.0, kw_only=True)
    l2: float = field(default=0.0, kw_only=True)
    label_smoothing: float = field(default=0.0, kw_only=True)
    ghost_batch: int = field(default=0, kw_only=True)
    bn_eval: str = field(default="population", kw_only=True)
    decay_biases: bool = field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        def fix(name: str, value: object) -> None:
            object.__setattr__(self, name, value)

        fix("layers", checked_layers(self.layers))
        fix("input", checked_input(self.input))
        fix("dtype", gate.precision(self.dtype))
        for name in ("lengths", "decay_biases"):
            check_switch(name, getattr(self, name))
        check_choice("bn_eval", self.bn_eval, tuple(BN_EVAL))
        checked(self.loss)
        fix("l1", checked_penalty("l1", self.l1))
        fix("l2", checked_penalty("l2", self.l2))
        fix("ghost_batch", checked_ghost(self.ghost_batch))
        if self.lengths and len(self.input) < 1:
            raise SettingError("lengths are those of sequences: give input = (time, features)")
        outputs = self.probe.outputs[-1].shape
        if len(outputs) != 1 and (len(outputs) != 2 or self.loss != "cross_entropy"):
            raise SettingError(
                f"the last layer gives examples of shape {outputs}; the loss {self.loss} takes "
                f"(n,){' or (time, n)' * (self.loss == 'cross_entropy')}: add Flatten() and, if "
                "wanted, Dense(n)"
            )
        if len(outputs) == 2 and self.lengths:
            raise SettingError(
                f"the last layer gives outputs at all steps, {outputs}, those after an example's "
                "end included, which have no label; with lengths take outputs (n,)"
            )
        if not self.probe.placed:
            raise SettingError("the net has no parameters: add a layer that has some")
        fix("label_smoothing", checked_loss(self.loss, outputs[-1], self.label_smoothing))
        size = self.dim * np.dtype(self.dtype).itemsize
        check_memory(f"a net of {self.dim} parameters", size, "layers")
        if self.ghost_batch and not self.batch_normalised:
            raise SettingError("ghost_batch divides batches for BatchNorm, of which there is none")

    # ---------------------------------------------------------------------- what it is made of

    @functools.cached_property
    def probe(self) -> Tape:
        """Its tape for one example: what layers, tensors and shapes it has."""
        return self.planned(1, packing.Buffers(), packing.ROW_WIDTH)

    def planned(self, rows: int, buffers: packing.Buffers, place: int) -> Tape:
        """Return its tape for so many examples, which are at `place` in `work`."""
        tape = Tape(rows, buffers, self.ghost_batch)
        value = Value(place, (self.n_in,) if self.lengths else self.input)
        if self.lengths:
            lengths = tape.buffer(per_row=1)
            value = tape.record("split_lengths", value, self.input, [lengths], lengths=lengths)
        for number, layer in enumerate(self.layers, 1):
            tape.layer = number
            with tape.inside(str(number)):
                value = tape.add(layer, value)
            tape.outputs.append(value)
        fuse(tape)
        return tape

    @functools.cached_property
    def n_in(self) -> int:
        """How many numbers a row of X has."""
        return int(np.prod(self.input)) + self.lengths

    @property
    def n_out(self) -> int:
        """How many outputs the net has, at every step if it has some there."""
        return self.probe.outputs[-1].shape[-1]

    @property
    def steps(self) -> int:
        """How many labels an example has: 1, or one at every step of a sequence."""
        return self.probe.outputs[-1].size // self.n_out

    @property
    def operations(self) -> tuple[str, ...]:
        """Names of the operations that its tape has, each once."""
        return tuple(dict.fromkeys(NAMES[record.operation] for record in self.probe.records))

    @property
    def placed(self) -> tuple[Placed, ...]:
        """All tensors with their places, in order."""
        return tuple(self.probe.placed.values())

    @property
    def batch_normalised(self) -> bool:
        """Whether a layer has batch normalisation."""
        return any(one.operation == NUMBERS["batch_norm"] for one in self.probe.records)

    def check_examples(self, X: NDArray[Any]) -> None:
        """Raise `SettingError` if tokens or lengths of examples [n, n_in] do not fit."""
        check_examples(self.layers, self.input[0], self.lengths, X)

    def begins(self) -> str:
        """Return what the net takes, for messages."""
        more = " and a length" if self.lengths else ""
        return f"input {self.input}{more} is {self.n_in} numbers"

    def ends(self) -> str:
        """Return what the net gives, for messages."""
        return f"the last layer, {self.layers[-1].shown()}, gives {self.n_out}"

    def shown(self) -> str:
        """Return its layers in a line, for messages."""
        return f"[{', '.join(layer.shown() for layer in self.layers)}]"

    def load(self) -> None:
        """Compile the operations that it has, unless they are."""
        units.load(self.operations, self.dtype)
        author_losses.load(self.loss, self.dtype)

    @functools.cached_property
    def row_offsets(self) -> NDArray[np.int64]:
        """First rows of all tensors and the number of rows, in rows of 64."""
        rows = [packing.padded(one.tensor.size) // packing.ROW_WIDTH for one in self.placed]
        return np.concatenate([[0], np.cumsum(rows)]).astype(np.int64)

    @property
    def tensors(self) -> list[tuple[int, str, tuple[int, ...]]]:
        """(layer, key, shape) of all tensors, in order; matrices are all axes but the last."""
        return [(one.layer, one.key, one.tensor.matrix_shape) for one in self.placed]

    @property
    def tensor_places(self) -> dict[tuple[int, str], int]:
        """{(layer, key): first number} of all tensors."""
        return {(one.layer, one.key): one.place for one in self.placed}

    @property
    def layer_count(self) -> int:
        """Number of the last layer that has tensors."""
        return max(one.layer for one in self.placed)

    @property
    def dim(self) -> int:
        """How many numbers ``params`` has, padding included."""
        return int(self.row_offsets[-1]) * packing.ROW_WIDTH

    @property
    def rows_at_once(self) -> int:
        """Examples that pass through the buffers at once in evaluation."""
        return packing.ROWS_AT_ONCE

    @property
    def answer_width(self) -> int:
        """How many numbers the answer of one example has."""
        return answer_width(self.loss, self.n_out, self.steps)

    @property
    def coefficients(self) -> NDArray[Any]:
        """The numbers that follow the data in ``p``; see `packing`."""
        numbers = np.zeros(packing.COEFFICIENTS, self.dtype)
        numbers[[packing.L1, packing.L2]] = self.l1, self.l2
        numbers[packing.SMOOTHING] = self.label_smoothing
        return numbers

    def check_params(self, params: NDArray[Any]) -> None:
        """Raise `SettingError` if parameters are not of shape [P]."""
        if params.shape != (self.dim,):
            raise SettingError(f"params has shape {params.shape}; it must be ({self.dim},)")


def checked_input(shape: object) -> tuple[int, ...]:
    """Return the shape of one example as a tuple of int."""
    sides = shape if isinstance(shape, (list, tuple)) else [shape]
    checked = tuple(gate.whole("input", side, low=1) for side in sides)
    if not checked:
        raise SettingError("input is (); give the shape of one example, such as (8, 8, 1)")
    return checked
