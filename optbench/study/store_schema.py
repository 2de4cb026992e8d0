"""The tables of a results file, and how values are written into them.

``PRAGMA user_version`` numbers the formats; `store_versions` says what becomes of earlier ones.
"""

import json
import math
import zlib
from typing import TypeAlias

import numpy as np

VERSION = 3
CellNames: TypeAlias = tuple[str, str, str, int]
"""How the store names a cell: labels of optimizer and problem, phase, part."""
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
READINGS = ("rate", "sharpness", "distance", "noise_scale", "alpha")
"""What the last axis of a cell's array ``instruments`` holds of a point of training: the rate of
the step from there (at the end, of the last one); the largest eigenvalue of the Hessian; the
distance from the start; the gradient noise scale; `alpha` of the step that led there."""
SCHEMA = f"""
CREATE TABLE manifest (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE invocations (number INTEGER PRIMARY KEY, facts TEXT NOT NULL);
CREATE TABLE problems (label TEXT PRIMARY KEY, facts TEXT NOT NULL);
CREATE TABLE pairs (
    number INTEGER PRIMARY KEY, optimizer TEXT NOT NULL, label TEXT NOT NULL, state TEXT NOT NULL,
    reason TEXT, trace TEXT, facts TEXT NOT NULL, UNIQUE (optimizer, label));
CREATE TABLE axes (
    number INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, checksum INTEGER NOT NULL,
    data BLOB NOT NULL);
CREATE TABLE cells (
    id TEXT PRIMARY KEY, facts TEXT NOT NULL, facts_checksum INTEGER NOT NULL,
    axes INTEGER REFERENCES axes (number), checksum INTEGER NOT NULL, data BLOB NOT NULL);
CREATE TABLE named (
    pair INTEGER NOT NULL REFERENCES pairs (number), phase TEXT NOT NULL,
    part INTEGER NOT NULL, cell TEXT NOT NULL REFERENCES cells (id),
    UNIQUE (pair, cell));
CREATE TABLE layers (
    cell TEXT NOT NULL REFERENCES cells (id),
    {", ".join(f"{name} {kind}" for name, kind in LAYER_COLUMNS.items())},
    PRIMARY KEY (cell, step, layer));
"""
"""``facts`` are JSON objects: of a pair its budget, dtype and device; of a cell the hash of the
code, versions and CPU that computed it and its seconds. ``data`` are arrays, see `store_arrays`:
those of a cell lie in its own row, but for the instances, seeds and trials that it shares with
others. ``part`` numbers the cells that a pair has in one phase: a grid of rates may be extended."""


STRICT = json.JSONEncoder(allow_nan=False)


def plain_json(value: object) -> str:
    """Return JSON in which NaN and infinities are null and NumPy's scalars are numbers."""
    try:
        return STRICT.encode(value)  # nearly all values are plain as they are
    except (TypeError, ValueError):
        return STRICT.encode(_plain(value))


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


def checksum(data: bytes) -> int:
    """Return the checksum that is stored beside bytes."""
    return zlib.crc32(data)
