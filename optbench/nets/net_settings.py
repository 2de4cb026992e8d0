"""The settings of a net, checked: what `MLP` is created with, and what follows from it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optbench import gate
from optbench.errors import SettingError
from optbench.kernels.memory.capacity import check_memory
from optbench.nets import packing
from optbench.nets.architecture import (
    Architecture,
    architecture_of,
    checked_loss,
    checked_sizes,
)
from optbench.nets.author_losses import Loss
from optbench.nets.perceptron import PerceptronTape, planned
from optbench.nets.taped import Taped


@dataclass(frozen=True)
class NetSettings(Taped):
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
        self._check_alike()
        fix("label_smoothing", checked_loss(self.loss, self.sizes[-1], self.label_smoothing))
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

    def planned(self, rows: int, buffers: packing.Buffers, place: int) -> PerceptronTape:
        """Return its tape for so many examples, which are at `place` in `work`."""
        return planned(self.architecture, self.ghost_batch, rows, buffers, place)

    @property
    def layer_count(self) -> int:
        """How many layers there are."""
        return len(self.architecture.layers)

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
