"""The matrix of conformance: how far every rule is from an implementation that others wrote.

The table beside this file was measured with the libraries themselves, whose versions it names;
``make conformance`` of the source tree measures again and holds the results against it.
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("conformance.csv")
COLUMNS = (
    "rule", "configuration", "reference", "version", "steps", "compared", "max_error", "tolerance",
)  # fmt: skip


def stored(rules: Collection[str] = ()) -> list[dict[str, Any]]:
    """Return the rows of the table as dicts by `COLUMNS`.

    Parameters
    ----------
    rules : collection of str
        Only these; () for all.
    """
    with FILE.open(newline="", encoding="utf-8") as file:
        rows: list[dict[str, Any]] = list(csv.DictReader(file))
    for row in rows:
        row.update(steps=int(row["steps"]))
        row.update({name: float(row[name]) for name in ("max_error", "tolerance")})
    return [row for row in rows if not rules or row["rule"] in rules]


def failed(row: Mapping[str, Any]) -> bool:
    """Whether a row's error is beyond its tolerance, or not a number."""
    error: float = row["max_error"]
    return not error <= row["tolerance"]


def summary(rules: Collection[str]) -> list[dict[str, Any]]:
    """Return one dict a rule and reference, with the number of configurations and the worst error.

    Parameters
    ----------
    rules : collection of str
    """
    groups: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for row in stored(rules):
        groups.setdefault((row["rule"], row["reference"], row["version"]), []).append(row)
    return [
        {
            **rows[0],
            "configurations": len(rows),
            "max_error": max(row["max_error"] for row in rows),
            "failed": any(failed(row) for row in rows),
        }
        for rows in groups.values()
    ]
