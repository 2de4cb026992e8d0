"""The tables of `memory.drawn`: each thread keeps those of the draws that it met last.

They follow from an instance and a stream alone, so one launch's are good for the next, of another
optimizer too.
"""

import threading
from collections.abc import Sequence
from typing import NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from optbench.kernels.driver.tasks import Placement
from optbench.kernels.memory.drawn import FIELDS, NOT_YET, Drawn
from optbench.kernels.memory.pointers import address, pointer_type, words

LARGEST_BYTES = 4 << 20
"""Of a draw's table: at later steps each lane draws for itself."""
KEPT_BYTES = 64 << 20
"""Of all tables of a thread."""


class Table(NamedTuple):
    """A table of `n` numbers a step, and its words in memory."""

    drawn: Drawn
    words: NDArray[np.int64]

    @classmethod
    def empty(cls, steps: int, n: int, dtype: np.dtype) -> "Table":
        """Return a table of which nothing is drawn."""
        drawn = Drawn(np.full((steps, n), NOT_YET, dtype))
        return cls(drawn, words(drawn, pointer_type(Drawn, FIELDS, dtype)))


class _Tables(threading.local):
    """The tables of a thread, by instance, stream and dtype."""

    def __init__(self) -> None:
        self.kept: WeakKeyDictionary[Placement, dict[tuple[int, str], Table]] = WeakKeyDictionary()

    @property
    def nbytes(self) -> int:
        """How much all of them take."""
        own = (table.drawn.numbers.nbytes for some in self.kept.values() for table in some.values())
        return sum(own)

    def of(self, placement: Placement, stream: int, steps: int, dtype: np.dtype) -> Table:
        """Return the table of a draw, for at least `steps` steps or as many as it may have."""
        steps = min(steps, LARGEST_BYTES // (placement.drawn * dtype.itemsize))
        mine = self.kept.setdefault(placement, {})
        table = mine.get((stream, dtype.name))
        if table is None or len(table.drawn.numbers) < steps:
            table = Table.empty(steps, placement.drawn, dtype)
            if self.nbytes + table.drawn.numbers.nbytes > KEPT_BYTES:
                self.kept.clear()  # whoever works with one of them holds it
                mine = self.kept.setdefault(placement, {})
            mine[stream, dtype.name] = table
        return table


tables = _Tables()


def keys_with_tables(
    keys: NDArray[np.uint64], placements: Sequence[Placement], steps: int, dtype: np.dtype
) -> tuple[NDArray[np.uint64], list[Table]]:
    """Return the keys of blocks with the addresses of their tables, and the tables.

    Parameters
    ----------
    keys : ndarray [nb, 1] of uint64
    placements : sequence of Placement
        Of each block.
    steps : int
        Of the run.
    dtype : numpy.dtype
        Of the kernels.

    Returns
    -------
    keys : ndarray [nb, 2] of uint64
        With 0 where lanes draw nothing that others do.
    held : list of Table
        They must outlive the run.
    """
    held, addresses = [], []
    for (stream,), placement in zip(keys.tolist(), placements, strict=True):
        at = 0
        if placement.drawn and steps:
            held.append(tables.of(placement, stream, steps, dtype))
            at = address(held[-1].words)
        addresses.append(at)
    return np.column_stack([keys, np.array(addresses, np.uint64)]), held
