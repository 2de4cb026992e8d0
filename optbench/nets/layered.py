"""The settings of a net of layers, checked, and what follows from them."""

import functools
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optbench import gate
from optbench.errors import SettingError
from optbench.kernels.memory.capacity import check_memory
from optbench.nets import packing
from optbench.nets.architecture import checked_loss
from optbench.nets.author_losses import Loss, checked
from optbench.nets.checks import check_switch
from optbench.nets.layers.examples import check_examples
from optbench.nets.layers.layer import Layer, checked_layers
from optbench.nets.tape.fusing import fuse
from optbench.nets.tape.plan import Tape
from optbench.nets.tape.values import Value
from optbench.nets.taped import Taped


@dataclass(frozen=True)
class LayeredSettings(Taped):
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
        self._check_alike()
        check_switch("lengths", self.lengths)
        checked(self.loss)
        if self.lengths and len(self.input) < 1:
            raise SettingError("lengths are those of sequences: give input = (time, features)")
        outputs = self.probe.outputs[-1].shape
        if len(outputs) != 1 and (len(outputs) != 2 or self.loss != "cross_entropy"):
            raise SettingError(
                f"the last layer gives examples of shape {outputs}; the loss {self.loss} takes "
                f"(n,){' or (time, n)' * (self.loss == 'cross_entropy')}: add Flatten() and, if "
                "wanted, Dense(n)"
            )
        if not self.probe.placed:
            raise SettingError("the net has no parameters: add a layer that has some")
        fix("label_smoothing", checked_loss(self.loss, outputs[-1], self.label_smoothing))
        size = self.dim * np.dtype(self.dtype).itemsize
        check_memory(f"a net of {self.dim} parameters", size, "layers")
        if self.ghost_batch and not self.batch_normalised:
            raise SettingError("ghost_batch divides batches for BatchNorm, of which there is none")

    def __hash__(self) -> int:
        return hash((self.layers, self.input, self.loss, self.dtype))

    # ---------------------------------------------------------------------- what it is made of

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
    def rows_at_once(self) -> int:
        """Examples that pass through the buffers at once in evaluation: what a cache holds."""
        numbers = self.probe.buffers.size
        return min(
            packing.ROWS_AT_ONCE, max(packing.LEAST_AT_ONCE, packing.NEAR // numbers // 8 * 8)
        )

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


def checked_input(shape: object) -> tuple[int, ...]:
    """Return the shape of one example as a tuple of int."""
    sides = shape if isinstance(shape, (list, tuple)) else [shape]
    checked = tuple(gate.whole("input", side, low=1) for side in sides)
    if not checked:
        raise SettingError("input is (); give the shape of one example, such as (8, 8, 1)")
    return checked
