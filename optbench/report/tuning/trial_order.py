"""The trials of a pair in the order in which tuning prefers them, and what they cost in scoring."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from optbench.report.statistics.pair_lanes import PairLanes
from optbench.report.statistics.pair_results import DEFAULT
from optbench.study.objective import log_objectives

Floats = NDArray[np.float64]
ONE_TRIAL = "one setting: nothing is tuned"
NOT_SCORED = "only the tuned and the default setting were scored"
NO_RATIO = "values have no ratio: no reference value is known"


class TrialOrder(NamedTuple):
    """The trials of a pair, the default setting apart, best in tuning first.

    Attributes
    ----------
    position : ndarray of int [n]
        In `PairLanes.number`.
    score : ndarray [n]
        ln of their objective on the scoring lanes; of the basis "value" the value itself.
    """

    position: NDArray[np.intp]
    score: Floats


def why_not(lanes: PairLanes) -> str:
    """Return why a pair has no `TrialOrder`, "" where it has one."""
    if lanes.tuning is None:
        return ONE_TRIAL
    return "" if lanes.every_trial else NOT_SCORED


def scores(lanes: PairLanes) -> Floats:
    """Return ln of the objective on the scoring lanes, of each trial of tuning [T].

    Raises
    ------
    ValueError
        If not every trial was scored.
    """
    return np.asarray(log_objectives(lanes.basis, lanes.scoring)[positions(lanes)])


def positions(lanes: PairLanes) -> NDArray[np.intp]:
    """Return where each trial of tuning [T] is among those that were scored.

    Raises
    ------
    ValueError
        If not every trial was scored.
    """
    reason = why_not(lanes)
    if reason:
        raise ValueError(f"{lanes.optimizer} on {lanes.label}: {reason}")
    return lanes.positions(lanes.number)


def trial_order(lanes: PairLanes, score: Floats) -> TrialOrder:
    """Return the trials as tuning orders them: the one it chose, then by their objectives.

    Ties go to the least mean cost over the grid of targets, then to the first.

    Parameters
    ----------
    lanes : PairLanes
    score : ndarray [T]
        See `scores`.
    """
    assert lanes.tuning is not None
    objective = log_objectives(lanes.basis, lanes.tuning)
    chosen = lanes.number == lanes.scored[lanes.chosen]
    order = np.lexsort([lanes.tuning.grid_cost.mean(axis=0), objective, ~chosen])
    order = order[lanes.number[order] != DEFAULT]
    return TrialOrder(order, score[order])


def tuned_pairs(pairs: Iterable[PairLanes]) -> list[PairLanes]:
    """Return the pairs whose trials were all scored."""
    return [lanes for lanes in pairs if not why_not(lanes)]
