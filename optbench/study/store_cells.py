"""Writing a cell: one row with all its arrays, but for those that say what its lanes are.

The same instances, seeds and trials meet many problems and optimizers. Those arrays, the axes of a
cell, are stored once, and cells refer to them.
"""

import hashlib
import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

from optbench.study.results import Facts
from optbench.study.store_arrays import Arrays, pack, raw_parts
from optbench.study.store_pairs import name_cell, row_number
from optbench.study.store_schema import LAYERS, checksum

AXES = ("instance", "seed", "trial", "lr", "record_evaluations")
"""Arrays that cells share, beside the values of hyperparameters, which are named `VALUES`..."""
VALUES = "value_"
PUT = (
    "INSERT INTO cells VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET "
    "facts = excluded.facts, facts_checksum = excluded.facts_checksum, axes = excluded.axes, "
    "checksum = excluded.checksum, data = excluded.data"
)
PUT_LAYER = (
    f"INSERT INTO layers (cell, {', '.join(LAYERS)}) "
    f"VALUES (:cell, {', '.join(f':{name}' for name in LAYERS)})"
)


class Cell(NamedTuple):
    """A cell that is to be stored: its facts as JSON, rows of `LAYERS`, the pair that names it."""

    identity: str
    facts: str
    arrays: Arrays
    layers: Sequence[Facts]
    names: tuple[str, str, str, int] | None


class CellWriter:
    """Writes cells, and knows the axes that the file holds."""

    def __init__(self) -> None:
        self.numbers: dict[bytes, int] = {}

    def put(self, connection: sqlite3.Connection, cell: Cell) -> None:
        """Write a cell in place of an earlier one with its identity."""
        axes: Arrays = {}
        own: Arrays = {}
        for name, array in cell.arrays.items():
            (axes if name in AXES or name.startswith(VALUES) else own)[name] = array
        data, text = pack(own), cell.facts.encode()
        number = self._axes(connection, axes)
        row = (cell.identity, cell.facts, checksum(text), number, checksum(data), data)
        connection.execute(PUT, row)
        connection.execute("DELETE FROM layers WHERE cell = ?", (cell.identity,))
        rows = [{"cell": cell.identity, **layer} for layer in cell.layers]
        connection.executemany(PUT_LAYER, rows)
        if cell.names is not None:
            name_cell(connection, cell.identity, *cell.names)

    def _axes(self, connection: sqlite3.Connection, arrays: Arrays) -> int | None:
        """Return the number of axes in the file, which they enter if it does not hold them."""
        if not arrays:
            return None
        state = hashlib.blake2b(digest_size=16)
        for part in raw_parts(arrays):
            state.update(part)
        digest = state.digest()
        if digest not in self.numbers:
            self.numbers[digest] = _number(connection, digest, arrays)
        return self.numbers[digest]


def _number(connection: sqlite3.Connection, digest: bytes, arrays: Arrays) -> int:
    query = "SELECT number FROM axes WHERE digest = ?"
    if (row := connection.execute(query, (digest,)).fetchone()) is not None:
        return int(row[0])
    data = pack(arrays)
    return row_number(
        connection.execute(
            "INSERT INTO axes (digest, checksum, data) VALUES (?, ?, ?)",
            (digest, checksum(data), data),
        )
    )
