"""The tables of a results file, and how values are written into them.

``PRAGMA user_version`` numbers the versions; `store_upgrades` has what earlier ones looked like.
"""

import io
import json
import math
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

VERSION = 1
LAYER_COLUMNS = {
    "step": "INTEGER NOT NULL",
    "layer": "INTEGER NOT NULL",
    "units": "INTEGER NOT NULL",
    "mean": "REAL",
    "std": "REAL",
    "saturated": "REAL",
    "dead": "INTEGER NOT NULL",
    "gradient_norm": "REAL",
    "weight_norm": "REAL",
    "update_ratio": "REAL",
    "weight_low": "REAL",
    "weight_high": "REAL",
    "weight_counts": "TEXT NOT NULL",
}
LAYERS = tuple(LAYER_COLUMNS)
"""Columns of the table ``layers``: a row for each point of training and layer of a net that was
diagnosed (see `nets.diagnosis.LayerStatistics`). NULL is not a number; `weight_counts` is a JSON
list, the weights in equal bins from `weight_low` to `weight_high`."""
SCHEMA = f"""
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
    cell TEXT NOT NULL REFERENCES cells (id),
    {", ".join(f"{name} {kind}" for name, kind in LAYER_COLUMNS.items())},
    PRIMARY KEY (cell, step, layer));
"""
"""``facts`` are JSON objects: of a pair its budget, dtype and device; of a cell the hash of the
code, versions and CPU that computed it, its reference value and its seconds."""


def plain_json(value: object) -> str:
    """Return JSON in which NaN and infinities are null and NumPy's scalars are numbers."""
    return json.dumps(_plain(value), allow_nan=False)


def _plain(value: object) -> object:
    """Return a value in types and numbers that JSON has."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def blob(array: NDArray[Any]) -> tuple[bytes, int]:
    """Return an array in NumPy's format, little-endian, and its checksum."""
    data = io.BytesIO()
    array = np.asarray(array)
    little = array.astype(array.dtype.newbyteorder("<"), order="C", copy=False)
    np.save(data, little, allow_pickle=False)
    return data.getvalue(), checksum(data.getvalue())


def checksum(data: bytes) -> int:
    """Return the checksum that is stored beside bytes."""
    return zlib.crc32(data)
