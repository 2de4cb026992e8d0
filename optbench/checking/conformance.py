"""The matrix of conformance: how far every rule is from an implementation that others wrote.

``make conformance`` compares with the libraries as they are installed, and writes down what it
found, with their versions, in the file beside this one. In a source tree with these libraries the
comparison can be made anew; elsewhere what was found is shown.
"""

import csv
import importlib
import importlib.util
import sys
from pathlib import Path

FILE = Path(__file__).with_name("conformance.csv")
COLUMNS = (
    "rule", "configuration", "reference", "version", "steps", "compared", "max_error", "tolerance",
)  # fmt: skip
LIBRARIES = ("torch", "jax", "optax", "pytorch_optimizer", "schedulefree")
ROOT = Path(__file__).resolve().parents[2]


def stored(rules=()):
    """Return the rows that ``make conformance`` wrote, as dicts by `COLUMNS`.

    Parameters
    ----------
    rules : sequence of str
        Only these; () for all.
    """
    with FILE.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        row.update(steps=int(row["steps"]))
        row.update({name: float(row[name]) for name in ("max_error", "tolerance")})
    return [row for row in rows if not rules or row["rule"] in rules]


def missing():
    """Return what keeps the comparison from being made anew, or None."""
    if not (ROOT / "tests" / "rules" / "matrix.py").is_file():
        return "this is not a source tree"
    absent = [name for name in LIBRARIES if importlib.util.find_spec(name) is None]
    return f"{', '.join(absent)} not installed" if absent else None


def live(rules=()):
    """Yield the rows anew; see `missing`."""
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    matrix = importlib.import_module("tests.rules.matrix")
    return matrix.rows(rules)


def write(rows):
    """Write the rows down."""
    with FILE.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        for row in rows:
            errors = {name: f"{row[name]:.1e}" for name in ("max_error", "tolerance")}
            writer.writerow({**row, **errors})


def failed(row):
    """Whether a row's error is beyond its tolerance, or not a number."""
    return not row["max_error"] <= row["tolerance"]


def summary(rules):
    """Return one dict a rule and reference, with the number of configurations and the worst error.

    Parameters
    ----------
    rules : sequence of str
    """
    groups = {}
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
