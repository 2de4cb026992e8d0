"""What other packages make of figures of merit: as stored, and computed now."""

import json
import runpy
from pathlib import Path

import numpy as np

ORACLES = Path(__file__).parents[2] / "oracles"


def stored():
    """Return the figures by name; null is NaN."""
    return json.loads((ORACLES / "merit.json").read_text("utf-8"))


def live():
    """Return the same, made by the packages that are installed."""
    script = runpy.run_path(str(ORACLES / "make_merit.py"))
    return script["plain"](script["make"]())


def array(part):
    """Return nested lists as an array, null as NaN."""
    return np.array(part, float)


def costs(part):
    """Return costs, of which null ones are failures."""
    values = array(part)
    return np.where(np.isnan(values), np.inf, values)
