"""How trials are scored in tuning, and which is the best one. NumPy only."""

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
    ndarray [D, T]
    """
    if kind == "net":
        scores = arrays["metrics"][..., 2].astype(float)
    else:
        f = arrays["f_best" if kind == "deterministic" else "f_final"].astype(float)
        f_ref = arrays["f_ref"][:, None]
        scores = f - np.where(np.isnan(f_ref), 0.0, f_ref)
    finite = np.isfinite(scores) & (arrays["status"] != NOT_FINITE)
    return np.where(finite, scores, math.inf)


def trial_scores(kind: str, arrays: Mapping[str, NDArray[Any]]) -> NDArray[np.float64]:
    """Return the score of each trial of a tuning cell [T]: the median over its draws."""
    scores: NDArray[np.float64] = np.median(lane_scores(kind, arrays), axis=0)
    return scores


def best_trial(number: NDArray[np.integer], scores: NDArray[np.float64]) -> int:
    """Return the position of the trial with the least score; ties go to the first.

    The trial of the default setting, number -1, is never chosen.
    """
    return int(np.argmin(np.where(number < 0, np.inf, scores)))
