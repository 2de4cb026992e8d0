"""What depends on the step and on hyperparameters alone: a table for each setting that lanes have.

A block whose lanes all have one setting steps by one column of numbers; a rule by lane reads a line
with a number for each column. Blocks whose lanes have the same settings in the same order, as the
trials of a study have them on every instance, share one table. Where all tables of a launch are
large they are made when their blocks are about to run: a million lanes of a million settings do not
need them at once.
"""

import dataclasses
import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

TABLE_BYTES = 64 << 20
"""What the tables of a launch may take, or those of a chunk where the launch's take more."""


class Tables(NamedTuple):
    """What blocks step by."""

    uniform: np.ndarray  # [tables, steps, columns, w]
    moving: NDArray[np.int64]  # [columns] 0 where no table changes from step to step
    table: NDArray[np.int64]  # [nb] which of them each block steps by


@dataclass(frozen=True, eq=False)
class StepScalars:
    """The step scalars of a task.

    Attributes
    ----------
    steps, columns : int
        Of each table.
    tables : callable
        From the numbers of some settings, int64 [k], to their tables, float64 [steps, columns, k].
    setting : ndarray [n] of int64, optional
        The setting of each lane; by default 0.
    """

    steps: int
    columns: int
    tables: Callable[[NDArray[np.int64]], NDArray[np.float64]]
    setting: NDArray[np.int64] | None = None

    @classmethod
    def of_all(cls, table: NDArray[np.float64]) -> "StepScalars":
        """Return those of lanes that have one table [steps, columns]."""
        return cls(
            *table.shape, lambda numbers: np.repeat(table[:, :, np.newaxis], len(numbers), 2)
        )

    def of_lanes(self, lanes: NDArray[np.int64]) -> "StepScalars":
        """Return those of some lanes."""
        if self.setting is None:
            return self
        return dataclasses.replace(self, setting=self.setting[lanes])

    def one(self, real: np.dtype) -> tuple[np.ndarray, NDArray[np.int64]]:
        """Return the table of setting 0 [1, steps, columns, 1], and which columns change.

        It is kept as long as these are: a study steps by it on every problem.
        """
        if real not in self._ones:
            self._ones[real] = filled(self, np.zeros((1, 1), np.int64), real)
        return self._ones[real]

    @functools.cached_property
    def _ones(self) -> dict[np.dtype, tuple[np.ndarray, NDArray[np.int64]]]:
        return {}


def filled(
    scalars: StepScalars, rows: NDArray[np.int64], real: np.dtype
) -> tuple[np.ndarray, NDArray[np.int64]]:
    """Return the table of each row of settings [tables, w], and which of their columns change."""
    numbers, place = np.unique(rows, return_inverse=True)
    tables, place = scalars.tables(numbers), place.reshape(rows.shape)
    with np.errstate(over="ignore"):  # a factor may be infinite in float32
        tables = tables.astype(real, copy=False)
    uniform = np.empty((len(rows), *tables.shape[:2], rows.shape[1]), real)
    for table, settings in zip(uniform, place, strict=True):
        np.take(tables, settings, axis=2, out=table, mode="clip")
    moving = [bool((column != column[:1]).any()) for column in tables.transpose(1, 0, 2)]
    return uniform, np.array(moving, np.int64)


class BlockTables:
    """The tables that blocks of equally many lanes step by.

    Parameters
    ----------
    scalars : StepScalars
    lanes : ndarray [nb, B]
        The lane of each column.
    by_lane : bool
        Whether each column has its own numbers (w = B), or all have the first one's (w = 1).
    real : numpy.dtype
    """

    def __init__(
        self, scalars: StepScalars, lanes: NDArray[np.int64], by_lane: bool, real: np.dtype
    ) -> None:
        self.scalars, self.real = scalars, real
        width = lanes.shape[1] if by_lane else 1
        self.bytes = max(1, scalars.steps) * scalars.columns * width * real.itemsize
        """Of one table."""
        self.rows, self.table = np.zeros((1, width), np.int64), np.zeros(len(lanes), np.int64)
        if scalars.setting is None:
            return
        rows = scalars.setting[lanes if by_lane else lanes[:, :1]]
        if (rows == rows[:1]).all():
            self.rows = rows[:1]
        else:
            self.rows, table = np.unique(rows, axis=0, return_inverse=True)
            self.table = table.reshape(-1).astype(np.int64)

    @property
    def fit(self) -> bool:
        """Whether all of them may be there at once; else those of a chunk are made for it."""
        return len(self.rows) == 1 or len(self.rows) * self.bytes <= TABLE_BYTES

    def of(self, blocks: slice) -> Tables:
        """Return what some of the blocks step by."""
        if self.fit:
            return Tables(*self._all, self.table[blocks])
        needed, table = np.unique(self.table[blocks], return_inverse=True)
        needed_rows = self.rows[needed]
        return Tables(*filled(self.scalars, needed_rows, self.real), table.astype(np.int64))

    @functools.cached_property
    def _all(self) -> tuple[np.ndarray, NDArray[np.int64]]:
        """All tables, and which of their columns change."""
        if self.scalars.setting is None and self.rows.shape[1] == 1:
            return self.scalars.one(self.real)
        return filled(self.scalars, self.rows, self.real)
