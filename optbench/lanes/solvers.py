"""Solvers that are not update rules: SciPy's minimisers and random search, in the same budget.

A solver runs from a lane's start, with its defaults, through a function that counts: every call
is one evaluation, of value and gradient together or of a value alone, line searches included. The
point of call k + 1 is the one after k evaluations, as x_k of a lane is, and looking at it is free.
What is reported is the best point so far. A run ends with the budget, or when the method stops by
itself. Only studies that name a solver run it, and only on noise-free surfaces.
"""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import DTypeLike

from optbench.catalog.instance import Floats, Problem
from optbench.kernels.driver.events import stands_still, threshold
from optbench.kernels.memory.buffers import empty
from optbench.kernels.memory.groups import Results
from optbench.kernels.status import BUDGET, NOT_FINITE, STATIONARY, TARGET, rounding_floor
from optbench.lanes.job import Job, LaneInputs
from optbench.lanes.targets import Targets
from optbench.rules.foreign import METHODS

VALUES_ONLY = ("scipy_nelder_mead", "random_search")


@dataclass(frozen=True)
class Solver:
    """A minimiser that studies run beside update rules; it has no rate and no settings."""

    name: str

    evaluations, hessian_every = 1, 0
    full_batch = has_rate = compiled = False
    fixed_rate = None
    step_seconds = 0.0
    parts = schedule = ()

    @property
    def label(self) -> str:
        """The name: there are no settings."""
        return self.name

    @property
    def source(self) -> str:
        """What it is."""
        method = METHODS[self.name]
        return f"scipy.optimize.minimize({method!r})" if method else "uniform in the problem's box"

    @property
    def unit(self) -> Literal["gradients", "values"]:
        """What an evaluation is: "gradients" (with the value), or "values" alone."""
        return "values" if self.name in VALUES_ONLY else "gradients"

    @property
    def values(self) -> dict[str, Any]:
        """What determines the numbers, beside problem and start."""
        import scipy

        code = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()
        method = METHODS[self.name]
        return {"solver": self.name, "method": method, "scipy": scipy.__version__, "code": code}

    def wants(self, problem: Problem) -> str | None:
        """Say why this solver is not run on `problem`, or None."""
        if problem.kind != "deterministic":
            return f"{self.name} is for noise-free surfaces; {problem.name} is not one"
        return None


class SpentError(Exception):
    """The budget is spent, or the last target hit."""


@dataclass(eq=False, kw_only=True)
class SolverRun:
    """One run of a solver, through functions that count and keep what they return.

    Attributes
    ----------
    problem : Problem
    start : ndarray [d]
    budget : int
        Evaluations beyond the one at the start.
    records : set of int
        The evaluations after which the best point is kept.
    stop_at : float
        A value at which the run ends; -inf without one.
    values : list of float
        The value at each evaluation.
    best, best_x : float, ndarray [d]
        The least finite value, and where it is.
    recorded : list of (float, ndarray [d])
        `best` and `best_x` at the records.
    """

    problem: Problem
    start: Floats
    budget: int
    records: set[int]
    stop_at: float = -math.inf
    values: list[float] = field(default_factory=list)
    best: float = math.inf
    best_x: Floats = field(init=False)
    recorded: list[tuple[float, Floats]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.best_x = self.start

    def minimize(self, name: str, key: int) -> None:
        """Run a solver to its end; `key` is that of its random draws."""
        from scipy.optimize import minimize

        try:
            if METHODS[name] is None:
                self._search_at_random(key)
            elif name in VALUES_ONLY:
                minimize(self.value, self.start, method=METHODS[name])
            else:
                minimize(self.value_and_grad, self.start, jac=True, method=METHODS[name])
        except SpentError:
            pass

    def value(self, x: Floats) -> float:
        """Return f, for methods without gradients."""
        return self._count(x, float(self.problem.value(x)))

    def value_and_grad(self, x: Floats) -> tuple[float, Floats]:
        """Return (f, gradient)."""
        f, g = self.problem.value_and_grad(x)
        return self._count(x, float(f)), g

    def _count(self, x: Floats, f: float) -> float:
        """Count an evaluation and keep what it returned, or end the run."""
        evaluation = len(self.values)
        self.values.append(f)
        if f < self.best or evaluation == 0:
            self.best, self.best_x = f if np.isfinite(f) else np.inf, np.array(x)
        if evaluation in self.records:
            self.recorded.append((self.best, self.best_x))
        if evaluation == self.budget or self.best <= self.stop_at:
            raise SpentError
        return f

    def _search_at_random(self, key: int) -> None:
        """Evaluate points drawn uniformly from the box, the start first."""
        rng = np.random.Generator(np.random.Philox(key=int(key)))
        assert self.problem.box is not None
        low, high = self.problem.box
        x = self.start
        while True:
            self.value(x)
            x = rng.uniform(low, high)

    def status(self, hit: int) -> int:
        """Return how the run ended, as lanes do; `hit` is -1 if it missed its target."""
        status: int = BUDGET
        if not np.isfinite(self.best):
            status = NOT_FINITE
        elif hit >= 0:
            status = TARGET
        elif self._stands_still():
            status = STATIONARY
        return status

    def _stands_still(self) -> bool:
        """Say whether the gradient at the best point is next to nothing, as lanes tell it."""
        tolerance = math.sqrt(np.finfo(np.float64).eps)
        slope, at_start = (np.abs(self.problem.grad(x)).max() for x in (self.best_x, self.start))
        return bool(stands_still.py_func(slope, at_start, tolerance))


def simulate(
    instances: Sequence[Problem],
    name: str,
    lanes: LaneInputs,
    job: Job,
    targets: Sequence[Targets],
) -> Results:
    """Run the solver that is called `name` from each start; see `simulating.simulate`."""
    assert job.records is not None
    n, d, m, r = len(lanes), instances[0].dim, len(targets[0].values), len(job.records)
    results = Results(
        x=empty((n, d), float), f_start=empty(n, float), f_final=empty(n, float),
        f_best=empty(n, float), status=empty(n, np.int64), steps=empty(n, np.int64),
        hits=np.full((n, m), -1, np.int64), hit=np.full(n, -1, np.int64),
        record_f=np.full((n, r), np.nan),
        record_best=np.full((n, r), np.nan), record_metrics=np.zeros((n, 0, 6)),
        record_x=np.full((n, r if np.any(job.store_x) else 0, d), np.nan),
    )  # fmt: skip
    for lane, draw in enumerate(lanes.draw):
        start, key, number = lanes.starts[draw], lanes.keys[draw], lanes.instance[draw]
        problem, goal = instances[number], targets[number].goal
        f_start = float(problem.value(start))
        thresholds = thresholds_of(targets[number], f_start, np.float64)
        counting = thresholds[~np.isnan(thresholds)]
        run = SolverRun(
            problem=problem,
            start=start,
            budget=job.steps,
            records=set(job.records.tolist()),
            stop_at=counting[-1] if job.stop_at_target and counting.size else -math.inf,
        )
        with np.errstate(all="ignore"):
            run.minimize(name, key)
        results.f_start[lane] = f_start
        _store_hits(results, lane, run, thresholds, goal)
        _store_run(results, lane, run)
    if job.recorded is not None:
        results = results._replace(
            record_f=results.record_f[job.recorded], record_best=results.record_best[job.recorded]
        )
    return results._replace(record_x=results.record_x[np.broadcast_to(job.store_x, n)])


def thresholds_of(targets: Targets, f_start: float, dtype: DTypeLike) -> Floats:
    """Return the value of f at each target, as lanes have it: see `events.threshold`."""
    f_ref = math.nan if targets.are_values else targets.f_ref
    value, floor = threshold.py_func, rounding_floor(f_ref, dtype)
    with np.errstate(all="ignore"):  # f at the start may be anything
        return np.array([value(target, f_start, f_ref, floor) for target in targets.values])


def _store_hits(results: Results, lane: int, run: SolverRun, thresholds: Floats, goal: int) -> None:
    """Write down when a run met its targets; `goal` is -1 for the last that counts."""
    values = np.array(run.values)
    best = np.minimum.accumulate(np.where(np.isfinite(values), values, np.inf))
    for m, value in enumerate(thresholds):
        evaluations = np.flatnonzero(best <= value)
        if evaluations.size:
            results.hits[lane, m] = evaluations[0]
    counting = np.flatnonzero(~np.isnan(thresholds))
    if goal < 0 and counting.size:
        goal = counting[-1]
    if goal >= 0:
        results.hit[lane] = results.hits[lane, goal]


def _store_run(results: Results, lane: int, run: SolverRun) -> None:
    """Write down where a run ended and what it recorded."""
    results.x[lane] = run.best_x
    results.f_final[lane] = results.f_best[lane] = run.best
    results.steps[lane] = min(len(run.values) - 1, run.budget)
    results.status[lane] = run.status(results.hit[lane])
    for r, (f, x) in enumerate(run.recorded):
        results.record_f[lane, r] = results.record_best[lane, r] = f
        if results.record_x.shape[1]:
            results.record_x[lane, r] = x
