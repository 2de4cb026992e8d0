"""Reading the stored results of a run: nothing in or beside the file changes.

A run is a list of pairs. Each pair names its cells, and what is read of a run is what its pairs
name: cells of earlier code stay in the file, and are not read.
"""

import contextlib
import io
import json
import sqlite3
import threading
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from optbench.errors import ResultsError
from optbench.study.store_opening import is_held, readable
from optbench.study.store_schema import LAYERS, checksum

FILE = "run.sqlite"
PENDING, DONE, FAILED, SKIPPED = "pending", "done", "failed", "skipped"
"""States of a pair: not finished, finished, ended by an error, left out with a reason."""
Facts = dict[str, Any]
"""What is stored as a JSON object."""
Arrays = dict[str, NDArray[Any]]
"""The arrays of a cell by name."""


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
            raise ResultsError(
                f"{self.path}: cannot be used as a results file: {error}; restore it from a copy, "
                "or move it away and run the study again"
            ) from error

    def is_held(self) -> bool:
        """Say whether a process writes into the run now."""
        return is_held(self.folder)

    def _json(self, text: str) -> Any:
        """Return what a text column holds."""
        try:
            return json.loads(text)
        except ValueError as error:
            raise ResultsError(
                f"{self.path}: is damaged: {error} in a text; restore the file from a copy, or "
                "move it away and run the study again"
            ) from error

    def _rows(self, query: str, *values: object) -> list[Any]:
        with self.lock, self._sqlite_errors():
            return self.connection.execute(query, values).fetchall()

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

    def get(self, identity: str) -> tuple[Facts, Arrays]:
        """Return (facts, arrays) of a cell.

        Raises
        ------
        ResultsError
            If bytes of an array have changed since it was stored.
        """
        ((facts, stored),) = self._rows("SELECT facts, checksum FROM cells WHERE id = ?", identity)
        self._check("the facts of a cell", facts.encode(), stored)
        rows = self._rows("SELECT name, data, checksum FROM arrays WHERE cell = ?", identity)
        return self._json(facts), {name: self._array(name, *row) for name, *row in rows}

    def _array(self, name: str, data: bytes, stored: int) -> NDArray[Any]:
        self._check(f"an array ({name})", data, stored)
        array: NDArray[Any] = np.load(io.BytesIO(data), allow_pickle=False)
        return array

    def _check(self, what: str, data: bytes, stored: int) -> None:
        """Compare bytes with the checksum that was stored with them."""
        if checksum(data) != stored:
            raise ResultsError(
                f"{self.path}: is damaged: the bytes of {what} have changed since they were "
                "stored; restore the file from a copy, or move it away and run the study again"
            )

    def cells(self, states: Collection[str] = (DONE,)) -> Iterator[tuple[Facts, Arrays]]:
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
            yield {**problems[label], **self._json(of_pair), **of_cell, **place}, arrays

    def layers(self) -> list[tuple[Facts, Facts]]:
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
            facts = {**problems[label], **self._json(of_pair), **place}
            result.append((facts, dict(zip(LAYERS, values, strict=True))))
        return result
