"""Objectives of many optimizers on one problem, made comparable: logarithms of ratios."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from optbench.report.statistics.pair_lanes import PairLanes
from optbench.report.statistics.problem_objectives import above_best, bounded_logs, compared_by
from optbench.report.statistics.resampling import SCORING, draw_counts
from optbench.study.lane_costs import joined
from optbench.study.objective import Basis


class ProblemScores(NamedTuple):
    """What optimizers cost on one problem, each at one of its trials.

    Attributes
    ----------
    basis : str
        What is compared; "value" has no ratio.
    optimizers : tuple of str [n]
    above : ndarray [n]
        ln of the ratio of each objective to the best one.
    resampled : ndarray [B, n]
        The same in resamples of the draws, which all optimizers share.
    bounded : ndarray of bool [n]
        Who has no success: what one costs then is the least that it can have cost.
    instances : int
        That are drawn again in each resample.
    """

    basis: Basis
    optimizers: tuple[str, ...]
    above: NDArray[np.float64]
    resampled: NDArray[np.float64]
    bounded: NDArray[np.bool_]
    instances: int


def problem_scores(pairs: Sequence[PairLanes], trials: Mapping[str, int]) -> ProblemScores:
    """Return what optimizers cost on a problem.

    Parameters
    ----------
    pairs : sequence of PairLanes
        Of one problem, all scored on the same draws.
    trials : dict of str to int
        optimizer -> position of its trial in `PairLanes.scored`.
    """
    own = [(pair, trials[pair.optimizer]) for pair in pairs if pair.optimizer in trials]
    costs = joined([pair.scored_at(at) for pair, at in own])
    basis = compared_by(pairs[0], costs)
    counts = draw_counts(pairs[0].label, SCORING, pairs[0].instance)
    return ProblemScores(
        basis,
        tuple(pair.optimizer for pair, _ in own),
        above_best(bounded_logs(basis, costs)),
        above_best(bounded_logs(basis, costs, counts)),
        np.logical_and(basis == "evaluations", ~costs.reached.any(axis=0)),
        len(np.unique(pairs[0].instance)),
    )
