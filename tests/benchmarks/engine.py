"""The engine at work: all of `simulating.simulate`, from start points to results, is timed."""

import time
from dataclasses import dataclass

import numpy as np

import optbench
from optbench.lanes.job import Job, LaneInputs
from optbench.lanes.simulating import simulate
from optbench.rules import compose

from .cases import timed

SLOW_RULES = ("gd", "momentum")
RATES = {"sphere": 1e-2, "rosenbrock": 1e-4, "rastrigin": 1e-3, "ackley": 1e-2}
"""Rates of gd and momentum at which no lane diverges, so that all of them do work."""
RATE = 1e-3
"""Rate of the rules that scale the gradient."""


@dataclass(frozen=True)
class Work:
    """Lanes of a rule on a problem of the catalog.

    Every step computes value and gradient, the running best, hitting times and finiteness; at
    about 64 steps there are records, unless `ends_only`.
    """

    rule: str
    problem: str
    dim: int
    dtype: str
    lanes: int
    steps: int
    rate: float | None = None
    ends_only: bool = False

    def __str__(self):
        return f"{self.rule}, {self.problem}, d={self.dim}, {self.dtype}"

    @property
    def units(self):
        """Lane-steps."""
        return self.lanes * self.steps

    @property
    def lr(self):
        """The rate: the given one, or one at which no lane diverges."""
        return self.rate or (RATES[self.problem] if self.rule in SLOW_RULES else RATE)

    def surface(self):
        """The problem as it is written down."""
        return optbench.problem(self.problem, dim=self.dim)

    def starts(self):
        """Start points [lanes, d] in the problem's box, the same for every contender."""
        low, high = self.surface().box
        rng = np.random.default_rng(self.dim)
        return rng.uniform(low, high, (self.lanes, self.dim)).astype(self.dtype)

    def runner(self, starts=None, threads=1):
        """Return a function that runs all lanes and returns their `groups.Results`."""
        problem, optimizer = self.surface(), compose.optimizer(self.rule)
        starts = np.asarray(self.starts() if starts is None else starts, np.float64)
        keys, lr = np.zeros(self.lanes, np.uint64), np.full(self.lanes, self.lr)
        records = np.array([0, self.steps]) if self.ends_only else None

        def run():
            return simulate(
                problem,
                optimizer,
                LaneInputs(starts, keys, lr),
                Job(steps=self.steps, dtype=self.dtype, records=records, idle=threads - 1),
            )

        if not (run().steps == self.steps).all():
            raise SystemExit(f"{self}: a lane ended early, so its steps cannot be counted")
        return run

    def contender(self, starts=None, threads=1, clock=time.process_time):
        """Return the runner as a contender: nanoseconds a lane-step by a clock."""
        return timed(self.runner(starts, threads), self.units, clock)
