"""Keep what was computed: one SQLite file a run, written cell by cell, never lost when killed.

A cell is one transaction in WAL mode with full synchronisation: once `put` has returned, the cell
survives a SIGKILL and a power cut. Arrays are stored as raw little-endian bytes with dtype and
shape; nothing is pickled.
"""

import json
import os
import sqlite3
import threading
from pathlib import Path

import numpy as np

from optbench.errors import UserError

FILE = "run.sqlite"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS manifest (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS cells (id TEXT PRIMARY KEY, facts TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS arrays (
    cell TEXT NOT NULL REFERENCES cells (id), name TEXT NOT NULL, dtype TEXT NOT NULL,
    shape TEXT NOT NULL, data BLOB NOT NULL, PRIMARY KEY (cell, name));
CREATE TABLE IF NOT EXISTS layers (
    cell TEXT NOT NULL REFERENCES cells (id), step INTEGER NOT NULL, layer INTEGER NOT NULL,
    units INTEGER NOT NULL, mean REAL, std REAL, saturated REAL, dead INTEGER NOT NULL,
    gradient_norm REAL, weight_norm REAL, update_ratio REAL, weight_low REAL, weight_high REAL,
    weight_counts TEXT NOT NULL, PRIMARY KEY (cell, step, layer));
"""
LAYERS = (
    "step", "layer", "units", "mean", "std", "saturated", "dead", "gradient_norm", "weight_norm",
    "update_ratio", "weight_low", "weight_high", "weight_counts",
)  # fmt: skip
"""Columns of the table ``layers``: a row for each point of training and layer of a net that was
looked into (see `nets.diagnosis.LayerStatistics`). NULL is not a number; `weight_counts` is a JSON
list, the weights in equal bins from `weight_low` to `weight_high`."""


class Store:
    """The results of one run.

    Parameters
    ----------
    folder : path
        The run's folder; it is created.

    Raises
    ------
    UserError
        If the folder cannot be written, or holds something that is not a run.
    """

    def __init__(self, folder):
        self.folder = Path(folder)
        writable(self.folder)
        try:
            self.lock = threading.Lock()
            self.connection = sqlite3.connect(self.folder / FILE, check_same_thread=False)
            self.connection.execute("PRAGMA journal_mode=WAL")
            self.connection.execute("PRAGMA synchronous=FULL")
            self.connection.executescript(_SCHEMA)
        except sqlite3.Error as error:
            raise UserError(
                f"{self.folder / FILE}: cannot be used as a results file: {error}"
            ) from None

    @classmethod
    def open(cls, folder):
        """Open an existing run, or raise `UserError`."""
        if not (Path(folder) / FILE).is_file():
            raise UserError(f"{folder}: is not a run: it holds no {FILE}")
        return cls(folder)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.connection.close()

    def put_manifest(self, **values):
        """Set entries of the manifest (JSON values)."""
        with self.lock, self.connection:
            self.connection.executemany(
                "INSERT OR REPLACE INTO manifest VALUES (?, ?)",
                [(key, json.dumps(value)) for key, value in values.items()],
            )

    def manifest(self):
        """Return the manifest as a dict."""
        rows = self._rows("SELECT key, value FROM manifest")
        return {key: json.loads(value) for key, value in rows}

    def _rows(self, query, *values):
        with self.lock:
            return self.connection.execute(query, values).fetchall()

    def has(self, identity):
        """Say whether the cell is stored."""
        return bool(self._rows("SELECT 1 FROM cells WHERE id = ?", identity))

    def count(self):
        """Return the number of stored cells."""
        return self._rows("SELECT count(*) FROM cells")[0][0]

    def put(self, identity, facts, arrays, layers=()):
        """Store a cell in one transaction: JSON facts, a dict of arrays, rows of `LAYERS`."""
        places = ", ".join(f":{name}" for name in LAYERS)
        with self.lock, self.connection:
            self.connection.execute(
                "INSERT OR REPLACE INTO cells VALUES (?, ?)", (identity, json.dumps(facts))
            )
            self.connection.executemany(
                "INSERT OR REPLACE INTO arrays VALUES (?, ?, ?, ?, ?)",
                [
                    (identity, name, a.dtype.newbyteorder("<").str, json.dumps(a.shape),
                     np.ascontiguousarray(a, a.dtype.newbyteorder("<")).tobytes())
                    for name, a in arrays.items()
                ],
            )  # fmt: skip
            self.connection.execute("DELETE FROM layers WHERE cell = ?", (identity,))
            self.connection.executemany(
                f"INSERT INTO layers (cell, {', '.join(LAYERS)}) VALUES (:cell, {places})",
                [{"cell": identity, **row} for row in layers],
            )

    def get(self, identity):
        """Return (facts, arrays) of a cell."""
        facts = self._rows("SELECT facts FROM cells WHERE id = ?", identity)[0][0]
        rows = self._rows("SELECT name, dtype, shape, data FROM arrays WHERE cell = ?", identity)
        arrays = {
            name: np.frombuffer(data, np.dtype(dtype)).reshape(json.loads(shape))
            for name, dtype, shape, data in rows
        }
        return json.loads(facts), arrays

    def layers(self):
        """Return (facts of the cell, dict of `LAYERS`) of every row of the table ``layers``."""
        columns = ", ".join(LAYERS)
        found = self._rows(
            f"SELECT facts, {columns} FROM layers JOIN cells ON cells.id = layers.cell "
            "ORDER BY cell, step, layer"
        )
        return [(json.loads(row[0]), dict(zip(LAYERS, row[1:], strict=True))) for row in found]

    def cells(self):
        """Yield (facts, arrays) of every cell, in the order of their identities."""
        for (identity,) in self._rows("SELECT id FROM cells ORDER BY id"):
            yield self.get(identity)


def writable(folder):
    """Create `folder` and make sure that files can be written into it, or raise `UserError`."""
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".probe-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise UserError(
            f"{folder}: results cannot be written there ({error.strerror}); "
            "choose another folder with --out"
        ) from None
