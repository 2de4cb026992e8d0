"""Reading the stored results of a run: nothing in or beside the file changes.

A run is a list of pairs. Each pair names its cells, and what is read of a run is what its pairs
name: cells of earlier code stay in the file, and are not read.
"""

import contextlib
import functools
import json
import sqlite3
import threading
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Any, ClassVar, Self

from optbench.errors import DamagedError, ResultsError
from optbench.study.store_arrays import Arrays, unpack
from optbench.study.store_opening import is_damage, is_held, readable
from optbench.study.store_schema import LAYERS, checksum

__all__ = ["CLAIMED", "DONE", "FAILED", "FILE", "PENDING", "SKIPPED", "Arrays", "Facts", "Results"]
FILE = "run.sqlite"
PENDING, DONE, FAILED, SKIPPED = "pending", "done", "failed", "skipped"
"""States of a pair: not finished, finished, ended by an error, left out with a reason."""
CLAIMED = "claimed"
"""The entry of a manifest with the hash of what the run consists of; see `fingerprint`."""
Facts = dict[str, Any]
"""What is stored as a JSON object."""
MEND = (
    "restore the file from a copy, or run the study again into this folder, which sets aside what "
    "is damaged"
)
AXES_AT_HAND = 64
"""Sets of axes that stay unpacked while cells are read."""


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

    ACCESS: ClassVar = "read"
    ADVICE: ClassVar = "look at the disk, or copy the run to another one"
    """What cannot be done to a file, and what to do then, for messages."""

    connection: sqlite3.Connection

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self.path = self.folder / FILE
        self.lock = threading.RLock()
        self.axes: dict[int, Arrays] = {}
        self._open()

    def _open(self) -> None:
        if not self.path.is_file():
            raise ResultsError(f"{self.folder}: is not a run: it holds no {FILE}")
        with self._sqlite_errors():
            self.connection = readable(self.path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.connection.close()

    @contextlib.contextmanager
    def _sqlite_errors(self) -> Iterator[None]:
        """Turn what SQLite reports into one message that names the file."""
        try:
            yield
        except sqlite3.Error as error:
            code = getattr(error, "sqlite_errorname", "") or ""
            if "FULL" in code or "IOERR" in code or "READONLY" in code or "CANTOPEN" in code:
                raise ResultsError(
                    f"{self.path}: cannot be {self.ACCESS} ({error}): {self.ADVICE}"
                ) from error
            if "LOCKED" in code or "BUSY" in code:
                raise ResultsError(
                    f"{self.path}: is in use by another process ({error}); wait for it"
                ) from error
            kind = DamagedError if is_damage(error) else ResultsError
            raise kind(f"{self.path}: cannot be used as a results file: {error}; {MEND}") from error

    def is_held(self) -> bool:
        """Say whether a process writes into the run now."""
        return is_held(self.folder)

    def _json(self, text: str) -> Any:
        """Return what a text column holds."""
        try:
            return json.loads(text)
        except (ValueError, RecursionError) as error:
            raise DamagedError(f"{self.path}: is damaged: {error} in a text; {MEND}") from error

    def _query(self, query: str, *values: object) -> list[Any]:
        """Return rows of what the file holds."""
        with self.lock, self._sqlite_errors():
            return self.connection.execute(query, values).fetchall()

    def _one(self, query: str, *values: object) -> Any:
        """Return the one row that something else in the file names."""
        rows = self._query(query, *values)
        if len(rows) != 1:
            raise DamagedError(
                f"{self.path}: is damaged: it names {values[0]}, and lacks it; {MEND}"
            )
        return rows[0]

    def _rows(self, query: str, *values: object) -> list[Any]:
        """Return rows of all that was written."""
        return self._query(query, *values)

    def manifest(self) -> Facts:
        """Return the facts about the run as a dict."""
        return {key: self._json(value) for key, value in self._rows("SELECT * FROM manifest")}

    def invocations(self) -> list[Facts]:
        """Return a dict for each time that the run was computed, the first one first."""
        rows = self._rows("SELECT facts FROM invocations ORDER BY number")
        return [self._json(facts) for (facts,) in rows]

    def pairs(self) -> list[Facts]:
        """Return a dict for each pair, in the order of the study.

        Its keys are optimizer, label, state, reason, trace and the facts of the pair.
        """
        rows = self._rows(
            "SELECT optimizer, label, state, reason, trace, facts FROM pairs ORDER BY number"
        )
        names = ("optimizer", "label", "state", "reason", "trace")
        return [{**dict(zip(names, row[:-1], strict=True)), **self._json(row[-1])} for row in rows]

    def problems(self) -> dict[str, Facts]:
        """Return label -> facts of each problem."""
        return {
            label: self._json(facts)
            for label, facts in self._rows("SELECT label, facts FROM problems ORDER BY rowid")
        }

    def has(self, identity: str) -> bool:
        """Say whether the cell is stored."""
        return bool(self._rows("SELECT 1 FROM cells WHERE id = ?", identity))

    def count(self) -> int:
        """Return the number of cells that the run's pairs name."""
        return int(self._rows("SELECT count(DISTINCT cell) FROM named")[0][0])

    def named_cells(self) -> dict[tuple[str, str], int]:
        """Return (optimizer, label) -> number of cells that the pair names."""
        rows = self._rows(
            "SELECT optimizer, label, count(*) FROM named "
            "JOIN pairs ON pairs.number = named.pair GROUP BY number"
        )
        return {(optimizer, label): count for optimizer, label, count in rows}

    def names(self) -> list[tuple[str, str, str, int, str]]:
        """Return (optimizer, label, phase, part, cell), in the order in which `cells` reads."""
        return self._rows(
            "SELECT optimizer, label, phase, part, cell FROM named "
            "JOIN pairs ON pairs.number = named.pair ORDER BY pair, phase, part, named.rowid"
        )

    def layers_of(self, identity: str) -> list[Facts]:
        """Return the rows of a cell in the table ``layers``, as dicts of `LAYERS`."""
        query = f"SELECT {', '.join(LAYERS)} FROM layers WHERE cell = ? ORDER BY step, layer"
        return [dict(zip(LAYERS, row, strict=True)) for row in self._rows(query, identity)]

    def get(self, identity: str, names: Iterable[str] | None = None) -> tuple[Facts, Arrays]:
        """Return (facts, arrays) of a cell; of its arrays those called `names`, by default all.

        Cells share some arrays, so that all are read-only.

        Raises
        ------
        ResultsError
            If bytes of it have changed since it was stored.
        """
        wanted = None if names is None else frozenset(names)
        columns = "facts, facts_checksum" + ", checksum, axes, data" * (wanted != frozenset())
        text, stored, *row = self._one(f"SELECT {columns} FROM cells WHERE id = ?", identity)
        self._check("the facts of a cell", text.encode(), stored)
        facts = self._json(text)
        if not row:
            return facts, {}
        stored, axes, data = row
        self._check("the arrays of a cell", data, stored)
        shared = {} if axes is None else self._axes(axes)
        chosen = {n: array for n, array in shared.items() if wanted is None or n in wanted}
        return facts, {**chosen, **unpack(data, wanted)}

    def _axes(self, number: int) -> Arrays:
        """Return arrays that cells share; those of the last cells are at hand."""
        if number in self.axes:
            return self.axes[number]
        stored, data = self._one("SELECT checksum, data FROM axes WHERE number = ?", number)
        self._check("arrays that cells share", data, stored)
        with self.lock:
            while len(self.axes) >= AXES_AT_HAND:
                del self.axes[next(iter(self.axes))]
            return self.axes.setdefault(number, unpack(data))

    def _check(self, what: str, data: bytes, stored: int) -> None:
        """Compare bytes with the checksum that was stored with them."""
        if checksum(data) != stored:
            raise DamagedError(
                f"{self.path}: is damaged: the bytes of {what} have changed since they were "
                f"stored; {MEND}"
            )

    def cells(
        self,
        states: Collection[str] = (DONE,),
        phases: Collection[str] | None = None,
        names: Iterable[str] | None = None,
    ) -> Iterator[tuple[Facts, Arrays]]:
        """Yield (facts, arrays) of cells named by a pair in one of the `states`, one at a time.

        The facts are those of the pair, its problem and the cell together, and optimizer, label,
        phase and part. Pairs come in the order of the study, their cells by phase and part.

        Parameters
        ----------
        states : collection of str
        phases : collection of str, optional
            By default all.
        names : iterable of str, optional
            Of the arrays that are read; see `get`.
        """
        problems = self.problems()
        wanted = None if names is None else frozenset(names)
        before: int | None = None
        of_pair: Facts = {}
        for number, state, phase, part, cell in self._rows(
            "SELECT pair, state, phase, part, cell FROM named "
            "JOIN pairs ON pairs.number = named.pair ORDER BY pair, phase, part, named.rowid"
        ):
            if state not in states or (phases is not None and phase not in phases):
                continue
            if number != before:
                before, of_pair = number, self._of_pair(number, problems)
            of_cell, arrays = self.get(cell, wanted)
            yield {**of_pair, **of_cell, "phase": phase, "part": part}, arrays

    def _of_pair(self, number: int, problems: dict[str, Facts]) -> Facts:
        """Return the facts of a pair and of its problem together, and its labels."""
        ((optimizer, label, text),) = self._rows(
            "SELECT optimizer, label, facts FROM pairs WHERE number = ?", number
        )
        return {**problems[label], **self._json(text), "optimizer": optimizer, "label": label}

    def layers(self) -> list[tuple[Facts, Facts]]:
        """Return (facts, dict of `LAYERS`) of every row of the table ``layers`` of this run.

        The facts are those that `cells` yields.
        """
        columns = ", ".join(f"layers.{name}" for name in LAYERS)
        rows = self._rows(
            f"SELECT pair, phase, part, named.cell, {columns} FROM layers "
            "JOIN named ON named.cell = layers.cell JOIN pairs ON pairs.number = named.pair "
            "WHERE state = ? ORDER BY pair, phase, part, layers.step, layer", DONE
        )  # fmt: skip
        problems = self.problems()
        of_pair = functools.cache(lambda number: self._of_pair(number, problems))
        of_cell = functools.cache(lambda cell: self.get(cell, ())[0])
        return [
            (
                {**of_pair(number), **of_cell(cell), "phase": phase, "part": part},
                dict(zip(LAYERS, values, strict=True)),
            )
            for number, phase, part, cell, *values in rows
        ]
