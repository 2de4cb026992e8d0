"""What a guest sees of a block: the lanes in its columns, their tensors and settings."""

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optbench.kernels.memory.calls import RuleCall
from optbench.kernels.sizes import BLOCK
from optbench.rules.compose import Optimizer
from optbench.rules.guests.making import tensor_shapes

Reals = NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class Columns:
    """The lanes of a block, as it begins.

    Columns that are equal then, such as those that fill up a block, are one lane: they meet the
    same gradients and stay equal.

    Attributes
    ----------
    across : bool
        Whether all columns are one lane, a net's.
    shapes : tuple of tuple of int
        Of the tensors of a lane.
    places : ndarray [d] of int64
        Where a lane's numbers lie: among the rows, or in a net's flattened array.
    first, of_column : ndarray [k], [B] of int64
        A column of each lane, and the lane of each column.
    settings : tuple of dict of str to float
        Of each lane: all settings, flags too, in the precision in which they were set.
    schedules : tuple of bytes
        Of each lane: the factors of its rate in all steps, where they differ by lane.
    """

    across: bool
    shapes: tuple[tuple[int, ...], ...]
    places: NDArray[np.int64]
    first: NDArray[np.int64]
    of_column: NDArray[np.int64]
    settings: tuple[dict[str, Any], ...]
    schedules: tuple[bytes, ...] = ()

    @classmethod
    def of(cls, call: RuleCall, across: bool, optimizer: Optimizer) -> "Columns":
        """Return the lanes of a block that is at its start."""
        table = call.tensor_table
        tensors = len(table) // 3
        sizes, rows = table[tensors + 1 : 2 * tensors + 1], table[:tensors]
        begins = rows * BLOCK if across else rows
        places = np.concatenate([b + np.arange(s) for b, s in zip(begins, sizes, strict=True)])
        if across:
            first, of_column = np.zeros(1, np.int64), np.zeros(call.x.shape[1], np.int64)
        else:
            columns = np.concatenate(
                [call.x, call.g, call.f[np.newaxis], call.H, _all_factors(call)]
            )
            first, of_column = _distinct(columns)
        names = optimizer.layout().hyper
        own = {**optimizer.values, "lr": optimizer.lr}
        settings = tuple(
            own | {n: _value(v, own[n]) for n, v in zip(names, column, strict=True) if n != "f_ref"}
            for column in call.H[:, first].T
        )
        schedules = tuple(factors.tobytes() for factors in _all_factors(call)[:, first].T)
        return cls(across, tensor_shapes(table), places, first, of_column, settings, schedules)

    def __len__(self) -> int:
        return len(self.first)

    def read(self, array: Reals) -> Reals:
        """Return the numbers of all lanes, [k, d], of a block's array."""
        if self.across:
            own: Reals = array.reshape(1, -1)[:, self.places]
            return own
        lanes: Reals = array[self.places[:, np.newaxis], self.first].T
        return lanes

    def write(self, numbers: Reals, array: Reals) -> None:
        """Write the numbers of all lanes, [k, d], into all columns of a block's array."""
        if self.across:
            array.reshape(-1)[self.places] = numbers[0]
        else:
            array[self.places] = numbers[self.of_column].T

    def factors(self, call: RuleCall, t: int) -> Reals:
        """Return what the schedule multiplies the rate of each lane by in a step, [k]."""
        own: Reals = _factors(call, t)[0, self.first]
        return own

    @functools.cached_property
    def offsets(self) -> tuple[int, ...]:
        """Where each tensor begins among a lane's numbers, and where the last one ends."""
        return (0, *np.cumsum([int(np.prod(shape)) for shape in self.shapes]).tolist())


def _all_factors(call: RuleCall) -> Reals:
    """Return the schedule's factors that differ by column, [steps, B], none where none do."""
    if call.U.shape[2] == 1:
        return np.empty((0, call.x.shape[1]), call.x.dtype)
    own: Reals = call.U[: None if call.moving[0] else 1, 0]
    return own


def _factors(call: RuleCall, t: int) -> Reals:
    """Return the schedule's factors of all columns, [1, B]."""
    row = call.U[t if call.moving[0] else 0, :1]
    factors: Reals = np.broadcast_to(row, (1, call.x.shape[1]))
    return factors


def _distinct(columns: Reals) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the first of all columns that have the same bytes, in order, and the group of each."""
    groups: dict[bytes, int] = {}
    of_column: list[int] = []
    first: list[int] = []
    for i, column in enumerate(np.ascontiguousarray(columns.T)):
        group = groups.setdefault(column.tobytes(), len(groups))
        if group == len(first):
            first.append(i)
        of_column.append(group)
    return np.array(first, np.int64), np.array(of_column, np.int64)


def _value(written: Any, own: Any) -> float:
    """Return a setting as it was set, of which the block has the rounded number.

    In float32 it is the shortest number that rounds to it: 0.999, not 0.99900001287.
    """
    if written.dtype.type(own) == written or (own != own and written != written):
        return float(own)
    return float(written) if written.dtype == np.float64 else float(str(written))


def same_settings(columns: Columns) -> list[NDArray[np.int64]]:
    """Return the lanes of each setting and schedule, in order of their first."""
    groups: dict[tuple[str, bytes], list[int]] = {}
    for lane, (setting, schedule) in enumerate(
        zip(columns.settings, columns.schedules, strict=True)
    ):
        groups.setdefault((repr(setting), schedule), []).append(lane)
    return [np.array(lanes, np.int64) for lanes in groups.values()]
