"""Keep what was computed: one SQLite file a run, written cell by cell, never lost when killed.

A cell is one transaction in WAL mode with full synchronisation: once `Store.put` has returned, the
cell survives a SIGKILL and a power cut. Arrays are stored in NumPy's own format, each with a
checksum; nothing is pickled. One process writes (a lock file holds others off), any number read.
"""

import contextlib
import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import ClassVar, NamedTuple

from optbench.study.results import DONE, PENDING, Arrays, Facts, Results
from optbench.study.store_lock import lock_folder, make_writable
from optbench.study.store_schema import LAYERS, blob, checksum, plain_json
from optbench.study.store_upgrades import upgrade

OUTCOME = ("extended", "at_edge", "device")
"""Facts of a pair that are known when it has run."""


class PairRow(NamedTuple):
    """A pair as a run lists it: its labels, its state and the reason for it, its facts."""

    optimizer: str
    label: str
    state: str
    reason: str | None
    facts: Facts


class _Earlier(NamedTuple):
    """A pair as the file lists it: its state, its facts, cell -> (phase, instance)."""

    state: str
    facts: Facts
    cells: dict[str, tuple[str, int]]


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

    ACCESS: ClassVar = "written"
    ADVICE: ClassVar = (
        "make room, or choose another folder with --out. What was finished is kept: the same "
        "command goes on"
    )

    def _open(self) -> None:
        make_writable(self.folder)
        self.folder_lock = lock_folder(self.folder)
        try:
            with self._sqlite_errors():
                self.connection = sqlite3.connect(self.path, check_same_thread=False)
                self.connection.execute("PRAGMA journal_mode=WAL")
                self.connection.execute("PRAGMA synchronous=FULL")
                upgrade(self.connection, self.path)
                self.connection.execute("PRAGMA foreign_keys=ON")
        except BaseException:
            if hasattr(self, "connection"):
                self.connection.close()
            self.folder_lock.release()
            raise

    def __exit__(self, *exception: object) -> None:
        # The journal goes into the file itself, which then reads from any medium.
        with contextlib.suppress(sqlite3.Error):
            self.connection.execute("PRAGMA journal_mode=DELETE")
        self.connection.close()
        self.folder_lock.release()

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self.lock, self._sqlite_errors(), self.connection:
            yield self.connection

    def put_manifest(self, **values: object) -> None:
        """Set entries of the manifest (JSON values)."""
        with self._transaction() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO manifest VALUES (?, ?)",
                [(key, plain_json(value)) for key, value in values.items()],
            )

    def begin_invocation(self, **facts: object) -> int:
        """Note that the run is computed once more; return the invocation's number."""
        with self._transaction() as connection:
            cursor = connection.execute(
                "INSERT INTO invocations (facts) VALUES (?)", (plain_json(facts),)
            )
            return _row_number(cursor)

    def end_invocation(self, number: int, **facts: object) -> None:
        """Add what an invocation spent, when it ends or is interrupted."""
        with self._transaction() as connection:
            (stored,) = connection.execute(
                "SELECT facts FROM invocations WHERE number = ?", (number,)
            ).fetchone()
            connection.execute(
                "UPDATE invocations SET facts = ? WHERE number = ?",
                (plain_json({**json.loads(stored), **facts}), number),
            )

    def put_pairs(
        self,
        problems: Mapping[str, Facts],
        pairs: Iterable[PairRow],
        is_current: Callable[[str, str, set[str]], bool],
    ) -> dict[tuple[str, str], int]:
        """Set what the run consists of; what was there of other pairs is read no more.

        Parameters
        ----------
        problems : dict
            label -> facts.
        pairs : iterable of PairRow
            In the order of the study.
        is_current : callable
            ``is_current(optimizer, label, cells) -> bool``: whether a pair's named cells (a set of
            identities) are those of the present code; others are named no more.

        Returns
        -------
        dict
            (optimizer, label) -> number of named cells, of the pairs that were and stay finished.
        """
        finished = {}
        with self._transaction() as connection:
            earlier = _earlier_pairs(connection)
            for table in ("named", "pairs", "problems"):
                connection.execute(f"DELETE FROM {table}")
            connection.executemany(
                "INSERT INTO problems VALUES (?, ?)",
                [(label, plain_json(facts)) for label, facts in problems.items()],
            )
            for pair in pairs:
                key = pair.optimizer, pair.label
                cells: dict[str, tuple[str, int]] = {}
                before = earlier.get(key) if pair.state == PENDING else None
                if before and is_current(*key, set(before.cells)):
                    cells = before.cells
                    if before.state == DONE:
                        outcome = {n: before.facts[n] for n in OUTCOME if n in before.facts}
                        pair = pair._replace(state=DONE, facts={**pair.facts, **outcome})
                        finished[key] = len(cells)
                _insert_pair(connection, pair, cells)
        return finished

    def begin_pair(self, optimizer: str, label: str) -> None:
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

    def end_pair(
        self,
        optimizer: str,
        label: str,
        state: str,
        *,
        reason: str | None = None,
        trace: str | None = None,
        facts: Mapping[str, object] | None = None,
    ) -> None:
        """Set the state of a pair; `facts` are added to those that are stored."""
        with self._transaction() as connection:
            (stored,) = connection.execute(
                "SELECT facts FROM pairs WHERE optimizer = ? AND label = ?", (optimizer, label)
            ).fetchone()
            text = plain_json({**json.loads(stored), **(facts or {})})
            connection.execute(
                "UPDATE pairs SET state = ?, reason = ?, trace = ?, facts = ? "
                "WHERE optimizer = ? AND label = ?",
                (state, reason, trace, text, optimizer, label),
            )

    def name(self, optimizer: str, label: str, phase: str, instance: int, identity: str) -> None:
        """Let a pair name a stored cell."""
        with self._transaction() as connection:
            _name(connection, optimizer, label, phase, instance, identity)

    def put(
        self,
        identity: str,
        facts: Facts,
        arrays: Arrays,
        layers: Sequence[Facts] = (),
        names: tuple[str, str, str, int] | None = None,
    ) -> None:
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
                (identity, text, checksum(text.encode())),
            )
            connection.executemany("INSERT INTO arrays VALUES (?, ?, ?, ?)", blobs)
            connection.executemany(
                f"INSERT INTO layers (cell, {', '.join(LAYERS)}) VALUES (:cell, {places})",
                [{"cell": identity, **row} for row in layers],
            )
            if names is not None:
                _name(connection, *names, identity)


def _earlier_pairs(connection: sqlite3.Connection) -> dict[tuple[str, str], _Earlier]:
    """Return (optimizer, label) -> pair of what the file lists."""
    earlier = {
        (optimizer, label): _Earlier(state, json.loads(facts), {})
        for optimizer, label, state, facts in connection.execute(
            "SELECT optimizer, label, state, facts FROM pairs"
        )
    }
    for optimizer, label, cell, phase, instance in connection.execute(
        "SELECT optimizer, label, cell, phase, instance FROM named "
        "JOIN pairs ON pairs.number = named.pair ORDER BY named.rowid"
    ):
        earlier[optimizer, label].cells[cell] = phase, instance
    return earlier


def _insert_pair(
    connection: sqlite3.Connection, pair: PairRow, cells: Mapping[str, tuple[str, int]]
) -> None:
    """Add a pair and the names of its cells."""
    cursor = connection.execute(
        "INSERT INTO pairs (optimizer, label, state, reason, facts) VALUES (?, ?, ?, ?, ?)",
        (*pair[:-1], plain_json(pair.facts)),
    )
    connection.executemany(
        "INSERT INTO named (pair, phase, instance, cell) VALUES (?, ?, ?, ?)",
        [(_row_number(cursor), *place, cell) for cell, place in cells.items()],
    )


def _row_number(cursor: sqlite3.Cursor) -> int:
    """Return the number of the row that was inserted."""
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def _name(
    connection: sqlite3.Connection, optimizer: str, label: str, phase: str, instance: int,
    identity: str,
) -> None:  # fmt: skip
    connection.execute(
        "INSERT OR IGNORE INTO named (pair, phase, instance, cell) "
        "SELECT number, ?, ?, ? FROM pairs WHERE optimizer = ? AND label = ?",
        (phase, instance, identity, optimizer, label),
    )
