"""Keep what was computed: one SQLite file a run, written cell by cell, never lost when killed.

A cell is one transaction in WAL mode with full synchronisation: once `Store.put` has returned, the
cell survives a SIGKILL and a power cut. Arrays are stored in NumPy's own format, each with a
checksum; nothing is pickled. One process writes (a lock file holds others off), any number read,
and reading changes nothing, so that it works on a read-only medium too.

A run is a list of pairs. Each pair names its cells, and what is read of a run is what its pairs
name: cells of earlier code stay in the file, and are not read.
"""

import contextlib
import io
import json
import os
import sqlite3
import threading
import zlib
from pathlib import Path

import filelock
import numpy as np

from optbench.errors import ResultsError
from optbench.store_schema import LAYERS, LOCK, plain_json, readable, upgrade

FILE = "run.sqlite"
PENDING, DONE, FAILED, SKIPPED = "pending", "done", "failed", "skipped"
"""States of a pair: not finished, finished, ended by an error, left out with a reason."""


class Results:
    """The stored results of one run, to be read.

    Parameters
    ----------
    folder : path
        The run's folder.

    Raises
    ------
    ResultsError
        If the folder holds no run, or its file cannot be read or is damaged.
    """

    def __init__(self, folder):
        self.folder = Path(folder)
        self.path = self.folder / FILE
        self.lock = threading.RLock()
        if not self.path.is_file():
            raise ResultsError(f"{folder}: is not a run: it holds no {FILE}")
        with self._named_errors():
            self.connection = readable(self.path)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.connection.close()

    @contextlib.contextmanager
    def _named_errors(self):
        """Turn what SQLite reports into one message that names the file."""
        try:
            yield
        except sqlite3.Error as error:
            code = getattr(error, "sqlite_errorname", "") or ""
            if "FULL" in code or "IOERR" in code or "READONLY" in code or "CANTOPEN" in code:
                raise ResultsError(
                    f"{self.path}: cannot be written or read ({error}); make room or choose "
                    "another folder with --out. What was finished is kept: the same command goes on"
                ) from error
            if "LOCKED" in code or "BUSY" in code:
                raise ResultsError(
                    f"{self.path}: is in use by another process ({error}); wait for it"
                ) from error
            raise ResultsError(
                f"{self.path}: cannot be used as a results file: {error}; restore it from a copy, "
                "or move it away and run the study again"
            ) from error

    def _rows(self, query, *values):
        with self.lock, self._named_errors():
            return self.connection.execute(query, values).fetchall()

    def manifest(self):
        """Return the facts about the run as a dict."""
        return {key: json.loads(value) for key, value in self._rows("SELECT * FROM manifest")}

    def invocations(self):
        """Return a dict for each time that the run was computed, the first one first."""
        rows = self._rows("SELECT facts FROM invocations ORDER BY number")
        return [json.loads(facts) for (facts,) in rows]

    def pairs(self):
        """Return a dict for each pair, in the order of the study.

        Its keys are optimizer, label, state, reason, trace and the facts of the pair.
        """
        rows = self._rows(
            "SELECT optimizer, label, state, reason, trace, facts FROM pairs ORDER BY number"
        )
        names = ("optimizer", "label", "state", "reason", "trace")
        return [{**dict(zip(names, row[:-1], strict=True)), **json.loads(row[-1])} for row in rows]

    def problems(self):
        """Return label -> facts of each problem."""
        return {
            label: json.loads(facts)
            for label, facts in self._rows("SELECT label, facts FROM problems ORDER BY rowid")
        }

    def has(self, identity):
        """Say whether the cell is stored."""
        return bool(self._rows("SELECT 1 FROM cells WHERE id = ?", identity))

    def count(self):
        """Return the number of cells that the run's pairs name."""
        return self._rows("SELECT count(DISTINCT cell) FROM named")[0][0]

    def named_cells(self):
        """Return (optimizer, label) -> number of cells that the pair names."""
        rows = self._rows(
            "SELECT optimizer, label, count(*) FROM named "
            "JOIN pairs ON pairs.number = named.pair GROUP BY number"
        )
        return {(optimizer, label): count for optimizer, label, count in rows}

    def get(self, identity):
        """Return (facts, arrays) of a cell.

        Raises
        ------
        ResultsError
            If bytes of an array have changed since it was stored.
        """
        facts = self._rows("SELECT facts FROM cells WHERE id = ?", identity)[0][0]
        rows = self._rows("SELECT name, data, checksum FROM arrays WHERE cell = ?", identity)
        return json.loads(facts), {name: self._array(name, *row) for name, *row in rows}

    def _array(self, name, data, checksum):
        if zlib.crc32(data) != checksum:
            raise ResultsError(
                f"{self.path}: is damaged: the bytes of an array ({name}) have changed since it "
                "was stored; restore the file from a copy, or move it away and run the study again"
            )
        return np.load(io.BytesIO(data), allow_pickle=False)

    def cells(self, states=(DONE,)):
        """Yield (facts, arrays) of every cell named by a pair in one of the `states`.

        The facts are those of the pair, its problem and the cell together.
        """
        problems = self.problems()
        rows = self._rows(
            "SELECT optimizer, label, state, pairs.facts, phase, instance, cell "
            "FROM named JOIN pairs ON pairs.number = named.pair "
            "ORDER BY pairs.number, phase, instance, named.rowid"
        )
        for optimizer, label, state, of_pair, phase, instance, cell in rows:
            if state not in states:
                continue
            of_cell, arrays = self.get(cell)
            place = {"optimizer": optimizer, "label": label, "phase": phase, "instance": instance}
            yield {**problems[label], **json.loads(of_pair), **of_cell, **place}, arrays

    def layers(self):
        """Return (facts, dict of `LAYERS`) of every row of the table ``layers`` of this run."""
        problems = self.problems()
        columns = ", ".join(f"layers.{name}" for name in LAYERS)
        rows = self._rows(
            f"SELECT optimizer, label, pairs.facts, phase, instance, {columns} FROM layers "
            "JOIN named ON named.cell = layers.cell JOIN pairs ON pairs.number = named.pair "
            "WHERE state = ? ORDER BY pairs.number, instance, layers.step, layer", DONE
        )  # fmt: skip
        result = []
        for optimizer, label, of_pair, phase, instance, *values in rows:
            place = {"optimizer": optimizer, "label": label, "phase": phase, "instance": instance}
            facts = {**problems[label], **json.loads(of_pair), **place}
            result.append((facts, dict(zip(LAYERS, values, strict=True))))
        return result


class Store(Results):
    """The results of one run, to be written by this process alone.

    Parameters
    ----------
    folder : path
        The run's folder; it is created.

    Raises
    ------
    ResultsError
        If the folder cannot be written, holds something that is not a run, or another process
        writes into it.
    """

    def __init__(self, folder):
        self.folder = Path(folder)
        self.path = self.folder / FILE
        self.lock = threading.RLock()
        writable(self.folder)
        self._hold()
        try:
            with self._named_errors():
                self.connection = sqlite3.connect(self.path, check_same_thread=False)
                self.connection.execute("PRAGMA journal_mode=WAL")
                self.connection.execute("PRAGMA synchronous=FULL")
                upgrade(self.connection, self.path)
                self.connection.execute("PRAGMA foreign_keys=ON")
        except BaseException:
            if hasattr(self, "connection"):
                self.connection.close()
            self.held.release()
            raise

    @classmethod
    def open(cls, folder):
        """Open an existing run for reading, or raise `ResultsError`."""
        return Results(folder)

    def _hold(self):
        """Keep other processes from writing into the folder, or say which one does."""
        self.held = filelock.FileLock(self.folder / LOCK)
        try:
            self.held.acquire(timeout=0)
        except filelock.Timeout:
            raise ResultsError(
                f"{self.folder}: {_holder(self.folder)} is writing a run there; wait for it, or "
                "choose another folder with --out"
            ) from None
        except OSError as error:
            raise ResultsError(
                f"{self.folder}: cannot be locked ({error.strerror}); choose a folder on a disk "
                "that knows locks, with --out"
            ) from None

    def __exit__(self, *exception):
        # The journal goes into the file itself, which then reads from any medium.
        with contextlib.suppress(sqlite3.Error):
            self.connection.execute("PRAGMA journal_mode=DELETE")
        self.connection.close()
        self.held.release()

    @contextlib.contextmanager
    def _transaction(self):
        with self.lock, self._named_errors(), self.connection:
            yield self.connection

    def put_manifest(self, **values):
        """Set entries of the manifest (JSON values)."""
        with self._transaction() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO manifest VALUES (?, ?)",
                [(key, plain_json(value)) for key, value in values.items()],
            )

    def begin_invocation(self, **facts):
        """Note that the run is computed once more; return the invocation's number."""
        with self._transaction() as connection:
            cursor = connection.execute(
                "INSERT INTO invocations (facts) VALUES (?)", (plain_json(facts),)
            )
            return cursor.lastrowid

    def end_invocation(self, number, **facts):
        """Add what an invocation spent, when it ends or is interrupted."""
        with self._transaction() as connection:
            (known,) = connection.execute(
                "SELECT facts FROM invocations WHERE number = ?", (number,)
            ).fetchone()
            connection.execute(
                "UPDATE invocations SET facts = ? WHERE number = ?",
                (plain_json({**json.loads(known), **facts}), number),
            )

    def put_pairs(self, problems, pairs, current):
        """Set what the run consists of; what was there of other pairs is read no more.

        Parameters
        ----------
        problems : dict
            label -> facts.
        pairs : list of dict
            With optimizer, label, state, reason and `facts`, in the order of the study.
        current : callable
            ``current(optimizer, label, cells) -> bool``: whether a pair's named cells (a set of
            identities) are those of the present code; others are named no more.
        """
        with self._transaction() as connection:
            known = {}
            for optimizer, label, cell, *rest in connection.execute(
                "SELECT optimizer, label, cell, phase, instance FROM named "
                "JOIN pairs ON pairs.number = named.pair ORDER BY named.rowid"
            ).fetchall():
                known.setdefault((optimizer, label), {})[cell] = rest
            for table in ("named", "pairs", "problems"):
                connection.execute(f"DELETE FROM {table}")
            connection.executemany(
                "INSERT INTO problems VALUES (?, ?)",
                [(label, plain_json(facts)) for label, facts in problems.items()],
            )
            for pair in pairs:
                number = connection.execute(
                    "INSERT INTO pairs (optimizer, label, state, reason, facts) "
                    "VALUES (?, ?, ?, ?, ?)",
                    (pair["optimizer"], pair["label"], pair["state"], pair["reason"],
                     plain_json(pair["facts"])),
                ).lastrowid  # fmt: skip
                cells = known.get((pair["optimizer"], pair["label"]), {})
                if pair["state"] == PENDING and current(
                    pair["optimizer"], pair["label"], set(cells)
                ):
                    connection.executemany(
                        "INSERT INTO named (pair, phase, instance, cell) VALUES (?, ?, ?, ?)",
                        [(number, *rest, cell) for cell, rest in cells.items()],
                    )

    def begin_pair(self, optimizer, label):
        """Forget which cells a pair named: it names them as it meets them."""
        with self._transaction() as connection:
            connection.execute(
                "DELETE FROM named WHERE pair = "
                "(SELECT number FROM pairs WHERE optimizer = ? AND label = ?)", (optimizer, label)
            )  # fmt: skip

    def end_pair(self, optimizer, label, state, reason=None, trace=None, **facts):
        """Set the state of a pair, with what is known of it now."""
        with self._transaction() as connection:
            (known,) = connection.execute(
                "SELECT facts FROM pairs WHERE optimizer = ? AND label = ?", (optimizer, label)
            ).fetchone()
            connection.execute(
                "UPDATE pairs SET state = ?, reason = ?, trace = ?, facts = ? "
                "WHERE optimizer = ? AND label = ?",
                (state, reason, trace, plain_json({**json.loads(known), **facts}), optimizer,
                 label),
            )  # fmt: skip

    def name(self, optimizer, label, phase, instance, identity):
        """Let a pair name a stored cell."""
        with self._transaction() as connection:
            _name(connection, optimizer, label, phase, instance, identity)

    def put(self, identity, facts, arrays, layers=(), names=None):
        """Store a cell in one transaction.

        Parameters
        ----------
        identity : str
        facts : dict
            JSON values; NaN becomes null.
        arrays : dict of str to ndarray
        layers : list of dict
            Rows of `LAYERS`.
        names : tuple, optional
            (optimizer, label, phase, instance) of the pair that names it.
        """
        places = ", ".join(f":{name}" for name in LAYERS)
        blobs = [(identity, name, *_blob(array)) for name, array in arrays.items()]
        with self._transaction() as connection:
            for table in ("arrays", "layers"):
                connection.execute(f"DELETE FROM {table} WHERE cell = ?", (identity,))
            connection.execute(
                "INSERT INTO cells VALUES (?, ?) "
                "ON CONFLICT (id) DO UPDATE SET facts = excluded.facts",
                (identity, plain_json(facts)),
            )
            connection.executemany("INSERT INTO arrays VALUES (?, ?, ?, ?)", blobs)
            connection.executemany(
                f"INSERT INTO layers (cell, {', '.join(LAYERS)}) VALUES (:cell, {places})",
                [{"cell": identity, **row} for row in layers],
            )
            if names is not None:
                _name(connection, *names, identity)


def _blob(array):
    """Return an array in NumPy's format, little-endian, and its checksum."""
    data = io.BytesIO()
    array = np.asarray(array)
    little = array.astype(array.dtype.newbyteorder("<"), order="C", copy=False)
    np.save(data, little, allow_pickle=False)
    return data.getvalue(), zlib.crc32(data.getvalue())


def _name(connection, optimizer, label, phase, instance, identity):
    connection.execute(
        "INSERT OR IGNORE INTO named (pair, phase, instance, cell) "
        "SELECT number, ?, ?, ? FROM pairs WHERE optimizer = ? AND label = ?",
        (phase, instance, identity, optimizer, label),
    )


def _holder(folder):
    """Return words for the process that holds a run, as far as it has said who it is."""
    with contextlib.suppress(ResultsError, IndexError, KeyError), Results(folder) as results:
        last = results.invocations()[-1]
        return f"process {last['process']} on {last['host']} (since {last['started']})"
    return "another process"


def writable(folder):
    """Create `folder` and make sure that files can be written into it, or raise `ResultsError`."""
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".probe-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise ResultsError(
            f"{folder}: results cannot be written there ({error.strerror}); "
            "choose another folder with --out"
        ) from None
