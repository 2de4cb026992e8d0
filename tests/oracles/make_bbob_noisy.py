"""Make bbob_noisy.txt: values of COCO's suite bbob-noisy, in a process that evaluates nothing else.

Run ``python tests/oracles/make_bbob_noisy.py`` in an environment with coco-experiment.
"""

from importlib.metadata import version
from pathlib import Path

import cocoex
import numpy as np

FILE = Path(__file__).with_name("bbob_noisy.txt")
SELECTION = "dimensions: 2,5 instance_indices: 1,15"

if __name__ == "__main__":
    lines = [
        f"# Values of COCO's suite bbob-noisy, by coco-experiment {version('coco-experiment')}.",
        "# Rows: function instance x value, full digits. The order is that of the evaluations in",
        "# one process, since COCO draws the numbers of its noise one after the other.",
    ]
    for problem in cocoex.Suite("bbob-noisy", "", SELECTION):
        number, dim, instance = problem.id_function, problem.dimension, problem.id_instance
        x = np.random.default_rng([number, dim, instance]).uniform(-5.5, 5.5, dim)
        point = ",".join(map(repr, x.tolist()))
        lines.append(f"{number} {instance} {point} {float(problem(x))!r}")
    FILE.write_text("\n".join(lines) + "\n")
    print(FILE, FILE.stat().st_size, "bytes")
