"""The objective of a trial: what is tuned is what is ranked. And which trial is the best one.

NumPy only. One objective serves every kind of rule; what it is of depends on what lanes can show:
the evaluations that the asked target costs where trials get there, else the gap at the end.
"""

from __future__ import annotations

import math
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from optbench.study.lane_costs import TIE, LaneCosts

Floats: TypeAlias = NDArray[np.float64]
Bools: TypeAlias = NDArray[np.bool_]
Basis = Literal["evaluations", "gap", "value", "anytime", "validation", "training"]
"""What an objective is of."""
EVALUATIONS, FINAL, ANYTIME, VALIDATION, TRAINING = OBJECTIVES = (
    "evaluations", "final", "anytime", "validation", "training",
)  # fmt: skip
"""What a study may ask for."""
ENOUGH = 0.3
"""The share of its lanes that one trial must get to the target for evaluations to count."""
GAP_TIE = 0.01
"""Decades of gap within which trials tie."""
ROUNDING = 1e-9
"""Relative difference of mean costs that only says in which order they were added."""


def basis_of(
    kind: str, costs: LaneCosts, number: NDArray[np.integer], objective: str = EVALUATIONS
) -> Basis:
    """Return what the objective of a pair is of.

    Evaluations at the target count if one trial gets 3 in 10 of its lanes there, else the gap at
    the end, or the value itself where no reference is known. Nets are judged by the loss on the
    validation part.

    Parameters
    ----------
    kind : {"deterministic", "stochastic", "data", "net"}
    costs : LaneCosts
        Of tuning.
    number : ndarray of int [T]
        Of the trials; the default setting's, -1, decides nothing.
    objective : str
        One of `OBJECTIVES`.
    """
    if kind == "net":
        return "training" if objective == TRAINING else "validation"
    if np.isnan(costs.log_gap).any():
        return "value"
    if objective == ANYTIME:
        return "anytime"
    shares = costs.reached[:, number >= 0].mean(axis=0)
    if objective != FINAL and shares.size and shares.max() >= ENOUGH:
        return "evaluations"
    return "gap"


def log_objectives(basis: Basis, costs: LaneCosts, weights: Floats | None = None) -> Floats:
    """Return ln of the objective of each trial, less is better.

    - "evaluations": the sum of all costs over the number of lanes that reached the target, +inf
      where none did: what one success costs on average (Price 1997; Auger and Hansen 2005);
    - "gap": the geometric mean of the gaps at the end;
    - "anytime": the geometric mean of the evaluations over lanes and targets;
    - "validation", "training": the median loss;
    - "value": the median value itself, since f may be negative; it has no ratio.

    Parameters
    ----------
    basis : str
    costs : LaneCosts
        [D, T]
    weights : ndarray [B, D], optional
        How often each draw counts, in B resamples.

    Returns
    -------
    ndarray [T], or [B, T]
    """
    counts = np.ones((1, costs.shape[0])) if weights is None else weights
    if basis == "evaluations":
        with np.errstate(divide="ignore"):
            successes = weighted_sums(counts, costs.reached.astype(float))
            result = np.log(weighted_sums(counts, costs.cost) / successes)
    elif basis == "gap":
        result = math.log(10) * weighted_sums(counts, costs.log_gap) / counts.sum(axis=1)[:, None]
    elif basis == "anytime":
        result = weighted_sums(counts, costs.grid_log_cost) / counts.sum(axis=1)[:, None]
    else:
        result = weighted_medians(costs.training if basis == "training" else costs.value, counts)
        if basis != "value":
            with np.errstate(divide="ignore"):
                result = np.log(result)
    rows: Floats = result
    return rows[0] if weights is None else rows


def weighted_sums(weights: Floats, values: Floats) -> Floats:
    """Return the sums [B, T] of ``values[D, T]`` along draws, each counted `weights` [B, D] times.

    Not by BLAS, whose sums may hang on how many threads there are.
    """
    sums: Floats = np.einsum("bd,dt->bt", weights, values)
    return sums


def weighted_medians(values: Floats, weights: Floats) -> Floats:
    """Return the medians of ``values[D, T]`` along draws, each draw counted `weights` [B, D] times.

    The middle two of an even number are averaged.

    Returns
    -------
    ndarray [B, T]
    """
    order = np.argsort(values, axis=0, kind="stable")
    ordered = np.take_along_axis(values, order, axis=0)
    reaching = np.cumsum(weights[:, order], axis=1)  # [B, D, T]
    half = reaching[:, -1:, :] / 2
    low = np.argmax(reaching >= half, axis=1)
    high = np.argmax(reaching > half, axis=1)
    trials = np.arange(values.shape[1])
    left, right = ordered[low, trials], ordered[high, trials]
    middle: Floats = np.where(left == right, left, left / 2 + right / 2)
    return middle


def choose(
    basis: Basis,
    costs: LaneCosts,
    number: NDArray[np.integer],
    on_grid: bool,
    weights: Floats | None = None,
    trials: Bools | None = None,
) -> NDArray[np.intp]:
    """Return the position of the best trial, in each of B resamples.

    All trials tie that are within `LaneCosts.tie` of the best (a gap: 0.01 decades, a loss: 1 %).
    Among them the least mean cost over the whole grid of targets decides, then on a grid the middle
    of the longest run of neighbouring rates that still tie, else the first one.

    Parameters
    ----------
    basis : str
    costs : LaneCosts
        [D, T]
    number : ndarray of int [T]
        Of the trials, those of a grid by ascending rate; that of the default setting, -1, is never
        chosen.
    on_grid : bool
        Whether trials are neighbours, as the rates of a grid are.
    weights : ndarray [B, D], optional
        How often each draw counts; by default once, in one resample.
    trials : ndarray of bool [B, T], optional
        Which trials there are to choose from; by default all.

    Returns
    -------
    ndarray of int [B]
    """
    counts = np.ones((1, costs.shape[0])) if weights is None else weights
    allowed = np.broadcast_to(number >= 0, (len(counts), len(number)))
    if trials is not None:
        allowed = allowed & trials
    scores = np.where(allowed, log_objectives(basis, costs, counts), np.inf)
    best = scores.min(axis=1, keepdims=True)
    tied = allowed & (scores <= best + _tie(basis, costs))
    mean_cost = np.where(tied, weighted_sums(counts, costs.grid_cost), np.inf)
    least = mean_cost.min(axis=1, keepdims=True)
    tied &= mean_cost <= least * (1 + ROUNDING)
    positions: NDArray[np.intp] = np.argmax(tied, axis=1)
    if on_grid:
        several = np.flatnonzero(np.count_nonzero(tied, axis=1) > 1)
        positions[several] = _middle_of_run(tied[several], allowed[several])
    return positions


def _tie(basis: Basis, costs: LaneCosts) -> float:
    """Return how far above the best `log_objectives` may be to tie with it."""
    if basis in ("evaluations", "anytime"):
        return math.log(costs.tie)
    if basis == "gap":
        return GAP_TIE * math.log(10)
    return costs.floor if basis == "value" else math.log(TIE)


def _middle_of_run(tied: Bools, allowed: Bools) -> NDArray[np.intp]:
    """Return the middle of the longest run of tied trials [B, T], the lower one of two.

    Of equally long runs the first counts. Trials that are not `allowed` end no run.
    """
    count = np.cumsum(tied, axis=1, dtype=np.int32)
    before = np.maximum.accumulate(np.where(allowed & ~tied, count, 0), axis=1)
    length = np.where(tied, count - before, 0)
    last = np.argmax(length, axis=1)[:, None]
    middle = np.take_along_axis(count, last, 1) - np.take_along_axis(length, last, 1) // 2
    at: NDArray[np.intp] = np.argmax(tied & (count == middle), axis=1)
    return at


def side_to_extend(costs: LaneCosts, rates: Floats, best: int, allowed: Bools) -> int:
    """Return where a grid of rates should go on: -1 below it, 1 above it, 0 nowhere.

    Beyond the best rate if that is at an edge; below the grid if every lane of every rate left the
    finite, since then no rate is better than another.

    Parameters
    ----------
    costs : LaneCosts
        [D, T]
    rates : ndarray [T]
    best : int
        The position of the best rate.
    allowed : ndarray of bool [T]
        Which trials are of the grid.
    """
    grid = rates[allowed]
    if np.isinf(costs.value[:, allowed]).all() or rates[best] == grid.min():
        return -1
    return int(rates[best] == grid.max())
