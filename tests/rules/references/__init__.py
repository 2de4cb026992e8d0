"""The table of references: for every rule and wrapper what it is compared with, and how closely.

A family of rules is a file with `ROWS`, as in `optbench.rules`.

Each row names the library's implementation, the NumPy transcription and the configurations. The
first configuration has nothing set where the library has the same defaults, so that defaults are
compared too.
"""

from pathlib import Path

import numpy as np

from . import (
    adagrad_variants,
    adam_steps,
    adam_variants,
    adaptive,
    averaging,
    curvature,
    delayed,
    distances,
    gradient,
    layer_moments,
    layerwise,
    long_memory,
    mars,
    momenta,
    momo,
    projected,
    signs,
    step_sizes,
    switching,
    wrappers_after,
    wrappers_before,
)
from .table import Case

ORACLE = Path(__file__).parent.parent.parent / "oracles" / "rules.npz"
DIM = 5
STEPS = 1000
STORED_STEPS = (1, 2, 3, 10, 100, 300, 1000)
SEED = 20240607
FAMILIES = (
    gradient, momenta, signs, adaptive, adagrad_variants, adam_variants, adam_steps, delayed,
    curvature, long_memory, switching, layerwise, layer_moments, projected, mars,
    step_sizes, momo, distances, averaging, wrappers_before, wrappers_after,
)  # fmt: skip
ROWS = {name: row for family in FAMILIES for name, row in family.ROWS.items()}
CASES = [Case(row, settings) for row in ROWS.values() for settings in row.settings]
LIBRARY_CASES = [case for case in CASES if case.reference.library]


def inputs(evaluations):
    """Return fixed gradients [evaluations, DIM], values [evaluations] and a start [DIM].

    The gradients span five orders of magnitude, so that every `eps` matters somewhere; the values
    fall, level off and then become negative, so that plateaus are found.
    """
    rng = np.random.default_rng(SEED)
    start = rng.standard_normal(DIM)
    steps = np.arange(evaluations)
    level = np.where(steps < 150, 0.5, -0.5)
    values = 2.0 * np.exp(-steps / 20.0) + level + 0.02 * rng.standard_normal(evaluations)
    scales = 10.0 ** np.arange(-2, DIM - 2)
    gradients = scales * (0.3 + rng.standard_normal((evaluations, DIM)))
    return gradients, values, start


def stored_rows(points, evaluations):
    """Pick the rows of points [evaluations, d] that the oracle file holds: one a stored step.

    Reported points are taken at the end of these steps, query points after the first gradient of
    each (SAM's perturbed points).
    """
    reported, query = points
    steps = np.array(STORED_STEPS)
    return reported[steps * evaluations], query[(steps - 1) * evaluations + 1]


def distance(found, expected):
    """Largest |found - expected|, relative to |expected| plus its root mean square in time.

    It is infinite where `expected` is not finite: such a comparison would say nothing.
    """
    if not np.isfinite(expected).all():
        return np.inf
    largest = np.max(np.abs(expected), axis=0)
    shares = np.divide(expected, largest, out=np.zeros_like(expected), where=largest > 0.0)
    scale = np.abs(expected) + largest * np.sqrt(np.mean(shares**2, axis=0))
    error = np.abs(found - expected)
    return float(np.max(np.divide(error, scale, out=np.array(error), where=scale > 0.0)))
