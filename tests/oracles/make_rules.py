"""Make rules.npz: trajectories of update rules by torch and optax, in float64.

Run ``python tests/oracles/make_rules.py`` in an environment with torch, JAX and optax. The fixed
gradients are made again by the tests (tests/rules/references); the file holds, for each case,
the reported and the query points [6, 5] of steps 1, 2, 3, 10, 100 and 200.
"""

import json
import sys
from pathlib import Path

import numpy as np

FILE = Path(__file__).with_name("rules.npz")


def make(references, libraries):
    """Return everything that the file holds."""
    import jax
    import optax
    import torch

    arrays = {}
    for case in references.LIBRARY_CASES:
        gradients, values, start = references.inputs(references.STEPS * case.evaluations)
        points = libraries.library_walk(case, gradients, values, start)
        reported, query = references.stored_rows(points, case.evaluations)
        arrays[f"{case.id}/reported"] = reported
        arrays[f"{case.id}/query"] = query
    modules = {"torch": torch, "jax": jax, "optax": optax, "numpy": np}
    versions = {name: str(module.__version__) for name, module in modules.items()}
    arrays["made_by"] = np.array(json.dumps(versions))
    return arrays


if __name__ == "__main__":
    sys.path.insert(0, str(FILE.parent.parent))
    from rules import libraries, references

    np.savez_compressed(FILE, **make(references, libraries))
    print(FILE, FILE.stat().st_size, "bytes")
