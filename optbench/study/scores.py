"""How lanes are scored in tuning, and which rate that makes the best one. NumPy only."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optbench.kernels.status import NOT_FINITE


def lane_scores(kind: str, arrays: Mapping[str, NDArray[Any]]) -> NDArray[np.float64]:
    """Score lanes for tuning; not finite is +inf.

    Deterministic problems are scored by the best gap, nets by the validation loss at the end, and
    the others by the gap at the last record; by the value itself where no reference is known.

    Parameters
    ----------
    kind : {"deterministic", "stochastic", "data", "net"}
    arrays : dict of str to ndarray
        Of a cell; see `computing.compute`.

    Returns
    -------
    ndarray [lanes]
    """
    if kind == "net":
        scores = arrays["metrics"][:, 2].astype(float)
    else:
        f = arrays["f_best" if kind == "deterministic" else "f_final"].astype(float)
        f_ref = arrays["f_ref"]
        scores = f - np.where(np.isnan(f_ref), 0.0, f_ref)
    finite = np.isfinite(scores) & (arrays["status"] != NOT_FINITE)
    return np.where(finite, scores, math.inf)


def best_rate(rates: NDArray[np.float64], scores: NDArray[np.float64]) -> float:
    """Return the rate with the least score; ties go to the smaller rate."""
    return float(rates[np.argmin(scores)])
