"""Baselines that are not lanes: SciPy's minimisers and random search, within the same budget.

A baseline runs from a lane's start, with its defaults, through a function that counts: every call
is one evaluation, of value and gradient together or of a value alone, line searches included. The
point of call k + 1 is the one after k evaluations, as x_k of a lane is, and looking at it is free.
What is reported is the best point so far. A run ends with the budget, or when the method stops by
itself. Only studies that name a baseline run it, and only on noise-free surfaces.
"""

import hashlib
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from optbench.kernels.driver.events import stands_still, threshold
from optbench.kernels.memory.buffers import empty
from optbench.kernels.memory.groups import Results
from optbench.kernels.status import BUDGET, NOT_FINITE, STATIONARY, TARGET, rounding_floor
from optbench.rules.foreign import METHODS

VALUES_ONLY = ("scipy_nelder_mead", "random_search")


@dataclass(frozen=True)
class Baseline:
    """A minimiser that stands where studies expect an `Optimizer`.

    It has no rate: cells show it with the one rate 1, which nothing depends on.
    """

    name: str
    lr = 1.0
    given = (("lr", 1.0),)
    parts = schedule = ()
    evaluations = 1
    full_batch = False

    @property
    def rule(self):
        """What is asked about the rule of an optimizer: the baseline itself."""
        return self

    @property
    def label(self):
        """The name: there are no settings."""
        return self.name

    @property
    def source(self):
        """What it is."""
        method = METHODS[self.name]
        return f"scipy.optimize.minimize({method!r})" if method else "uniform in the problem's box"

    @property
    def unit(self):
        """What an evaluation is: "gradients" (with the value), or "values" alone."""
        return "values" if self.name in VALUES_ONLY else "gradients"

    @property
    def values(self):
        """What determines the numbers, beside problem and start."""
        import scipy

        code = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()
        method = METHODS[self.name]
        return {"baseline": self.name, "method": method, "scipy": scipy.__version__, "code": code}

    def wants(self, problem):
        """Say why this baseline is not run on `problem`, or None."""
        if problem.kind != "deterministic":
            return f"{self.name} is for noise-free surfaces; {problem.name} is not one"
        return None


class SpentError(Exception):
    """The budget is spent, or the last target hit."""


class _Run:
    """One run: what was seen at each evaluation, and the best point at the recorded ones."""

    def __init__(self, problem, start, steps, records, thresholds, stop_at_target):
        self.problem, self.start, self.steps = problem, start, steps
        self.records, self.thresholds, self.stop = records, thresholds, stop_at_target
        self.seen, self.recorded, self.best_x, self.best = [], [], start, np.inf

    def _look(self, x, f):
        """Take note of f at x, or end the run."""
        k = len(self.seen)
        self.seen.append(f)
        if f < self.best or k == 0:
            self.best, self.best_x = f if np.isfinite(f) else np.inf, np.array(x)
        if k in self.records:
            self.recorded.append((self.best, self.best_x))
        hit = self.stop and len(self.thresholds) and self.best <= self.thresholds[-1]
        if k == self.steps or hit:
            raise SpentError
        return f

    def value(self, x):
        """Return f, for methods without gradients."""
        return self._look(x, float(self.problem.value(x)))

    def value_and_grad(self, x):
        """Return (f, gradient)."""
        f, g = self.problem.value_and_grad(x)
        return self._look(x, float(f)), g

    def go(self, name, key):
        """Run a baseline to its end."""
        from scipy.optimize import minimize

        try:
            if name in VALUES_ONLY and METHODS[name] is None:
                self._draw(key)
            elif name in VALUES_ONLY:
                minimize(self.value, self.start, method=METHODS[name])
            else:
                minimize(self.value_and_grad, self.start, jac=True, method=METHODS[name])
        except SpentError:
            pass

    def _draw(self, key):
        rng = np.random.Generator(np.random.Philox(key=int(key)))
        low, high = self.problem.box
        x = self.start
        while True:
            self.value(x)
            x = rng.uniform(low, high)


def simulate(
    problem, baseline, *, starts, keys, steps, records, targets, asked, f_ref, store_x,
    stop_at_target,
):  # fmt: skip
    """Run a baseline from each start; see `lanes.simulate`.

    Returns
    -------
    groups.Results
    """
    n, d, m, r = len(starts), problem.dim, len(targets), len(records)
    results = Results(
        x=empty((n, d), float), f_start=empty(n, float), f_final=empty(n, float),
        f_best=empty(n, float), status=empty(n, np.int64), steps=empty(n, np.int64),
        hits=np.full((n, m), -1, np.int64), hit=np.full(n, -1, np.int64),
        record_f=np.full((n, r), np.nan),
        record_best=np.full((n, r), np.nan), record_metrics=np.zeros((n, 0, 6)),
        record_x=np.full((n, r if store_x else 0, d), np.nan),
    )  # fmt: skip
    for lane in range(n):
        f_start = float(problem.value(starts[lane]))
        thresholds = thresholds_of(targets, f_start, f_ref, np.float64)
        counting = thresholds[~np.isnan(thresholds)]
        run = _Run(problem, starts[lane], steps, set(records), counting, stop_at_target)
        with np.errstate(all="ignore"):
            run.go(baseline.name, keys[lane])
        _keep(results, lane, run, f_start, thresholds, asked)
    return results


def thresholds_of(targets, f_start, f_ref, dtype):
    """Return the value of f at each target, as lanes have it: see `events.threshold`."""
    value, floor = threshold.py_func, rounding_floor(f_ref, dtype)
    with np.errstate(all="ignore"):  # f at the start may be anything
        return np.array([value(target, f_start, f_ref, floor) for target in targets])


def _keep(results, lane, run, f_start, thresholds, asked):
    """Write a run into row `lane` of the results."""
    seen = np.array(run.seen)
    best = np.minimum.accumulate(np.where(np.isfinite(seen), seen, np.inf))
    for m, wanted in enumerate(thresholds):
        reached = np.flatnonzero(best <= wanted)
        if reached.size:
            results.hits[lane, m] = reached[0]
    counting = np.flatnonzero(~np.isnan(thresholds))
    goal = asked if asked >= 0 else counting[-1] if counting.size else None
    if goal is not None:
        results.hit[lane] = results.hits[lane, goal]
    results.x[lane], results.f_start[lane] = run.best_x, f_start
    results.f_final[lane] = results.f_best[lane] = run.best
    results.steps[lane] = min(len(run.seen) - 1, run.steps)
    results.status[lane] = _status(run, results.hit[lane])
    for r, (f, x) in enumerate(run.recorded):
        results.record_f[lane, r] = results.record_best[lane, r] = f
        if results.record_x.shape[1]:
            results.record_x[lane, r] = x


def _status(run, hit):
    if not np.isfinite(run.best):
        return NOT_FINITE
    if hit >= 0:
        return TARGET
    tolerance = math.sqrt(np.finfo(np.float64).eps)
    slope, first = (np.abs(run.problem.grad(x)).max() for x in (run.best_x, run.start))
    return STATIONARY if stands_still.py_func(slope, first, tolerance) else BUDGET
