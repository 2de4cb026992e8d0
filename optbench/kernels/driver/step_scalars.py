"""What depends on the step and on hyperparameters alone: a table for each setting that lanes have.

A block whose lanes all have one setting steps by one column of numbers; a rule by lane reads a line
with a number for each column. Blocks whose lanes have the same settings in the same order, as the
trials of a study have them on every instance, share one table. Tables are made when their blocks
are about to run, so that a million lanes of a million settings do not need them all at once.
"""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

KEPT_BYTES = 64 << 20
"""Tables that all blocks of a chunk share are kept for other chunks, up to so many bytes."""


@dataclass(frozen=True, eq=False)
class StepScalars:
    """The step scalars of a task.

    Attributes
    ----------
    steps, columns : int
        Of each table.
    tables : callable
        From the numbers of some settings, int64 [k], to their tables, float64 [k, steps, columns].
    setting : ndarray [n] of int64, optional
        The setting of each lane; by default 0.
    """

    steps: int
    columns: int
    tables: Callable[[NDArray[np.int64]], NDArray[np.float64]]
    setting: NDArray[np.int64] | None = None
    _kept: dict[Any, np.ndarray] = field(default_factory=dict, repr=False)

    @classmethod
    def of_all(cls, table: NDArray[np.float64]) -> "StepScalars":
        """Return those of lanes that have one table [steps, columns]."""
        return cls(*table.shape, lambda numbers: np.repeat(table[np.newaxis], len(numbers), 0))

    def of_lanes(self, lanes: NDArray[np.int64]) -> "StepScalars":
        """Return those of some lanes."""
        if self.setting is None:
            return self
        return dataclasses.replace(self, setting=self.setting[lanes])

    def shared(self, first: NDArray[np.int64], width: int) -> bool:
        """Say whether blocks of `width` lanes, from their first ones on, have the same settings."""
        if self.setting is None or not len(first):
            return True
        rows = self.setting[first[:, np.newaxis] + np.arange(width)]
        return bool((rows == rows[0]).all())

    def of_blocks(
        self, lanes: NDArray[np.int64], by_lane: bool, real: np.dtype
    ) -> tuple[np.ndarray, NDArray[np.int64]]:
        """Return tables [tables, steps, columns, w], and which of them each block [nb] steps by.

        Parameters
        ----------
        lanes : ndarray [nb, B]
            The lane of each column.
        by_lane : bool
            Whether each column has its own numbers (w = B), or all have the first one's (w = 1).
        real : numpy.dtype
        """
        if not by_lane:
            lanes = lanes[:, :1]
        rows = np.zeros_like(lanes) if self.setting is None else self.setting[lanes]
        if (rows == rows[0]).all():
            return self._kept_table(rows[:1], real), np.zeros(len(rows), np.int64)
        distinct, table = np.unique(rows, axis=0, return_inverse=True)
        return self._made(distinct, real), table.reshape(-1).astype(np.int64)

    def _kept_table(self, row: NDArray[np.int64], real: np.dtype) -> np.ndarray:
        """Return the table of one row of settings, which the next chunk may find made."""
        key = row.tobytes(), row.shape[1], real
        if key in self._kept:
            return self._kept[key]
        made = self._made(row, real)
        if made.nbytes + sum(other.nbytes for other in self._kept.values()) <= KEPT_BYTES:
            self._kept[key] = made
        return made

    def _made(self, rows: NDArray[np.int64], real: np.dtype) -> np.ndarray:
        """Return the table of each row of settings: [rows, steps, columns, w]."""
        numbers, place = np.unique(rows, return_inverse=True)
        tables, place = self.tables(numbers), place.reshape(rows.shape)
        made = np.empty((len(rows), self.steps, self.columns, rows.shape[1]), real)
        with np.errstate(over="ignore"):  # a factor may be infinite in float32
            for row, settings in zip(made, place, strict=True):
                row[:] = tables[settings].transpose(1, 2, 0)
        return made
