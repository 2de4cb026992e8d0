"""Make rules.npz: trajectories of update rules by other libraries, in float64.

Run ``python tests/oracles/make_rules.py`` in an environment with the extra ``oracles``. The fixed
gradients are made again by the tests (tests/rules/references); the file holds, for each case, the
reported points [7, 5] of steps 1, 2, 3, 10, 100, 300 and 1000, the query points where they are
others, and the states that are compared.
"""

import json
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np

FILE = Path(__file__).with_name("rules.npz")


def make(references, libraries):
    """Return everything that the file holds."""
    arrays = {}
    for case in references.LIBRARY_CASES:
        gradients, values, start = references.inputs(references.STEPS * case.evaluations)
        *points, states = libraries.library_walk(
            case, gradients, values, start, references.STORED_STEPS
        )
        reported, query = references.stored_rows(points, case.evaluations)
        arrays[f"{case.id}/reported"] = reported
        if not np.array_equal(query, reported):
            arrays[f"{case.id}/query"] = query
        for name, rows in states.items():
            arrays[f"{case.id}/state/{name}"] = rows
    versions = {name: version(name) for name in libraries.LIBRARIES}
    arrays["made_by"] = np.array(json.dumps(versions))
    return arrays


if __name__ == "__main__":
    sys.path.insert(0, str(FILE.parent.parent))
    from rules import libraries, references

    np.savez_compressed(FILE, **make(references, libraries))
    print(FILE, FILE.stat().st_size, "bytes")
