"""Lanes of a cell in one process, timed on demand; it runs on the package of now and of then.

`against.py` starts one process on each of two versions of the package and lets them take turns. For
each line read, a case in JSON, the process runs its lanes once and prints the seconds of processor
time that they took; a case that it meets for the first time it runs once more before.
"""

import dataclasses
import importlib
import json
import sys
import time
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Lanes:
    """Every trial on every draw of a problem as published; trials differ in the rate alone.

    Attributes
    ----------
    rule, problem, dtype : str
    dim : int or None
        None: the problem's only dimension.
    draws : int
        Seeds: starts and streams of random numbers.
    rates : tuple of float
        The rates of the trials.
    steps : int
    spread : bool
        Whether starts are drawn in the problem's box; else they are those of a study's seeds.
    """

    rule: str
    problem: str
    dim: int | None
    dtype: str
    draws: int
    rates: tuple[float, ...]
    steps: int
    spread: bool = False

    def __str__(self):
        dim = "" if self.dim is None else f", d={self.dim}"
        count = self.draws * len(self.rates)
        return f"{self.rule}, {self.problem}{dim}, {self.dtype}, {count} lanes, {self.steps} steps"

    @property
    def text(self):
        """One line of JSON."""
        return json.dumps(dataclasses.asdict(self))


def starts_and_keys(lanes, problem, start_points):
    """Return (starts [draws, d], keys [draws]); ``start_points(seeds)`` are those of a study."""
    seeds = range(1, lanes.draws + 1)
    if lanes.spread:
        low, high = problem.box
        starts = np.random.default_rng(problem.dim).uniform(low, high, (lanes.draws, problem.dim))
    else:
        starts = start_points(seeds)
    return np.asarray(starts, np.float64), problem.keys(seeds, 0)


def runner_of_now(lanes):
    """Return a function that runs the lanes and returns their final values."""
    import optbench
    from optbench.lanes.job import Job, LaneInputs
    from optbench.lanes.simulating import simulate
    from optbench.lanes.starts import start_points
    from optbench.rules import compose

    problem, optimizer = optbench.problem(lanes.problem, lanes.dim), compose.optimizer(lanes.rule)
    starts, keys = starts_and_keys(lanes, problem, lambda seeds: start_points(problem, seeds, 0))
    inputs = LaneInputs.crossed(
        starts, keys, np.zeros(lanes.draws, np.int64), {"lr": np.array(lanes.rates)}
    )
    records = np.array([0, lanes.steps])
    job = Job(steps=lanes.steps, dtype=lanes.dtype, records=records, metrics=False)
    return lambda: simulate((problem,), optimizer, inputs, job).f_final


def runner_of_then(lanes):
    """Return the same for versions in which `lanes` was a module and lanes had no draws."""
    import optbench
    from optbench.rules import compose

    running = importlib.import_module("optbench.lanes")  # was a module with a function `simulate`
    problem, optimizer = optbench.problem(lanes.problem, lanes.dim), compose.optimizer(lanes.rule)
    starts, keys = starts_and_keys(lanes, problem, lambda seeds: problem.starts(seeds, 0))
    count, records = len(lanes.rates), np.array([0, lanes.steps])
    settings = {
        "starts": np.repeat(starts, count, axis=0), "keys": np.repeat(keys, count),
        "lr": np.tile(lanes.rates, lanes.draws), "steps": lanes.steps, "dtype": lanes.dtype,
        "records": records,
    }  # fmt: skip
    return lambda: running.simulate(problem, optimizer, **settings).f_final


def main():
    """Answer requests until the input ends."""
    from threadpoolctl import threadpool_limits

    import optbench.lanes

    of_lanes = runner_of_now if hasattr(optbench.lanes, "__path__") else runner_of_then
    runners = {}
    print("ready", flush=True)
    with threadpool_limits(1):
        for line in sys.stdin:
            if line not in runners:
                fields = json.loads(line)
                fields["rates"] = tuple(fields["rates"])
                runners[line] = of_lanes(Lanes(**fields))
                runners[line]()
            began = time.process_time()
            f = runners[line]()
            seconds = time.process_time() - began
            print(json.dumps([seconds, int(np.isfinite(f).sum())]), flush=True)


if __name__ == "__main__":
    main()
