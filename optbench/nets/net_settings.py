"""The settings of a net, checked: what `MLP` is created with, and what follows from it."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optbench import gate
from optbench.errors import SettingError
from optbench.kernels.memory.capacity import check_memory
from optbench.nets import author_losses, packing
from optbench.nets.architecture import (
    BATCH_NORM,
    Architecture,
    architecture_of,
    checked_ghost,
    checked_loss,
    checked_penalty,
    checked_sizes,
)
from optbench.nets.author_losses import Loss
from optbench.nets.checks import check_choice, check_switch
from optbench.nets.losses import answer_width
from optbench.nets.packing import BN_EVAL
from optbench.nets.perceptron import PerceptronTape, planned
from optbench.nets.tape import units
from optbench.nets.tape.operations import NAMES
from optbench.nets.tape.values import Placed


@dataclass(frozen=True)
class NetSettings:
    """The settings of a net; see `optbench.nets.MLP` for each of them.

    Attributes
    ----------
    architecture : Architecture
        What the settings amount to, layer by layer.

    Raises
    ------
    SettingError
        If one is not allowed; the message says what is.
    """

    sizes: tuple[int, ...]
    activation: str | Sequence[str] = "relu"
    loss: Loss = "cross_entropy"
    batch_norm: bool | Sequence[bool] = False
    dropout: float | Sequence[float] = 0.0
    residual: bool = False
    l1: float = 0.0
    l2: float = 0.0
    dtype: str = "float64"
    layer_norm: bool | Sequence[bool] = field(default=False, kw_only=True)
    label_smoothing: float = field(default=0.0, kw_only=True)
    shared: dict[int, int] = field(default_factory=dict, kw_only=True)
    tied: dict[int, int] = field(default_factory=dict, kw_only=True)
    ghost_batch: int = field(default=0, kw_only=True)
    bn_eval: str = field(default="population", kw_only=True)
    decay_biases: bool = field(default=False, kw_only=True)
    architecture: Architecture = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        def fix(name: str, value: object) -> None:
            object.__setattr__(self, name, value)

        for name in ("activation", "batch_norm", "dropout", "layer_norm"):
            value = getattr(self, name)
            if not isinstance(value, str) and hasattr(value, "__len__"):
                fix(name, tuple(value))
        fix("sizes", checked_sizes(self.sizes))
        fix("dtype", gate.precision(self.dtype))
        check_choice("bn_eval", self.bn_eval, tuple(BN_EVAL))
        fix("label_smoothing", checked_loss(self.loss, self.sizes[-1], self.label_smoothing))
        fix("l1", checked_penalty("l1", self.l1))
        fix("l2", checked_penalty("l2", self.l2))
        fix("ghost_batch", checked_ghost(self.ghost_batch))
        check_switch("decay_biases", self.decay_biases)
        architecture = architecture_of(
            self.sizes, activation=self.activation, batch_norm=self.batch_norm,
            layer_norm=self.layer_norm, dropout=self.dropout, residual=self.residual,
            shared=self.shared, tied=self.tied,
        )  # fmt: skip
        fix("architecture", architecture)
        size = self.dim * np.dtype(self.dtype).itemsize
        check_memory(f"a net of sizes {gate.shown(self.sizes)}", size, "sizes")
        if self.ghost_batch and not self.batch_normalised:
            raise SettingError("ghost_batch divides batches for batch_norm, which is off")

    def __hash__(self) -> int:
        return hash((self.sizes, self.loss, self.dtype, self.architecture))

    @property
    def n_in(self) -> int:
        """How many features an example has."""
        return self.sizes[0]

    @property
    def n_out(self) -> int:
        """How many outputs the net has."""
        return self.sizes[-1]

    @property
    def batch_normalised(self) -> bool:
        """Whether a layer has batch normalisation."""
        return any(layer.norm == BATCH_NORM for layer in self.architecture.layers)

    @functools.cached_property
    def row_offsets(self) -> NDArray[np.int64]:
        """First rows of all tensors (see `packing`) and the number of rows, in rows of 64."""
        return packing.row_offsets(self.architecture.layers)

    @functools.cached_property
    def probe(self) -> PerceptronTape:
        """Its tape for one example: what records and tensors it has."""
        return self.planned(1, packing.Buffers(), packing.ROW_WIDTH)

    def planned(self, rows: int, buffers: packing.Buffers, place: int) -> PerceptronTape:
        """Return its tape for so many examples, which are at `place` in `work`."""
        return planned(self.architecture, self.ghost_batch, rows, buffers, place)

    @property
    def placed(self) -> tuple[Placed, ...]:
        """All tensors with their places, in order."""
        return tuple(self.probe.placed.values())

    @property
    def rows_at_once(self) -> int:
        """Examples that pass through the buffers at once in evaluation."""
        return packing.ROWS_AT_ONCE

    @property
    def tensors(self) -> list[tuple[int, str, tuple[int, ...]]]:
        """(layer, name, shape) of all tensors, in order."""
        shapes = packing.tensor_shapes(self.architecture.layers)
        return [(layer, name, shape) for (layer, name), shape in shapes.items()]

    @property
    def tensor_places(self) -> dict[tuple[int, str], int]:
        """{(layer, name): first number} of all tensors."""
        return packing.places(self.architecture.layers)

    @property
    def layer_count(self) -> int:
        """How many layers there are."""
        return len(self.architecture.layers)

    @property
    def dim(self) -> int:
        """How many numbers ``params`` has, padding included."""
        return int(self.row_offsets[-1]) * packing.ROW_WIDTH

    @property
    def answer_width(self) -> int:
        """How many numbers the answer of one example has."""
        return answer_width(self.loss, self.sizes[-1])

    @property
    def coefficients(self) -> NDArray[Any]:
        """The numbers that follow the data in ``p``; see `packing`."""
        numbers = np.zeros(packing.COEFFICIENTS, self.dtype)
        numbers[[packing.L1, packing.L2]] = self.l1, self.l2
        numbers[packing.SMOOTHING] = self.label_smoothing
        return numbers

    def check_examples(self, X: NDArray[Any]) -> None:
        """Take any numbers as examples [n, n_in]."""

    def begins(self) -> str:
        """Return what the net takes, for messages."""
        return f"sizes begins with {self.n_in}"

    def ends(self) -> str:
        """Return what the net gives, for messages."""
        return f"sizes ends with {self.n_out}"

    def shown(self) -> str:
        """Return its sizes, for messages."""
        return str(self.sizes)

    @property
    def operations(self) -> tuple[str, ...]:
        """Names of the operations that its tape has, each once."""
        return tuple(dict.fromkeys(NAMES[record.operation] for record in self.probe.records))

    def load(self) -> None:
        """Compile what it needs besides the kernels of all nets, unless it is."""
        units.load(self.operations, self.dtype)
        author_losses.load(self.loss, self.dtype)

    def check_params(self, params: NDArray[Any]) -> None:
        """Raise `SettingError` if parameters are not of shape [P]."""
        if params.shape != (self.dim,):
            raise SettingError(f"params has shape {params.shape}; it must be ({self.dim},)")
