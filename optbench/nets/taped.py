"""What `MLP` and `Net` have in common: all that follows from a tape and a loss."""

import functools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optbench import gate
from optbench.errors import SettingError
from optbench.nets import author_losses, packing
from optbench.nets.architecture import checked_ghost, checked_penalty
from optbench.nets.author_losses import Loss
from optbench.nets.checks import check_choice, check_switch
from optbench.nets.losses import answer_width
from optbench.nets.tape import units
from optbench.nets.tape.operations import NAMES, NUMBERS
from optbench.nets.tape.plan import Tape
from optbench.nets.tape.values import Placed


class Taped:
    """A net that is a tape; it has these settings, and says how the tape is planned."""

    loss: Loss
    dtype: str
    l1: float
    l2: float
    label_smoothing: float
    ghost_batch: int
    bn_eval: str
    decay_biases: bool

    def _check_alike(self) -> None:
        """Check the settings that both kinds of nets have, but for those of the loss."""
        checked = {
            "dtype": gate.precision(self.dtype),
            "l1": checked_penalty("l1", self.l1),
            "l2": checked_penalty("l2", self.l2),
            "ghost_batch": checked_ghost(self.ghost_batch),
        }
        for name, value in checked.items():
            object.__setattr__(self, name, value)
        check_choice("bn_eval", self.bn_eval, tuple(packing.BN_EVAL))
        check_switch("decay_biases", self.decay_biases)

    def planned(self, rows: int, buffers: packing.Buffers, place: int) -> Tape:
        """Return its tape for so many examples, which are at `place` in `work`."""
        raise NotImplementedError

    @property
    def n_out(self) -> int:
        """How many outputs the net has, at every step if it has some there."""
        return self.probe.outputs[-1].shape[-1]

    @property
    def steps(self) -> int:
        """How many labels an example has: 1, or one at every step of a sequence."""
        return self.probe.outputs[-1].size // self.n_out

    @functools.cached_property
    def probe(self) -> Tape:
        """Its tape for one example: what layers, tensors and shapes it has."""
        return self.planned(1, packing.Buffers(), packing.ROW_WIDTH)

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
    def unlabelled(self) -> bool:
        """Whether steps after the end of an example have no label."""
        last = self.probe.outputs[-1]
        return len(last.shape) == 2 and last.lengths != 0

    def labelled(self, X: NDArray[Any], Y: NDArray[Any]) -> NDArray[Any]:
        """Return the answers [n, m] of examples [n, n_in], -1 where there is no label."""
        if not self.unlabelled:
            return Y
        return np.where(np.arange(Y.shape[1]) < X[:, -1:], Y, -1)

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
