"""How results files of older versions become files of this one.

Version 0 (optbench 0.1.0) had one table of cells with all facts in each, and arrays as raw bytes.
"""

import json
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optbench.errors import ResultsError
from optbench.kernels.status import NOT_FINITE, TARGET
from optbench.study.store_schema import LAYERS, SCHEMA, VERSION, blob, checksum, plain_json

Facts = dict[str, Any]
PairKey = tuple[str, str]
OF_PROBLEM = (
    "problem", "dim", "kind", "family", "tags", "target", "target_text", "absolute_targets",
    "measure", "local",
)  # fmt: skip
"""Facts about a problem; stored once a problem."""
OF_PAIR = (
    "rule", "steps", "evaluations_per_step", "unit", "dtype", "seeds", "extended", "at_edge",
)  # fmt: skip
"""Facts about a pair that version 0 stored in each cell."""
OF_RUN = ("run", "study", "created", "study_seed")
"""Entries of the manifest that are not about a single invocation."""


@dataclass(frozen=True)
class _Version0:
    """What a file of version 0 holds."""

    manifest: Facts
    cells: dict[str, Facts]
    arrays: list[tuple[str, str, NDArray[Any]]]
    layers: list[tuple[Any, ...]]


def version_of(connection: sqlite3.Connection, path: Path) -> int | None:
    """Return the version of a file, None if it is empty; refuse files of later versions."""
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    if version > VERSION:
        raise ResultsError(
            f"{path}: was written by a later version of optbench (format {version}, this one reads "
            f"up to {VERSION}); install that version"
        )
    if not tables:
        return None
    if "manifest" not in tables or "cells" not in tables:
        raise ResultsError(f"{path}: is a database, but not a results file of optbench")
    return version


def upgrade(connection: sqlite3.Connection, path: Path) -> None:
    """Bring a new or an older file to this version, in one transaction."""
    version = version_of(connection, path)
    if version == VERSION:
        return
    contents = _read_version_0(connection) if version == 0 else None
    connection.execute("BEGIN IMMEDIATE")
    try:
        for statement in _drop_statements(connection) + SCHEMA.split(";"):
            connection.execute(statement)
        if contents:
            _write_from_version_0(connection, contents)
        connection.execute(f"PRAGMA user_version = {VERSION}")
    except BaseException:
        connection.rollback()
        raise
    connection.commit()


def _drop_statements(connection: sqlite3.Connection) -> list[str]:
    """Return the statements that drop every table."""
    names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    return [f"DROP TABLE {name}" for (name,) in names]


def _read_version_0(connection: sqlite3.Connection) -> _Version0:
    manifest = connection.execute("SELECT key, value FROM manifest")
    cells = connection.execute("SELECT id, facts FROM cells")
    arrays = connection.execute("SELECT cell, name, dtype, shape, data FROM arrays")
    return _Version0(
        manifest={key: json.loads(value) for key, value in manifest},
        cells={cell: json.loads(facts) for cell, facts in cells},
        arrays=[
            (cell, name, np.frombuffer(data, np.dtype(dtype)).reshape(json.loads(shape)))
            for cell, name, dtype, shape, data in arrays
        ],
        layers=connection.execute(f"SELECT cell, {', '.join(LAYERS)} FROM layers").fetchall(),
    )


def _write_from_version_0(connection: sqlite3.Connection, contents: _Version0) -> None:
    """Fill the tables of this version."""
    _write_manifest(connection, contents.manifest)
    _write_problems_and_pairs(connection, contents)
    _write_cells(connection, contents)
    _write_arrays(connection, contents)
    places = ", ".join("?" * (1 + len(LAYERS)))
    connection.executemany(f"INSERT INTO layers VALUES ({places})", contents.layers)


def _write_manifest(connection: sqlite3.Connection, manifest: Facts) -> None:
    """Write the manifest; what was said of a single invocation becomes one."""
    spent = {k: v for k, v in manifest.items() if k not in (*OF_RUN, "pairs", "skipped", "cells")}
    connection.execute(
        "INSERT INTO invocations (facts) VALUES (?)",
        (plain_json({**spent, "started": manifest.get("created")}),),
    )
    connection.executemany(
        "INSERT INTO manifest VALUES (?, ?)",
        [(key, plain_json(manifest[key])) for key in OF_RUN if key in manifest],
    )


def _write_problems_and_pairs(connection: sqlite3.Connection, contents: _Version0) -> None:
    of_problem = {facts["label"]: _problem_facts(facts) for facts in contents.cells.values()}
    of_pair: dict[PairKey, Facts] = {}
    scored = set()
    for facts in contents.cells.values():
        key = facts["optimizer"], facts["label"]
        of_pair.setdefault(key, {"device": facts.get("device", "cpu")}).update(_pair_facts(facts))
        if facts["phase"] == "scoring":
            scored.add(key)
    manifest = contents.manifest
    ordered = dict.fromkeys([*map(tuple, manifest.get("pairs", [])), *of_pair])
    labels = dict.fromkeys(label for _, label in ordered if label in of_problem)
    connection.executemany(
        "INSERT INTO problems VALUES (?, ?)",
        [(label, plain_json(of_problem[label])) for label in labels],
    )
    rows = [
        (*key, "done" if key in scored else "pending", None, plain_json(of_pair.get(key, {})))
        for key in ordered
    ]
    rows += [(*pair, "skipped", reason, "{}") for *pair, reason in manifest.get("skipped", [])]
    connection.executemany(
        "INSERT INTO pairs (optimizer, label, state, reason, facts) VALUES (?, ?, ?, ?, ?)", rows
    )


def _problem_facts(facts: Facts) -> Facts:
    """Return what the facts of a cell say of its problem."""
    return {
        "absolute_targets": False, "measure": "accuracy", "local": True,
        **{name: facts[name] for name in OF_PROBLEM if name in facts},
    }  # fmt: skip


def _pair_facts(facts: Facts) -> Facts:
    """Return what the facts of a cell say of its pair."""
    return {
        **{name: facts[name] for name in OF_PAIR if name in facts},
        "has_rate": not facts["optimizer"].startswith(("scipy_", "random_search")),
        "budget": round(facts["steps"] * facts["evaluations_per_step"]),
    }


def _write_cells(connection: sqlite3.Connection, contents: _Version0) -> None:
    """Write cells, and which pairs name them."""
    rows = connection.execute("SELECT optimizer, label, number FROM pairs").fetchall()
    numbers = {(optimizer, label): number for optimizer, label, number in rows}
    names = ("optimizer", "label", "phase", "instance")
    made_by = {name: contents.manifest.get(name) for name in ("versions", "cpu")}
    for cell, facts in contents.cells.items():
        own = {k: v for k, v in facts.items() if k not in (*OF_PROBLEM, *OF_PAIR, *names)}
        text = plain_json({**own, **made_by})
        connection.execute(
            "INSERT INTO cells VALUES (?, ?, ?)", (cell, text, checksum(text.encode()))
        )
        number = numbers[facts["optimizer"], facts["label"]]
        connection.execute(
            "INSERT INTO named VALUES (?, ?, ?, ?)",
            (number, facts["phase"], facts["instance"], cell),
        )


def _write_arrays(connection: sqlite3.Connection, contents: _Version0) -> None:
    of_cell: dict[str, dict[str, NDArray[Any]]] = {}
    for cell, name, array in contents.arrays:
        of_cell.setdefault(cell, {})[name] = array
    for cell, arrays in of_cell.items():
        for name, array in _mended(contents.cells[cell], arrays).items():
            row = (cell, name, *blob(array))
            connection.execute("INSERT INTO arrays VALUES (?, ?, ?, ?)", row)


def _mended(facts: Facts, arrays: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Return the arrays of a cell as this version has them.

    An unknown reference, then stored as 0, becomes NaN. The metrics of a lane that diverged, then
    those of its last finite record, become losses of +inf and accuracies of NaN.
    """
    mended = {**arrays, "hit": _hit(facts, arrays)}
    if facts.get("f_ref") is None and "f_ref" in arrays:
        mended["f_ref"] = np.full_like(arrays["f_ref"], np.nan, dtype=float)
    if "metrics" in arrays:
        metrics, diverged = arrays["metrics"], arrays["status"] == NOT_FINITE
        worst = np.tile(np.array([np.inf, np.nan], metrics.dtype), metrics.shape[1] // 2)
        mended["metrics"] = np.where(diverged[:, None], worst, metrics)
    return mended


def _hit(facts: Facts, arrays: dict[str, NDArray[Any]]) -> NDArray[np.int64]:
    """Return the step at which each lane met its target, as version 0 read it off a grid.

    The hardest target of the grid that was not harder than the asked one counted; where it lay
    below the rounding of f_ref, the hardest one that did not.
    """
    hits = arrays["hits"]
    if not hits.shape[1]:
        return np.full(len(hits), -1, np.int64)
    grid = 10.0 ** (-np.arange(2, 21) / 2)
    if facts.get("absolute_targets"):
        grid = 10.0 ** (-np.arange(-4, 17) / 2)
    not_harder = np.flatnonzero((facts["target"] or 0.0) * (1 - 1e-9) <= grid)
    column = not_harder[-1] if len(not_harder) and facts["kind"] != "net" else 0
    hit = hits[:, min(column, hits.shape[1] - 1)]
    return np.where((hit < 0) & (arrays["status"] == TARGET), hits.max(axis=1), hit)
