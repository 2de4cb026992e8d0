"""The tables of a results file, how older files become files of this version, how they are opened.

``PRAGMA user_version`` numbers the versions. Version 0 (optbench 0.1.0) had one table of cells with
all facts in each, and arrays as raw bytes.
"""

import fcntl
import io
import json
import math
import shutil
import sqlite3
import tempfile
import zlib
from pathlib import Path

import numpy as np

from optbench.errors import ResultsError
from optbench.kernels.status import NOT_FINITE

VERSION = 1
LOCK = "run.lock"
"""The file that the writing process locks."""
SCHEMA = """
CREATE TABLE manifest (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE invocations (number INTEGER PRIMARY KEY, facts TEXT NOT NULL);
CREATE TABLE problems (label TEXT PRIMARY KEY, facts TEXT NOT NULL);
CREATE TABLE pairs (
    number INTEGER PRIMARY KEY, optimizer TEXT NOT NULL, label TEXT NOT NULL, state TEXT NOT NULL,
    reason TEXT, trace TEXT, facts TEXT NOT NULL, UNIQUE (optimizer, label));
CREATE TABLE cells (id TEXT PRIMARY KEY, facts TEXT NOT NULL, checksum INTEGER NOT NULL);
CREATE TABLE named (
    pair INTEGER NOT NULL REFERENCES pairs (number), phase TEXT NOT NULL,
    instance INTEGER NOT NULL, cell TEXT NOT NULL REFERENCES cells (id),
    UNIQUE (pair, cell));
CREATE TABLE arrays (
    cell TEXT NOT NULL REFERENCES cells (id), name TEXT NOT NULL, data BLOB NOT NULL,
    checksum INTEGER NOT NULL, PRIMARY KEY (cell, name));
CREATE TABLE layers (
    cell TEXT NOT NULL REFERENCES cells (id), step INTEGER NOT NULL, layer INTEGER NOT NULL,
    units INTEGER NOT NULL, mean REAL, std REAL, saturated REAL, dead INTEGER NOT NULL,
    gradient_norm REAL, weight_norm REAL, update_ratio REAL, weight_low REAL, weight_high REAL,
    weight_counts TEXT NOT NULL, PRIMARY KEY (cell, step, layer));
"""
"""``facts`` are JSON objects: of a pair its budget, dtype and device; of a cell the hash of the
code, versions and CPU that made it, its reference value and its seconds."""
LAYERS = (
    "step", "layer", "units", "mean", "std", "saturated", "dead", "gradient_norm", "weight_norm",
    "update_ratio", "weight_low", "weight_high", "weight_counts",
)  # fmt: skip
"""Columns of the table ``layers``: a row for each point of training and layer of a net that was
looked into (see `nets.diagnosis.LayerStatistics`). NULL is not a number; `weight_counts` is a JSON
list, the weights in equal bins from `weight_low` to `weight_high`."""


def plain_json(value):
    """Return JSON in which NaN and infinities are null and NumPy's scalars are numbers."""
    return json.dumps(_plain(value), allow_nan=False)


def _plain(value):
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def blob(array):
    """Return an array in NumPy's format, little-endian, and its checksum."""
    data = io.BytesIO()
    array = np.asarray(array)
    little = array.astype(array.dtype.newbyteorder("<"), order="C", copy=False)
    np.save(data, little, allow_pickle=False)
    return data.getvalue(), zlib.crc32(data.getvalue())


def readable(path):
    """Open a results file so that nothing beside or in it changes; return the connection.

    A file that is being written is read through its journal. One whose writer was killed is read
    from a copy, since to settle its journal would write. Files of older versions are upgraded in
    memory.
    """
    path = Path(path).resolve()
    journal = path.with_name(path.name + "-wal")
    if is_held(path.parent):
        return _current(_connect(path, "mode=ro"), path)
    if journal.exists() and journal.stat().st_size:
        with tempfile.TemporaryDirectory() as folder:
            for part in (path, journal):
                shutil.copy(part, folder)
            copy = sqlite3.connect(Path(folder) / path.name)
            try:
                return _current(_in_memory(copy), path)
            finally:
                copy.close()
    with path.open("rb") as file:
        journalled = file.read(20)[18:19] == b"\2"  # it would make files beside it, to be read
    return _current(_connect(path, "mode=ro" + "&immutable=1" * journalled), path)


def is_held(folder):
    """Say whether a process writes into the run in `folder` now."""
    try:
        with (Path(folder) / LOCK).open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False


def _connect(path, options):
    return sqlite3.connect(f"{path.as_uri()}?{options}", uri=True, check_same_thread=False)


def _in_memory(connection):
    copy = sqlite3.connect(":memory:", check_same_thread=False)
    connection.backup(copy)
    return copy


def _current(connection, path):
    """Return a connection to a file of this version: an older one is upgraded in memory."""
    try:
        version = version_of(connection, path)
        if version == VERSION:
            return connection
        if version is None:
            raise ResultsError(f"{path}: is empty: nothing was stored; run the study again")
        copy = _in_memory(connection)
    except BaseException:
        connection.close()
        raise
    connection.close()
    upgrade(copy, path)
    return copy


def version_of(connection, path):
    """Return the version of a file, None if it is empty; refuse files of later versions."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
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


def upgrade(connection, path):
    """Bring a new or an older file to this version, in one transaction."""
    version = version_of(connection, path)
    if version == VERSION:
        return
    old = _read_version_0(connection) if version == 0 else None
    connection.execute("BEGIN IMMEDIATE")
    try:
        for statement in _dropped(connection) + SCHEMA.split(";"):
            connection.execute(statement)
        if old:
            _write_from_version_0(connection, *old)
        connection.execute(f"PRAGMA user_version = {VERSION}")
    except BaseException:
        connection.rollback()
        raise
    connection.commit()


def _dropped(connection):
    names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    return [f"DROP TABLE {name}" for (name,) in names]


OF_PROBLEM = (
    "problem", "dim", "kind", "family", "tags", "target", "target_text", "absolute_targets",
    "measure", "local",
)  # fmt: skip
"""Facts about a problem; stored once a problem."""
OF_PAIR = (
    "rule", "steps", "evaluations_per_step", "unit", "dtype", "seeds", "extended", "at_edge",
)  # fmt: skip
"""Facts about a pair that version 0 stored in each cell."""


def _read_version_0(connection):
    """Return (manifest, cells, arrays, layers) of a file of version 0."""
    manifest = {k: json.loads(v) for k, v in connection.execute("SELECT key, value FROM manifest")}
    cells = {
        cell: json.loads(facts) for cell, facts in connection.execute("SELECT id, facts FROM cells")
    }
    arrays = [
        (cell, name, np.frombuffer(data, np.dtype(dtype)).reshape(json.loads(shape)))
        for cell, name, dtype, shape, data in connection.execute(
            "SELECT cell, name, dtype, shape, data FROM arrays"
        )
    ]
    layers = connection.execute(f"SELECT cell, {', '.join(LAYERS)} FROM layers").fetchall()
    return manifest, cells, arrays, layers


def _write_from_version_0(connection, manifest, cells, arrays, layers):
    """Fill the tables of this version; an unknown reference, then stored as 0, becomes NaN."""
    _write_manifest(connection, manifest)
    numbers = _write_pairs(connection, manifest, cells)
    for cell, facts in cells.items():
        own = {k: v for k, v in facts.items() if k not in (*OF_PROBLEM, *OF_PAIR)}
        for name in ("optimizer", "label", "phase", "instance"):
            own.pop(name)
        own |= {"versions": manifest.get("versions"), "cpu": manifest.get("cpu")}
        text = plain_json(own)
        row = (cell, text, zlib.crc32(text.encode()))
        connection.execute("INSERT INTO cells VALUES (?, ?, ?)", row)
        place = numbers[facts["optimizer"], facts["label"]], facts["phase"], facts["instance"]
        connection.execute("INSERT INTO named VALUES (?, ?, ?, ?)", (*place, cell))
    of_cell = {}
    for cell, name, array in arrays:
        of_cell.setdefault(cell, {})[name] = array
    arrays += [(cell, "hit", _hit_of_version_0(cells[cell], a)) for cell, a in of_cell.items()]
    for cell, name, array in arrays:
        if name == "f_ref" and cells[cell].get("f_ref") is None:
            array = np.full_like(array, np.nan, dtype=float)
        if name == "metrics":  # were those of the last finite record
            diverged = of_cell[cell]["status"] == NOT_FINITE
            worst = np.tile(np.array([np.inf, np.nan], array.dtype), array.shape[1] // 2)
            array = np.where(diverged[:, None], worst, array)
        row = (cell, name, *blob(array))
        connection.execute("INSERT INTO arrays VALUES (?, ?, ?, ?)", row)
    places = ", ".join("?" * (1 + len(LAYERS)))
    connection.executemany(f"INSERT INTO layers VALUES ({places})", layers)


def _hit_of_version_0(facts, arrays):
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
    asked = hits[:, min(column, hits.shape[1] - 1)]
    return np.where((asked < 0) & (arrays["status"] == 0), hits.max(axis=1), asked)


def _write_manifest(connection, manifest):
    """Write the manifest; what told of a single invocation becomes one."""
    whole = ("run", "study", "created", "study_seed")
    spent = {k: v for k, v in manifest.items() if k not in (*whole, "pairs", "skipped", "cells")}
    connection.execute(
        "INSERT INTO invocations (facts) VALUES (?)",
        (plain_json({**spent, "started": manifest.get("created")}),),
    )
    connection.executemany(
        "INSERT INTO manifest VALUES (?, ?)",
        [(key, plain_json(manifest[key])) for key in whole if key in manifest],
    )


def _write_pairs(connection, manifest, cells):
    """Write problems and pairs; return the numbers of the pairs by (optimizer, label)."""
    of_pair, of_problem, scored = {}, {}, set()
    for facts in cells.values():
        key = facts["optimizer"], facts["label"]
        of_problem[facts["label"]] = {
            "absolute_targets": False, "measure": "accuracy", "local": True,
            **{k: facts[k] for k in OF_PROBLEM if k in facts},
        }  # fmt: skip
        known = of_pair.setdefault(key, {"device": facts.get("device", "cpu")})
        known.update({k: facts[k] for k in OF_PAIR if k in facts})
        known["has_rate"] = not facts["optimizer"].startswith(("scipy_", "random_search"))
        known["budget"] = round(facts["steps"] * facts["evaluations_per_step"])
        if facts["phase"] == "scoring":
            scored.add(key)
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
    rows += [(o, p, "skipped", reason, "{}") for o, p, reason in manifest.get("skipped", [])]
    connection.executemany(
        "INSERT INTO pairs (optimizer, label, state, reason, facts) VALUES (?, ?, ?, ?, ?)", rows
    )
    numbers = connection.execute("SELECT optimizer, label, number FROM pairs").fetchall()
    return {(optimizer, label): number for optimizer, label, number in numbers}
