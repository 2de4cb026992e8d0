"""How lanes are scored in tuning, and which rate that makes the best one. NumPy only."""

import math

import numpy as np

from optbench.kernels.status import NOT_FINITE


def lane_scores(kind, arrays):
    """Score lanes for tuning; not finite is +inf.

    Deterministic problems are scored by the best gap, nets by the validation loss at the end, and
    the others by the gap at the last record; by the value itself where no reference is known.
    """
    if kind == "net":
        scores = arrays["metrics"][:, 2].astype(float)
    else:
        f = arrays["f_best" if kind == "deterministic" else "f_final"].astype(float)
        f_ref = arrays["f_ref"]
        scores = f - np.where(np.isnan(f_ref), 0.0, f_ref)
    scores = np.where(arrays["status"] == NOT_FINITE, math.inf, scores)
    return np.where(np.isfinite(scores), scores, math.inf)


def best_rate(rates, scores):
    """Return the rate with the least score; ties go to the smaller rate."""
    return rates[np.argmin(scores)]
