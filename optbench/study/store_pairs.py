"""Writing what a run consists of: problems, pairs and their states, and the cells of a pair."""

import json
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from optbench.study.results import CLAIMED, DONE, FAILED, PENDING, Facts
from optbench.study.store_schema import plain_json

OUTCOME = ("tuned", "extended", "at_edge", "device")
"""Facts of a pair that are known when it has run."""
TRIED = "tried"
"""Fact of a pair: hash of its code and definitions, by which a failed one is known again."""
NUMBER = "(SELECT number FROM pairs WHERE optimizer = ? AND label = ?)"

LEFT_OUT = "SELECT count(*) FROM pairs WHERE state IN (?, ?)"
FINISHED = (
    "SELECT optimizer, label, count(cell) FROM pairs LEFT JOIN named ON named.pair = number "
    "WHERE state = ? GROUP BY number"
)


class PairRow(NamedTuple):
    """A pair as a run lists it: its labels, its state and the reason for it, its facts."""

    optimizer: str
    label: str
    state: str
    reason: str | None
    facts: Facts


class _Earlier(NamedTuple):
    """A pair as the file lists it: its state, why, its facts, cell -> (phase, part)."""

    state: str
    reason: str | None
    trace: str | None
    facts: Facts
    cells: dict[str, tuple[str, int]]


def replace_pairs(
    connection: sqlite3.Connection,
    problems: Mapping[str, Facts],
    pairs: Iterable[PairRow],
    is_current: Callable[[str, str, set[str]], bool],
    whole: str | None,
    keep_failed: bool,
) -> tuple[dict[tuple[str, str], int], dict[tuple[str, str], str]]:
    """Set what the run consists of; see `store.Store.put_pairs`."""
    finished: dict[tuple[str, str], int] = {}
    failed: dict[tuple[str, str], str] = {}
    connection.execute("DELETE FROM manifest WHERE key = ?", (CLAIMED,))
    if whole is not None:
        connection.execute("INSERT INTO manifest VALUES (?, ?)", (CLAIMED, plain_json(whole)))
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
        trace = None
        if keep_failed and before and _failed_likewise(before, pair):
            pair, trace = pair._replace(state=FAILED, reason=before.reason), before.trace
            failed[key] = before.reason or ""
        elif before and is_current(*key, set(before.cells)):
            cells = before.cells
            if before.state == DONE:
                outcome = {n: before.facts[n] for n in OUTCOME if n in before.facts}
                pair = pair._replace(state=DONE, facts={**pair.facts, **outcome})
                finished[key] = len(cells)
        _insert_pair(connection, pair, trace, cells)
    return finished, failed


def _failed_likewise(before: _Earlier, pair: PairRow) -> bool:
    """Say whether a pair failed with the code and definitions that it has now."""
    tried = pair.facts.get(TRIED)
    return before.state == FAILED and bool(tried) and before.facts.get(TRIED) == tried


def begin_pair(connection: sqlite3.Connection, optimizer: str, label: str) -> None:
    """Set a pair to pending, without names of cells."""
    key = optimizer, label
    connection.execute(f"DELETE FROM named WHERE pair = {NUMBER}", key)
    connection.execute(
        "UPDATE pairs SET state = ? WHERE optimizer = ? AND label = ?", (PENDING, *key)
    )


def end_pair(
    connection: sqlite3.Connection, key: tuple[str, str], state: str, reason: str | None,
    trace: str | None, facts: Mapping[str, object],
) -> None:  # fmt: skip
    """Set the state of the pair `key`, (optimizer, label), and add `facts` to those it has."""
    (stored,) = connection.execute(
        "SELECT facts FROM pairs WHERE optimizer = ? AND label = ?", key
    ).fetchone()
    connection.execute(
        "UPDATE pairs SET state = ?, reason = ?, trace = ?, facts = ? "
        "WHERE optimizer = ? AND label = ?",
        (state, reason, trace, plain_json({**json.loads(stored), **facts}), *key),
    )


def name_cell(
    connection: sqlite3.Connection, identity: str, optimizer: str, label: str, phase: str,
    part: int,
) -> None:  # fmt: skip
    """Let a pair name a stored cell."""
    connection.execute(
        "INSERT OR IGNORE INTO named (pair, phase, part, cell) "
        "SELECT number, ?, ?, ? FROM pairs WHERE optimizer = ? AND label = ?",
        (phase, part, identity, optimizer, label),
    )


def row_number(cursor: sqlite3.Cursor) -> int:
    """Return the number of the row that was inserted."""
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def _earlier_pairs(connection: sqlite3.Connection) -> dict[tuple[str, str], _Earlier]:
    """Return (optimizer, label) -> pair of what the file lists."""
    earlier = {}
    query = "SELECT optimizer, label, state, reason, trace, facts FROM pairs"
    for optimizer, label, state, reason, trace, text in connection.execute(query):
        try:
            earlier[optimizer, label] = _Earlier(state, reason, trace, json.loads(text), {})
        except ValueError:  # damaged
            earlier[optimizer, label] = _Earlier(PENDING, None, None, {}, {})
    for optimizer, label, cell, phase, part in connection.execute(
        "SELECT optimizer, label, cell, phase, part FROM named "
        "JOIN pairs ON pairs.number = named.pair ORDER BY named.rowid"
    ):
        earlier[optimizer, label].cells[cell] = phase, part
    return earlier


def _insert_pair(
    connection: sqlite3.Connection, pair: PairRow, trace: str | None,
    cells: Mapping[str, tuple[str, int]],
) -> None:  # fmt: skip
    """Add a pair and the names of its cells."""
    cursor = connection.execute(
        "INSERT INTO pairs (optimizer, label, state, reason, facts, trace) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        (*pair[:-1], plain_json(pair.facts), trace),
    )
    connection.executemany(
        "INSERT INTO named (pair, phase, part, cell) VALUES (?, ?, ?, ?)",
        [(row_number(cursor), *place, cell) for cell, place in cells.items()],
    )
