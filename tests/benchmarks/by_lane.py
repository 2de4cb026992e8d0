"""Adam with lr, beta1, beta2 and eps of each lane's own, against rates alone.

Blocks are as narrow as a study's, 25 trials on each of 20 instances, or as wide as they get: 256
trials on each of 4.
"""

import numpy as np

import optbench
from optbench.lanes.job import Job, LaneInputs
from optbench.lanes.simulating import simulate
from optbench.rules import compose

from .cases import Case, ours_over, timed

NARROW, WIDE = 1.25, 1.4
"""What the four may cost, as a multiple of rates alone."""
BLOCKS = {"25 lanes a block": (25, 20, NARROW), "256 trials": (256, 4, WIDE)}
"""Trials, instances, and what is asked."""
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
    settings = trials(count)
    own = runner(problem, dim, dtype, settings, instances)
    rates = runner(problem, dim, dtype, {"lr": settings["lr"]}, instances)
    return {"by lane": timed(*own), "rates alone": timed(*rates)}


def cases():
    """Two surfaces in 2 and 10 dimensions, in both dtypes."""
    for name, (count, instances, required) in BLOCKS.items():
        for problem in ("sphere", "rosenbrock"):
            for dim in (2, 10):
                for dtype in ("float64", "float32"):
                    arguments = problem, dim, dtype, count, instances
                    yield Case(
                        "by lane", f"{name}: adam, {problem}, d={dim}, {dtype}",
                        lambda arguments=arguments: _build(*arguments), ours_over(), required,
                        at_most=True, repeats=9,
                    )  # fmt: skip
