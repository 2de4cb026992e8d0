"""Objectives of many optimizers on one problem, made comparable: logarithms of ratios."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from optbench.report.statistics.pair_lanes import PairLanes
from optbench.study.lane_costs import LaneCosts, joined
from optbench.study.objective import FINAL, Basis, log_objectives

RESAMPLES = 500


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
    draws : int
        That are drawn again in each resample.
    """

    basis: Basis
    optimizers: tuple[str, ...]
    above: NDArray[np.float64]
    resampled: NDArray[np.float64]
    bounded: NDArray[np.bool_]
    draws: int


def draw_weights(label: str, draws: int, resamples: int = RESAMPLES) -> NDArray[np.float64]:
    """Return how often each draw of a problem counts in each resample [B, D].

    They are keyed by the problem alone, so that optimizers stay paired and no order matters.
    """
    rng = np.random.Generator(np.random.Philox(key=zlib.crc32(label.encode())))
    return rng.multinomial(draws, np.full(draws, 1 / draws), resamples).astype(np.float64)


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
    costs = joined([pair.scoring.at(trials=slice(at, at + 1)) for pair, at in own])
    basis = common_basis(pairs[0], costs)
    weights = draw_weights(pairs[0].label, costs.shape[0])
    of = bounded_logs if basis == "evaluations" else partial(log_objectives, basis)
    logs, resampled = of(costs), of(costs, weights)
    return ProblemScores(
        basis, tuple(pair.optimizer for pair, _ in own), logs - logs.min(),
        resampled - resampled.min(axis=1, keepdims=True),
        np.logical_and(basis == "evaluations", ~costs.reached.any(axis=0)), costs.shape[0],
    )  # fmt: skip


def common_basis(pair: PairLanes, costs: LaneCosts) -> Basis:
    """Return what all optimizers of a problem are compared by.

    Evaluations as soon as one lane of one optimizer reached the target; gaps where none did.

    Parameters
    ----------
    pair : PairLanes
        One of the problem's.
    costs : LaneCosts
        Of all optimizers.
    """
    if pair.basis not in ("evaluations", "gap") or pair.facts["objective"] == FINAL:
        return pair.basis
    return "evaluations" if costs.reached.any() else "gap"


def bounded_logs(
    costs: LaneCosts, weights: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """Return ln of the evaluations of one success: see `objective.log_objectives`.

    Where no lane had a success it is as if one had at the end of its budget, the least that a
    success can have cost.

    Returns
    -------
    ndarray [T], or [B, T]
    """
    counts = np.ones((1, costs.shape[0])) if weights is None else weights
    successes = np.maximum(counts @ costs.reached.astype(float), 1.0)
    logs: NDArray[np.float64] = np.log(counts @ costs.cost) - np.log(successes)
    return logs[0] if weights is None else logs
