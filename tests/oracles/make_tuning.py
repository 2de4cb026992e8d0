"""Write tuning.json, confidence bands that opda simulates: python tests/oracles/make_tuning.py.

They take seconds each, of 100,000 samples. `make test` reads what is stored.
"""

import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
from opda.nonparametric import EmpiricalDistribution

COUNTS = (2, 5, 31, 100)
LEVEL = 0.95


def band(n):
    """Return the ends of the distribution function between n sorted trials, from opda's bands."""
    lower, _, upper = EmpiricalDistribution.confidence_bands(
        np.arange(1.0, n + 1), LEVEL, method="ld_equal_tailed", n_jobs=1,
        generator=np.random.default_rng(n),
    )  # fmt: skip
    at = np.arange(0.0, n + 1) + 0.5
    return [lower.cdf(at).tolist(), upper.cdf(at).tolist()]


if __name__ == "__main__":
    stored = {
        "versions": {name: version(name) for name in ("opda", "numpy", "scipy")},
        "level": LEVEL,
        "bands": {str(n): band(n) for n in COUNTS},
    }
    Path(__file__).with_name("tuning.json").write_text(json.dumps(stored, indent=1) + "\n")
