"""Adam with lr, beta1, beta2 and eps of each lane's own, against rates alone.

Blocks are as narrow as a study's, 25 trials on each of 20 instances, or as wide as they get: 256
trials on each of 4. What is judged is stepping: all lanes are handed one beta1 and beta2, so that a
single table of step scalars is made. Beside it are lanes that differ, with all of their tables;
what those take has a row of its own.
"""

import numpy as np

import optbench
from optbench.lanes.job import Job, LaneInputs
from optbench.lanes.simulating import simulate
from optbench.rules import compose
from optbench.rules.lane_tables import uniform_tables

from .cases import Case, median, own_time, timed

NARROW, WIDE = 1.25, 1.4
"""What the four may cost, as a multiple of rates alone."""
BLOCKS = {"25 lanes a block": (25, 20, NARROW), "256 trials": (256, 4, WIDE)}
"""Trials, instances, and what is asked."""
TABLE = 2.0
"""Milliseconds that are asked for the tables of 25 trials in 1000 steps."""
COORDINATES = 4_000_000
"""Coordinate-steps of a turn, about."""


def trials(count):
    """Return settings [count] at which no lane diverges."""
    rng = np.random.default_rng(0)
    return {
        "lr": 10 ** rng.uniform(-4, -2, count),
        "beta1": rng.uniform(0.8, 0.95, count),
        "beta2": rng.uniform(0.99, 0.9999, count),
        "eps": 10 ** rng.uniform(-9, -6, count),
    }


def runner(problem, dim, dtype, settings, count):
    """Return (a function that runs all settings on so many instances, its lane-steps)."""
    instances = tuple(optbench.problem(problem, dim, number) for number in range(1, count + 1))
    starts = np.concatenate([instance.starts([1]) for instance in instances])
    keys = np.concatenate([instance.keys([1]) for instance in instances])
    lanes = LaneInputs.crossed(starts, keys, np.arange(count), settings)
    steps = COORDINATES // (len(lanes) * dim)
    optimizer = compose.optimizer("adam")
    job = Job(steps=steps, dtype=dtype, records=np.array([0, steps]))
    return lambda: simulate(instances, optimizer, lanes, job), len(lanes) * steps


def _build(problem, dim, dtype, count, instances):
    own = trials(count)
    equal = {name: own[name] if name == "lr" else np.full(count, own[name][0]) for name in own}
    spaces = {"by lane": equal, "rates alone": {"lr": own["lr"]}, "with all tables": own}
    return {
        name: timed(*runner(problem, dim, dtype, settings, instances))
        for name, settings in spaces.items()
    }


def _by_rates_alone(samples):
    by_lane, rates, _ = (median(values) for values in samples.values())
    return by_lane / rates


def _tables():
    optimizer, settings = compose.optimizer("adam"), trials(25)
    del settings["lr"]
    return {"optbench": timed(lambda: uniform_tables(optimizer, settings, 25, 1000), 1e6)}


def cases():
    """Two surfaces in 2 and 10 dimensions, in both dtypes; then the tables."""
    for name, (count, instances, required) in BLOCKS.items():
        for problem in ("sphere", "rosenbrock"):
            for dim in (2, 10):
                for dtype in ("float64", "float32"):
                    arguments = problem, dim, dtype, count, instances
                    yield Case(
                        "by lane", f"{name}: adam, {problem}, d={dim}, {dtype}",
                        lambda arguments=arguments: _build(*arguments), _by_rates_alone, required,
                        at_most=True, repeats=9,
                    )  # fmt: skip
    yield Case(
        "by lane", "tables of adam: 25 trials, 1000 steps", _tables, own_time, TABLE, at_most=True,
        repeats=15, unit="ms",
    )  # fmt: skip
