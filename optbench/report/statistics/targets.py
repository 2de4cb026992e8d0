"""Which lanes reached the target that was asked for, and after how many evaluations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optbench.kernels.status import NOT_FINITE, rounding_floor
from optbench.report.statistics.rows import Facts


def reached(facts: Facts, arrays: Mapping[str, NDArray[Any]]) -> NDArray[np.float64]:
    """Return for each lane of a stored cell 1 where it reached its target, 0 where not.

    Parameters
    ----------
    facts, arrays : dict
        A stored cell. ``arrays["hit"]`` holds the step at which the target was first met, exactly
        as it was asked for; -1 where it was not.

    Returns
    -------
    ndarray [lanes]
        NaN where there is no target: no reference value is known, or rounding hides a gap as small
        as the target. A lane that later diverged counts as a failure.
    """
    hit = (arrays["hit"] >= 0) & (arrays["status"] != NOT_FINITE)
    return np.where(_has_target(facts, arrays), hit.astype(float), np.nan)


def _has_target(facts: Facts, arrays: Mapping[str, NDArray[Any]]) -> NDArray[np.bool_]:
    if facts["kind"] == "net":
        return np.ones(len(arrays["hit"]), bool)
    f_ref = arrays["f_ref"]
    gap = np.full(len(f_ref), facts["target"])
    if not facts["absolute_targets"]:
        # A start that is not finite has no gap; the lane is a failure all the same.
        start = arrays["f_start"].astype(float) - f_ref
        gap = np.where(np.isfinite(start), gap * start, np.where(np.isnan(f_ref), np.nan, np.inf))
    is_visible = gap >= rounding_floor(f_ref, facts["dtype"])
    return np.asarray(~np.isnan(f_ref) & is_visible, dtype=bool)


def evaluations_to_target(facts: Facts, arrays: Mapping[str, NDArray[Any]]) -> NDArray[np.float64]:
    """Return the evaluations of each lane up to its target [lanes], NaN where it was not reached.

    Evaluations are numbered from 1: a target that is met at the start is met at evaluation 1.
    """
    spent = arrays["hit"] * facts["evaluations_per_step"] + 1.0
    return np.where(reached(facts, arrays) == 1.0, spent, np.nan)
