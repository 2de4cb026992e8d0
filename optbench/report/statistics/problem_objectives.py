"""What optimizers of a problem are compared by, and their objectives where some had no success."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from optbench.report.statistics.pair_lanes import PairLanes
from optbench.study.lane_costs import LaneCosts
from optbench.study.objective import FINAL, Basis, log_objectives, weighted_sums

Floats = NDArray[np.float64]


def compared_by(lanes: PairLanes, costs: LaneCosts) -> Basis:
    """Return what lanes on a problem are compared by.

    Evaluations at the target as soon as one of them reached it, whatever the trials of tuning were
    judged by, so that one number orders all that are compared; else the gap at the end, or the
    value where no reference is known. Losses of nets and what a study asks for are the same for
    all.

    Parameters
    ----------
    lanes : PairLanes
        Of one of the optimizers.
    costs : LaneCosts
        [D, n] of all that are compared, in scoring.
    """
    if lanes.basis not in ("evaluations", "gap"):
        return lanes.basis
    if lanes.facts["objective"] != FINAL and costs.reached.any():
        return "evaluations"
    return "value" if np.isnan(costs.log_gap).any() else "gap"


def bounded_logs(basis: Basis, costs: LaneCosts, counts: Floats | None = None) -> Floats:
    """Return ln of objectives, of those without a success a lower bound; see `log_bounds`."""
    return log_bounds(basis, costs, counts)[0]


def log_bounds(
    basis: Basis, costs: LaneCosts, counts: Floats | None = None
) -> tuple[Floats, Floats]:  # fmt: skip
    """Return bounds of ln of objectives, which differ for those without a success.

    One success costs at least the evaluations of all lanes together where none had one: as if one
    had at the end of its budget; nothing bounds it above. All else is as
    `objective.log_objectives` has it.

    Parameters
    ----------
    basis : str
    costs : LaneCosts
        [D, T]
    counts : ndarray [B, D], optional
        How often each draw counts in B resamples.

    Returns
    -------
    low, high : ndarray [T], or [B, T]
    """
    logs = log_objectives(basis, costs, counts)
    if basis != "evaluations" or np.isfinite(logs).all():
        return logs, logs
    own = np.ones((1, costs.shape[0])) if counts is None else counts
    spent = np.log(weighted_sums(own, costs.cost))
    low = np.where(np.isfinite(logs), logs, spent if counts is not None else spent[0])
    return low, logs


def above_best(logs: Floats) -> Floats:
    """Return ln of the ratios to the best [..., n]: 0 for it, also where the best is infinite."""
    best = logs.min(axis=-1, keepdims=True)
    with np.errstate(invalid="ignore"):
        return np.where(logs == best, 0.0, logs - best)
