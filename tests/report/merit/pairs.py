"""Pairs made by hand: what the tuned trial's lanes cost, and nothing else of interest."""

import numpy as np

from optbench.report.statistics.pair_lanes import PairLanes
from optbench.study.lane_costs import LaneCosts
from tests.report.statistics.cells import FACTS

BUDGET = 1000.0


def pair(optimizer, label, hits, *, family=None, dim=9, budget=BUDGET, grid=True):
    """Return the lanes of a pair that hit its target after `hits` evaluations; inf: never.

    The grid, if there is one, holds a target that costs a tenth, and the asked one.
    """
    hits = np.array(hits, float)[:, None]
    reached = np.isfinite(hits)
    cost = np.where(reached, hits, budget)
    easy = np.maximum(cost / 10, 1.0)
    nothing = np.zeros_like(cost)
    costs = LaneCosts(
        cost=cost, reached=reached, grid_cost=(easy + cost) / 2 if grid else nothing,
        grid_log_cost=(np.log(easy) + np.log(cost)) / 2 if grid else nothing,
        log_gap=nothing, value=nothing, training=nothing, budget=budget, tie=1.01, floor=0.0,
    )  # fmt: skip
    draws, one = np.arange(11, 11 + len(hits), dtype=np.int32), np.zeros(1, np.int32)
    facts = {"optimizer": optimizer, "label": label, "family": family or label, "dim": dim}
    return PairLanes(
        facts=FACTS | facts, basis="evaluations", number=one, values={"lr": one}, tuning=None,
        tuning_instance=draws[:0], tuning_seed=draws[:0], scored=one, scoring=costs,
        instance=draws, seed=np.ones_like(draws), chosen=0, default=None, on_grid=True,
    )  # fmt: skip


def some_pairs(rng, optimizers="abcd", problems=12, lanes=8, members=1):
    """Return pairs with costs of their own, a tenth of them failures; families of `members`."""
    shape = len(optimizers), problems, lanes
    hits = np.round(
        np.exp(rng.uniform(0.5, 6.5, shape)) * np.exp(rng.normal(size=shape[:2]))[..., None]
    )
    hits[(hits > BUDGET) | (rng.random(shape) < 0.1)] = np.inf
    return [
        pair(name, f"p{p}", np.maximum(hits[o, p], 1), family=f"f{p // members}", dim=p + 1)
        for p in range(problems) for o, name in enumerate(optimizers)
    ]  # fmt: skip
