"""What an optimizer's objective might have been: tuned on other draws and trials, scored on others.

A ratio of objectives rests on luck of three kinds: which instances it was tuned on, which rates or
settings were tried, and which instances it was scored on. The resamples here draw all of them
anew: the tuning instances, the trials that there are to choose from, the choice that follows from
both, and the scoring instances, which are the same for all optimizers of a problem.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optbench.report.comparing.trials_at_hand import trials_at_hand
from optbench.report.statistics.intervals import medians
from optbench.report.statistics.pair_lanes import PairLanes
from optbench.report.statistics.problem_objectives import log_bounds
from optbench.report.statistics.resampling import (
    RESAMPLES,
    SCORING,
    TUNING,
    draw_counts,
    resampled_interval,
)
from optbench.study.objective import Basis, choose

FEWEST_TUNED = 6
"""Tuning instances from which the choice on a net is resampled on them."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Objectives:
    """ln of the objective of an optimizer in each resample, between bounds.

    Attributes
    ----------
    low, high : ndarray [B]
        They differ where no lane reached the target: one success costs at least all evaluations
        that were spent, and there is no upper bound.
    instances : int
        How many instances were resampled to be scored on.
    fixed : bool
        Whether the choice was not made again: the ratio is one at these settings.
    """

    low: Floats
    high: Floats
    instances: int
    fixed: bool


def objectives(lanes: PairLanes, positions: NDArray[np.intp], basis: Basis) -> Objectives:
    """Return the resampled objectives of an optimizer on a problem.

    Parameters
    ----------
    lanes : PairLanes
    positions : ndarray of int [B]
        What `chosen_positions` returns for them.
    basis : str
    """
    if basis in ("validation", "training") and not lanes.every_trial:
        held_out = _held_out(lanes, basis)
        if held_out is not None:
            own = len(np.unique(lanes.tuning_instance))
            return Objectives(held_out, held_out, own, fixed=False)
    trials, at = np.unique(positions, return_inverse=True)
    costs = lanes.scoring.at(trials=trials)
    counts = draw_counts(lanes.label, SCORING, lanes.instance)
    rows = np.arange(RESAMPLES)
    bounds = log_bounds(basis, costs, counts)
    low, high = (own[rows, at] for own in bounds)
    return Objectives(
        low, high, lanes.instances, lanes.tuning is not None and not lanes.every_trial
    )


def chosen_positions(lanes: PairLanes) -> NDArray[np.intp]:
    """Return the position among the scored trials of the one chosen in each resample [B]."""
    if lanes.choices is not None:
        return lanes.choices
    scored_on_one = lanes.instances < 2  # which has no interval
    if lanes.tuning is None or not lanes.every_trial or scored_on_one:
        return np.full(RESAMPLES, lanes.chosen)
    counts = draw_counts(lanes.label, TUNING, lanes.tuning_instance)
    there = trials_at_hand(lanes.label, lanes.number, lanes.on_grid)
    best = choose(lanes.basis, lanes.tuning, lanes.number, lanes.on_grid, counts, there)
    return lanes.positions(lanes.number[best])


def _held_out(lanes: PairLanes, basis: Basis) -> Floats | None:
    """Return ln of the median loss on tuning instances that did not choose [B].

    Of nets the tuned trial alone is scored, so another choice is looked at where all trials were
    trained: each tuning instance has the loss of the trial that the others choose. None where
    there are too few of them.
    """
    instances = np.unique(lanes.tuning_instance)
    if lanes.tuning is None or len(instances) < FEWEST_TUNED:
        return None
    losses = lanes.tuning.training if basis == "training" else lanes.tuning.value
    there = trials_at_hand(lanes.label, lanes.number, lanes.on_grid)
    counts = draw_counts(lanes.label, TUNING, lanes.tuning_instance)
    own = np.empty((RESAMPLES, len(losses)))
    for instance in instances:
        left_out = lanes.tuning_instance == instance
        others = lanes.tuning.at(draws=~left_out)
        best = choose(lanes.basis, others, lanes.number, lanes.on_grid, trials=there)
        own[:, left_out] = losses[left_out][:, best].T
    drawn = np.repeat(np.tile(np.arange(own.shape[1]), RESAMPLES), counts.astype(int).ravel())
    with np.errstate(divide="ignore"):
        return np.log(medians(np.take_along_axis(own, drawn.reshape(own.shape), axis=1)))


def nested_ratios(
    group: Sequence[PairLanes], positions: Sequence[NDArray[np.intp]], basis: Basis,
    first: NDArray[np.intp], second: NDArray[np.intp],
) -> dict[str, NDArray[Any]]:  # fmt: skip
    """Return ln of ratios of objectives of pairs of optimizers, with their nested intervals.

    Parameters
    ----------
    group : sequence of PairLanes
        The optimizers of a problem.
    positions : sequence of ndarray of int [B]
        What `chosen_positions` returns for each.
    basis : str
    first, second : ndarray of int [P]
        Positions in `group`.

    Returns
    -------
    dict of str to ndarray [P]
        `log_objective_ratio`, where one never reached the target its bound; `failed_first` and
        `failed_second`, whether it did not; `log_nested_low`, `log_nested_high`; `fixed`, whether
        the interval is one at these settings.
    """
    members, at = np.unique([first, second], return_inverse=True)
    a, b = at.reshape(2, -1)
    resampled = [objectives(group[i], positions[i], basis) for i in members]
    low, high = (np.stack([getattr(own, end) for own in resampled]) for end in ("low", "high"))
    fixed = np.array([own.fixed for own in resampled])
    least, most = np.array([_as_scored(group[i], basis) for i in members]).T
    with np.errstate(invalid="ignore"):
        instances = min(own.instances for own in resampled)
        ends = resampled_interval(low[a] - high[b], instances, upper=high[a] - low[b])
        ratio = np.where(least[a] == least[b], 0.0, least[a] - least[b])
    return {
        "log_objective_ratio": ratio,
        "failed_first": most[a] > least[a],
        "failed_second": most[b] > least[b],
        "log_nested_low": ends[0],
        "log_nested_high": ends[1],
        "fixed": fixed[a] | fixed[b],
    }


def _as_scored(lanes: PairLanes, basis: Basis) -> tuple[float, float]:
    """Return bounds of ln of the objective of the chosen trial on the scoring lanes."""
    costs = lanes.scored_at(lanes.chosen)
    low, high = log_bounds(basis, costs)
    return float(low[0]), float(high[0])
