"""Keep what was computed: one SQLite file a run, written cell by cell, never lost when killed.

A cell is one transaction in WAL mode with full synchronisation: once `Store.put` has returned, the
cell survives a SIGKILL and a power cut. Arrays are stored in NumPy's own format, each with a
checksum; nothing is pickled. One process writes (a lock file holds others off), any number read.
"""

import contextlib
import json
import os
import platform
import sqlite3
import threading
import zlib
from pathlib import Path

import filelock

from optbench.errors import ResultsError
from optbench.study.results import DONE, FILE, PENDING, Results
from optbench.study.store_schema import LAYERS, LOCK, blob, plain_json, upgrade

OUTCOME = ("extended", "at_edge", "device")
"""Facts of a pair that are known when it has run."""


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

    DONE_TO_IT = "written"
    ADVICE = (
        "make room, or choose another folder with --out. What was finished is kept: the same "
        "command goes on"
    )

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

    def _hold(self):
        """Keep other processes from writing into the folder, or say which one does."""
        self.held = filelock.FileLock(self.folder / LOCK)
        try:
            self.held.acquire(timeout=0.5)  # one who looks whether it is held holds it a moment
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
        pairs : list of tuple
            (optimizer, label, state, reason, facts), in the order of the study.
        current : callable
            ``current(optimizer, label, cells) -> bool``: whether a pair's named cells (a set of
            identities) are those of the present code; others are named no more.

        Returns
        -------
        dict
            (optimizer, label) -> number of named cells, of the pairs that were and stay finished.
        """
        finished = {}
        with self._transaction() as connection:
            before = self._before(connection)
            for table in ("named", "pairs", "problems"):
                connection.execute(f"DELETE FROM {table}")
            connection.executemany(
                "INSERT INTO problems VALUES (?, ?)",
                [(label, plain_json(facts)) for label, facts in problems.items()],
            )
            for *key, state, reason, facts in pairs:
                key, cells = tuple(key), {}
                if state == PENDING and key in before:
                    was, known, named = before[key]
                    if current(*key, set(named)):
                        cells = named
                        if was == DONE:
                            outcome = {name: known[name] for name in OUTCOME if name in known}
                            state, facts = DONE, {**facts, **outcome}
                            finished[key] = len(cells)
                number = connection.execute(
                    "INSERT INTO pairs (optimizer, label, state, reason, facts) "
                    "VALUES (?, ?, ?, ?, ?)", (*key, state, reason, plain_json(facts)),
                ).lastrowid  # fmt: skip
                connection.executemany(
                    "INSERT INTO named (pair, phase, instance, cell) VALUES (?, ?, ?, ?)",
                    [(number, *place, cell) for cell, place in cells.items()],
                )
        return finished

    @staticmethod
    def _before(connection):
        """Return (optimizer, label) -> (state, facts, cell -> (phase, instance)) as it stands."""
        before = {
            (optimizer, label): (state, json.loads(facts), {})
            for optimizer, label, state, facts in connection.execute(
                "SELECT optimizer, label, state, facts FROM pairs"
            )
        }
        for optimizer, label, cell, *place in connection.execute(
            "SELECT optimizer, label, cell, phase, instance FROM named "
            "JOIN pairs ON pairs.number = named.pair ORDER BY named.rowid"
        ):
            before[optimizer, label][2][cell] = place
        return before

    def begin_pair(self, optimizer, label):
        """Set a pair to pending; it names its cells anew, as it meets them."""
        key = optimizer, label
        with self._transaction() as connection:
            connection.execute(
                "DELETE FROM named WHERE pair = "
                "(SELECT number FROM pairs WHERE optimizer = ? AND label = ?)", key
            )  # fmt: skip
            connection.execute(
                "UPDATE pairs SET state = ? WHERE optimizer = ? AND label = ?", (PENDING, *key)
            )

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
        text = plain_json(facts)
        blobs = [(identity, name, *blob(array)) for name, array in arrays.items()]
        with self._transaction() as connection:
            for table in ("arrays", "layers"):
                connection.execute(f"DELETE FROM {table} WHERE cell = ?", (identity,))
            connection.execute(
                "INSERT INTO cells VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE "
                "SET facts = excluded.facts, checksum = excluded.checksum",
                (identity, text, zlib.crc32(text.encode())),
            )
            connection.executemany("INSERT INTO arrays VALUES (?, ?, ?, ?)", blobs)
            connection.executemany(
                f"INSERT INTO layers (cell, {', '.join(LAYERS)}) VALUES (:cell, {places})",
                [{"cell": identity, **row} for row in layers],
            )
            if names is not None:
                _name(connection, *names, identity)


def _name(connection, optimizer, label, phase, instance, identity):
    connection.execute(
        "INSERT OR IGNORE INTO named (pair, phase, instance, cell) "
        "SELECT number, ?, ?, ? FROM pairs WHERE optimizer = ? AND label = ?",
        (phase, instance, identity, optimizer, label),
    )


def _holder(folder):
    """Return words for the process that holds a run, as far as it has said who it is."""
    with contextlib.suppress(OSError, IndexError, KeyError), Results(folder) as results:
        last = results.invocations()[-1]
        if last["host"] == platform.node():
            os.kill(last["process"], 0)  # raises if it is there no more
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
