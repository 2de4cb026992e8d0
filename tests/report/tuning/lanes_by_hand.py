"""Pairs made by hand: what each lane costs in tuning and in scoring, and what follows."""

import math

import numpy as np

from optbench.report.statistics.pair_lanes import PairLanes
from optbench.study.lane_costs import LaneCosts
from tests.report.statistics.cells import FACTS

BUDGET = 1000.0
INF = math.inf
EIGHT = [[800, 400, 200, 100, 200, 400, 800, INF]] * 2
"""Costs of eight rates, on two draws: the fourth is the best."""


def costs_of(evaluations, log_gap=None, value=None, tie=1.01):
    """Return lanes [D, T] that cost these evaluations; inf is a lane that reached nothing."""
    evaluations = np.asarray(evaluations, float)
    reached = np.isfinite(evaluations)
    cost = np.where(reached, evaluations, BUDGET)
    gap = np.where(reached, -6.0, 0.0) if log_gap is None else np.asarray(log_gap, float)
    value = 10.0**gap if value is None else np.asarray(value, float)
    return LaneCosts(
        cost=cost, reached=reached, grid_cost=cost, grid_log_cost=np.log(cost),
        log_gap=np.broadcast_to(gap, cost.shape), value=value, training=value, budget=BUDGET,
        tie=tie, floor=1e-14,
    )  # fmt: skip


def pair(
    tuning, scoring, *, chosen=0, basis="evaluations", optimizer="adam", problem="bowl", dim=2,
    budget=1000, default=None, rates=None, on_grid=True, scored=None, instances=None, values=None,
    **facts,
):  # fmt: skip
    """Return a pair from the costs of its trials: columns are trials, rows draws.

    Parameters
    ----------
    tuning : array_like [D, T], LaneCosts or None
    scoring : array_like [D, S] or LaneCosts
    default : list [D], optional
        What the default setting costs in scoring; it fails in tuning.
    """
    tuning = tuning if tuning is None or isinstance(tuning, LaneCosts) else costs_of(tuning)
    if default is not None:
        scoring = np.column_stack([scoring, default])
    scoring = scoring if isinstance(scoring, LaneCosts) else costs_of(scoring)
    draws, trials = scoring.shape
    number = np.arange(trials)
    if default is not None:
        number[-1] = -1
    rates = np.geomspace(1e-3, 1.0, trials) if rates is None else np.asarray(rates, float)
    if tuning is not None and default is not None and tuning.shape[1] < trials:
        failing = np.full((tuning.shape[0], 1), np.inf)
        tuning = costs_of(np.column_stack([np.where(tuning.reached, tuning.cost, np.inf), failing]))
    instance = np.arange(11, 11 + draws) if instances is None else np.asarray(instances)
    label = f"{problem} (d={dim})" + (f", {budget} steps" if budget != 1000 else "")
    own = {"optimizer": optimizer, "problem": problem, "dim": dim, "budget": budget, "label": label}
    return PairLanes(
        facts={**FACTS, **own, "family": problem, **facts}, basis=basis,
        number=number if tuning is not None else number[:0],
        values=values or {"lr": rates}, tuning=tuning,
        tuning_instance=np.arange(1, 1 + (0 if tuning is None else tuning.shape[0])),
        tuning_seed=np.ones(0 if tuning is None else tuning.shape[0], int),
        scored=number if scored is None else np.asarray(scored), scoring=scoring,
        instance=instance, seed=np.ones(draws, int), chosen=chosen,
        default=None if default is None else trials - 1, on_grid=on_grid,
    )  # fmt: skip


def only(frame):
    """Return the one row of a frame."""
    assert len(frame) == 1
    return frame.iloc[0]
