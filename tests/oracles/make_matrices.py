"""Make matrices.npz: trajectories of matrix rules by other libraries, in float64.

Run ``python tests/oracles/make_matrices.py`` in an environment with the extra ``oracles``. The
fixed gradients are made again by the tests (tests/rules/references/matrices.py); the file holds the
points [7, 40] of steps 1, 2, 3, 10, 100, 300 and 1000, NaN for tensors that are left out.
"""

import json
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np

FILE = Path(__file__).with_name("matrices.npz")


def make(references, libraries):
    """Return everything that the file holds."""
    gradients, start = references.inputs()
    arrays = {
        case.id: libraries.library_walk(case, gradients, start)[list(references.STORED_STEPS)]
        for case in references.LIBRARY_CASES
    }
    names = ("torch", "optax", "jax", "pytorch_optimizer", "numpy")
    arrays["made_by"] = np.array(json.dumps({name: version(name) for name in names}))
    return arrays


if __name__ == "__main__":
    sys.path.insert(0, str(FILE.parent.parent))
    from rules import matrix_libraries
    from rules.references import matrices

    np.savez_compressed(FILE, **make(matrices, matrix_libraries))
    print(FILE, FILE.stat().st_size, "bytes")
