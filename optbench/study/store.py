"""Keep what was computed: one SQLite file a run, written cell by cell, hardly touched by a kill.

Writes are handed over and return at once; they become durable together, in the order in which they
came, at most half a second later (see `store_commits`): WAL mode with full synchronisation, so that
what was committed survives a SIGKILL and a power cut. Arrays carry checksums; nothing is pickled.
One process writes (a lock file holds others off), any number read.
"""

import contextlib
import functools
import json
import sqlite3
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar

from optbench.errors import DamagedError, ResultsError
from optbench.study.results import CLAIMED, DONE, FAILED, SKIPPED, Arrays, Facts, Results
from optbench.study.store_cells import Cell, CellWriter
from optbench.study.store_commits import GroupCommits
from optbench.study.store_damage import set_cells_aside, set_file_aside
from optbench.study.store_lock import lock_folder, make_writable
from optbench.study.store_opening import writable
from optbench.study.store_pairs import (
    FINISHED,
    LEFT_OUT,
    PairRow,
    begin_pair,
    end_pair,
    name_cell,
    replace_pairs,
    row_number,
)
from optbench.study.store_schema import CellNames, plain_json

__all__ = ["PairRow", "Store"]


class Store(Results):
    """The results of one run, to be written by this process alone.

    A file of an earlier version of optbench that lies in the folder is kept by another name.

    Parameters
    ----------
    folder : path
        The run's folder; it is created.

    Raises
    ------
    ResultsError
        If the folder cannot be written, holds something that is not a run, or another process
        writes into it. Later, from any method that writes and at the end: if what was handed over
        earlier could not be written.

    Notes
    -----
    A store is a context; its end writes all that is left. What is read sees all that was put.
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
            self._connect()
        except BaseException:
            self.folder_lock.release()
            raise
        self.cell_writer = CellWriter()
        self.identities = self._stored()
        self.waiting: dict[str, Cell] = {}
        self.of_waiting = threading.Lock()
        self.commits = GroupCommits(
            self.connection, self.lock, self._sqlite_errors, self._forget_waiting
        )

    def _connect(self) -> None:
        """Connect to the file; set it aside if it is damaged, and make another."""
        try:
            with self._sqlite_errors():
                self.connection = writable(self.path)
        except DamagedError as error:
            set_file_aside(self.path, error)
            with self._sqlite_errors():
                self.connection = writable(self.path)

    def set_cells_aside(self) -> int:
        """Set aside the cells whose bytes have changed: they are computed anew; count them."""
        damaged: int = self.commits.now(lambda to: set_cells_aside(to, self.path))
        self.identities = self._stored()
        return damaged

    def __exit__(self, *exception: object) -> None:
        try:
            self.commits.close()
        except ResultsError:
            if not (len(exception) > 1 and isinstance(exception[1], ResultsError)):
                raise
        finally:
            with self.lock:  # where Ctrl-C came twice, the writer may still be at work
                # The journal goes into the file itself, which then reads from any medium.
                with contextlib.suppress(sqlite3.Error):
                    self.connection.execute("PRAGMA journal_mode=DELETE")
                self.connection.close()
            self.folder_lock.release()

    def flush(self) -> None:
        """Make all that was handed over durable, and make the calls that wait for it."""
        self.commits.flush()

    def put_manifest(self, **values: object) -> None:
        """Set entries of the manifest (JSON values), durable on return."""
        rows = [(key, plain_json(value)) for key, value in values.items()]
        self.commits.now(
            lambda to: to.executemany("INSERT OR REPLACE INTO manifest VALUES (?, ?)", rows)
        )

    def begin_invocation(self, **facts: object) -> int:
        """Note that the run is computed once more; return the invocation's number."""
        query, text = "INSERT INTO invocations (facts) VALUES (?)", plain_json(facts)
        return int(self.commits.now(lambda to: row_number(to.execute(query, (text,)))))

    def end_invocation(self, number: int, **facts: object) -> None:
        """Add what an invocation spent, when it ends or is interrupted; all is durable then."""

        def add(connection: sqlite3.Connection) -> None:
            (stored,) = connection.execute(
                "SELECT facts FROM invocations WHERE number = ?", (number,)
            ).fetchone()
            text = plain_json({**json.loads(stored), **facts})
            connection.execute("UPDATE invocations SET facts = ? WHERE number = ?", (text, number))

        self.commits.now(add)

    def put_pairs(
        self,
        problems: Mapping[str, Facts],
        pairs: Iterable[PairRow],
        is_current: Callable[[str, str, set[str]], bool],
        whole: str | None = None,
        keep_failed: bool = False,
    ) -> tuple[dict[tuple[str, str], int], dict[tuple[str, str], str]]:
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
        whole : str, optional
            The fingerprint of all that the run consists of, for `finished_of`.
        keep_failed : bool
            Whether pairs that failed, and have the fact `store_pairs.TRIED` as before, stay failed.

        Returns
        -------
        finished : dict
            (optimizer, label) -> number of named cells, of the pairs that were and stay finished.
        failed : dict
            (optimizer, label) -> the reason, of those that were and stay failed.
        """
        stayed: tuple[dict[tuple[str, str], int], dict[tuple[str, str], str]] = self.commits.now(
            lambda to: replace_pairs(to, problems, pairs, is_current, whole, keep_failed)
        )
        return stayed

    def finished_of(self, whole: str, left_out: int) -> dict[tuple[str, str], int] | None:
        """Return what `put_pairs` would if nothing has changed since it was called, else None.

        It is None too if pairs failed or were skipped since, beside the `left_out` ones that the
        study leaves out: those are to be tried again.
        """
        stored = self._rows("SELECT value FROM manifest WHERE key = ?", CLAIMED)
        if not stored or self._json(stored[0][0]) != whole:
            return None
        if self._rows(LEFT_OUT, FAILED, SKIPPED)[0][0] != left_out:
            return None
        rows = self._rows(FINISHED, DONE)
        return {(optimizer, label): count for optimizer, label, count in rows}

    def begin_pair(self, optimizer: str, label: str) -> None:
        """Set a pair to pending; it names its cells anew, as it meets them."""
        self.commits.later(lambda to: begin_pair(to, optimizer, label))

    def end_pair(
        self,
        optimizer: str,
        label: str,
        state: str,
        *,
        reason: str | None = None,
        trace: str | None = None,
        facts: Mapping[str, object] | None = None,
        on_commit: Callable[[], object] | None = None,
    ) -> None:
        """Set the state of a pair, not before its cells; `facts` are added to those it has.

        For `on_commit` see `put`.
        """
        key, added = (optimizer, label), dict(facts or {})
        self.commits.later(lambda to: end_pair(to, key, state, reason, trace, added), on_commit)

    def name(
        self,
        optimizer: str,
        label: str,
        phase: str,
        part: int,
        identity: str,
        on_commit: Callable[[], object] | None = None,
    ) -> None:
        """Let a pair name a cell that is stored or waits; for `on_commit` see `put`."""
        self.commits.later(
            lambda to: name_cell(to, identity, optimizer, label, phase, part), on_commit
        )

    def put(
        self,
        identity: str,
        facts: Facts,
        arrays: Arrays,
        layers: Sequence[Facts] = (),
        names: CellNames | None = None,
        on_commit: Callable[[], object] | None = None,
    ) -> None:
        """Hand over a cell, which is stored whole or not at all.

        Parameters
        ----------
        identity : str
        facts : dict
            JSON values; NaN becomes null.
        arrays : dict of str to ndarray
            Those that cells share are not copied: nobody writes into them any more.
        layers : list of dict
            Rows of `LAYERS`.
        names : tuple, optional
            (optimizer, label, phase, part) of the pair that names it.
        on_commit : callable, optional
            ``on_commit()`` is called when the cell is durable, mostly by another thread, one call
            at a time; what it raises, the next call raises.
        """
        cell = Cell.packed(identity, facts, arrays, list(layers), names)
        with self.of_waiting:
            self.waiting[identity] = cell
            self.identities.add(identity)
        self.commits.later(functools.partial(self._write, cell), on_commit, len(cell.data))

    def _write(self, cell: Cell, connection: sqlite3.Connection) -> None:
        self.cell_writer.put(connection, cell)
        with self.of_waiting:
            if self.waiting.get(cell.identity) is cell:
                del self.waiting[cell.identity]

    def _forget_waiting(self) -> None:
        """Forget what is lost with the writes that waited, and with those of their commit."""
        with self.of_waiting:
            self.waiting.clear()
            self.identities.clear()
            with contextlib.suppress(ResultsError):  # of a disk that cannot be read either
                self.identities |= self._stored()
        self.cell_writer = CellWriter()

    def _stored(self) -> set[str]:
        """Return the identities of all cells in the file."""
        return {identity for (identity,) in self._query("SELECT id FROM cells")}

    def has(self, identity: str) -> bool:
        """Say whether the cell is stored, or will be; no thread waits here for the writer."""
        return identity in self.identities

    def get(self, identity: str, names: Iterable[str] | None = None) -> tuple[Facts, Arrays]:
        """Return (facts, arrays) of a cell that is stored or waits; see `Results.get`."""
        with self.of_waiting:
            cell = self.waiting.get(identity)
        if cell is None:
            return super().get(identity, names)
        return json.loads(cell.facts), cell.unpacked(None if names is None else frozenset(names))

    def _rows(self, query: str, *values: object) -> list[Any]:
        with self.lock:
            self.commits.execute()
            return self._query(query, *values)
