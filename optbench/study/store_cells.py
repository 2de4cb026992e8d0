"""Writing a cell: one row with all its arrays, but for those that say what its lanes are.

The same instances, seeds and trials meet many problems and optimizers. Those arrays, the axes of a
cell, are stored once, and cells refer to them.

A cell is packed by the thread that has computed it: few bytes wait then, and the writer's thread
executes statements and little else.
"""

import hashlib
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple, Self

import numpy as np

from optbench.study.results import Facts
from optbench.study.store_arrays import Arrays, pack, raw_bytes, unpack
from optbench.study.store_pairs import name_cell, row_number
from optbench.study.store_schema import LAYERS, CellNames, checksum, plain_json

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
    """A cell that is to be stored.

    Attributes
    ----------
    identity : str
    facts : str
        JSON.
    axes : dict of str to ndarray
        Arrays that it shares with others; nobody writes into them.
    digest : bytes
        Of the axes.
    data : bytes
        All other arrays, packed.
    layers : sequence of dict
        Rows of `LAYERS`.
    names : tuple, optional
        (optimizer, label, phase, part) of the pair that names it.
    """

    identity: str
    facts: str
    axes: Arrays
    digest: bytes
    data: bytes
    layers: Sequence[Facts]
    names: CellNames | None

    @classmethod
    def packed(
        cls,
        identity: str,
        facts: Facts,
        arrays: Mapping[str, object],
        layers: Sequence[Facts],
        names: CellNames | None,
    ) -> Self:
        """Return a cell of arrays and facts in which NaN becomes null."""
        axes: Arrays = {}
        own: Arrays = {}
        for name, array in arrays.items():
            shared = name in AXES or name.startswith(VALUES)
            (axes if shared else own)[name] = np.asarray(array)
        digest = hashlib.blake2b(raw_bytes(axes), digest_size=16).digest()
        return cls(identity, plain_json(facts), axes, digest, pack(own), layers, names)

    def unpacked(self, names: Collection[str] | None) -> Arrays:
        """Return its arrays, read-only; only those called `names`, if given."""
        arrays = {n: a.view() for n, a in self.axes.items() if names is None or n in names}
        for array in arrays.values():
            array.flags.writeable = False
        return {**arrays, **unpack(self.data, names)}


class CellWriter:
    """Writes cells, and knows the axes that the file holds."""

    def __init__(self) -> None:
        self.numbers: dict[bytes, int] = {}

    def put(self, connection: sqlite3.Connection, cell: Cell) -> None:
        """Write a cell in place of an earlier one with its identity."""
        number = self._axes(connection, cell) if cell.axes else None
        data, text = cell.data, cell.facts.encode()
        row = (cell.identity, cell.facts, checksum(text), number, checksum(data), data)
        connection.execute(PUT, row)
        connection.execute("DELETE FROM layers WHERE cell = ?", (cell.identity,))
        rows = [{"cell": cell.identity, **layer} for layer in cell.layers]
        connection.executemany(PUT_LAYER, rows)
        if cell.names is not None:
            name_cell(connection, cell.identity, *cell.names)

    def _axes(self, connection: sqlite3.Connection, cell: Cell) -> int:
        """Return the number of a cell's axes, which enter the file if it does not hold them."""
        if cell.digest not in self.numbers:
            self.numbers[cell.digest] = _number(connection, cell.digest, cell.axes)
        return self.numbers[cell.digest]


def _number(connection: sqlite3.Connection, digest: bytes, axes: Arrays) -> int:
    query = "SELECT number FROM axes WHERE digest = ?"
    if (row := connection.execute(query, (digest,)).fetchone()) is not None:
        return int(row[0])
    data = pack(axes)
    return row_number(
        connection.execute(
            "INSERT INTO axes (digest, checksum, data) VALUES (?, ?, ?)",
            (digest, checksum(data), data),
        )
    )
