"""Random lanes of a small study, as Python's functions and the browser's take them."""

import numpy as np

from optbench.study.lane_costs import LaneCosts

PROBLEMS, OPTIMIZERS, LANES = 6, 4, 9
FAMILIES = ["a", "a", "b", "c", "b", "d"]
BUDGET = 1000.0


def random_lanes(seed):
    """Return arrays [problems, optimizers, lanes], and `ran` [problems, optimizers].

    On the first problem no lane reached its target; the last optimizer was not run on the second.
    """
    rng = np.random.default_rng(seed)
    shape = PROBLEMS, OPTIMIZERS, LANES
    share = rng.choice([0.0, 0.4, 1.0], shape[:2])[..., None]
    reached = rng.random(shape) < share
    reached[0] = False
    cost = np.where(reached, rng.integers(1, int(BUDGET), shape), BUDGET)
    value = np.where(rng.random(shape) < 0.15, np.inf, np.exp(rng.normal(size=shape)))
    ran = np.ones(shape[:2], bool)
    ran[1, -1] = False
    return {
        "cost": cost, "reached": reached, "log_gap": rng.normal(-3.0, 2.0, shape), "value": value,
        "training": 0.7 * value, "grid_log_cost": np.log(cost) * rng.random(shape), "ran": ran,
    }  # fmt: skip


def costs_of(lanes, problem, optimizer):
    """Return cost and reached of a pair, in lists."""
    return {name: lanes[name][problem, optimizer].tolist() for name in ("cost", "reached")}


def as_lists(lanes, problem, optimizer):
    """Return the lanes of a pair as the page holds them: None where a lane is not finite."""
    names = ("log_gap", "value", "training", "grid_log_cost")
    own = {name: lanes[name][problem, optimizer] for name in names}
    return costs_of(lanes, problem, optimizer) | {
        name: [float(v) if np.isfinite(v) else None for v in values] for name, values in own.items()
    }


def as_costs(lanes, problem):
    """Return the lanes of a problem, an optimizer in the place of each trial."""
    own = {name: lanes[name][problem].T for name in lanes if name != "ran"}
    return LaneCosts(
        **own, grid_cost=np.exp(own["grid_log_cost"]), budget=BUDGET, tie=1.01, floor=0.0
    )
