"""What laws are tried on: every rule but those of matrices, some wrappers, random gradients."""

import numpy as np
from hypothesis import settings

import optbench

# matrix rules have tests of their own
RULES = [name for name, rule in optbench.optimizers().items() if not rule.matrix]
WRAPPED = [
    "adam[clip_norm=1]",
    "momentum[sam_rho=0.3]",
    "gd[plateau_factor=0.5,plateau_patience=2]",
    "schedule_free_sgd[sam_rho=0.3,clip_norm=1,plateau_factor=0.5,plateau_patience=0]",
]
# sums over the lane's coordinates come out differently in another order
COORDINATEWISE = [n for n, r in optbench.optimizers().items() if "measure" not in r.functions]
LAYERWISE = [name for name, rule in optbench.optimizers().items() if rule.layerwise]
EVERY = RULES + WRAPPED

few = settings(max_examples=15)


def random_inputs(seed, count=30, d=6):
    """Return random gradients, values and a start."""
    rng = np.random.default_rng(seed)
    gradients = rng.standard_normal((count, d)) * 10.0 ** rng.uniform(-1, 1, d)
    return gradients, rng.standard_normal(count), rng.standard_normal(d)
