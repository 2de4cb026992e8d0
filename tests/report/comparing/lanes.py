"""Lanes with costs set by hand, as `pair_lanes` would return them."""

import numpy as np

from optbench.report.statistics.pair_lanes import PairLanes
from optbench.study.lane_costs import LaneCosts
from optbench.study.objective import basis_of, choose

BUDGET = 1000.0


def lane_costs(cost, log_gap=None, value=None, tie=1.01, budget=BUDGET):
    """Return lanes that cost so much [D, T]; infinite: the target was not reached."""
    cost = np.asarray(cost, float)
    reached = np.isfinite(cost)
    spent = np.where(reached, cost, budget)
    gaps = np.where(reached, -8.0, -2.0) if log_gap is None else np.asarray(log_gap, float)
    return LaneCosts(
        cost=spent, reached=reached, grid_cost=spent, grid_log_cost=np.log(spent), log_gap=gaps,
        value=10.0**gaps if value is None else np.asarray(value, float),
        training=10.0**gaps if value is None else np.asarray(value, float),
        budget=budget, tie=tie, floor=1e-12,
    )  # fmt: skip


def pair_lanes(
    optimizer, scoring, tuning=None, label="bowl (d=2)", kind="deterministic", on_grid=True,
    every_trial=True, seeds=1, **facts,
):  # fmt: skip
    """Return the lanes of an optimizer.

    Parameters
    ----------
    scoring, tuning : LaneCosts
        With the same trials, of nets `scoring` with the first one alone. Without tuning there is
        one trial.
    """
    trials = scoring.shape[1] if tuning is None else tuning.shape[1]
    number = np.arange(trials)
    draws = scoring.shape[0]
    instance = 11 + np.arange(draws) // seeds
    of_tuning = 1 + np.arange(0 if tuning is None else tuning.shape[0])
    basis = basis_of(kind, scoring if tuning is None else tuning, number)
    chosen = 0
    if tuning is not None and every_trial:
        chosen = int(choose(basis, tuning, number, on_grid)[0])
    facts = {
        "optimizer": optimizer, "label": label, "problem": label.partition(" ")[0], "kind": kind,
        "budget": 1000, "objective": "evaluations", "local": True,
        "absolute_targets": False, **facts,
    }  # fmt: skip
    return PairLanes(
        facts=facts, basis=basis, number=number, values={"lr": 10.0 ** (number - 3.0)},
        tuning=tuning, tuning_instance=of_tuning, tuning_seed=np.ones_like(of_tuning),
        scored=number if every_trial else number[:1], scoring=scoring, instance=instance,
        seed=1 + np.arange(draws) % seeds, chosen=chosen, default=None, on_grid=on_grid,
    )  # fmt: skip


def drawn(rng, optimizer, medians, spread=0.5, tuned=10, scored=20, failing=0.0, **facts):
    """Return lanes whose trials have these medians of lognormal costs, some of which fail."""
    medians = np.asarray(medians, float)

    def some(draws):
        cost = medians * np.exp(spread * rng.standard_normal((draws, len(medians))))
        return lane_costs(np.where(rng.random(cost.shape) < failing, np.inf, cost), budget=1e6)

    return pair_lanes(optimizer, some(scored), some(tuned), **facts)
