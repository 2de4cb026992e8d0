"""Run a study: tune each pair on its tuning instances, score it on the others, keep every cell.

Pairs run side by side in a pool of threads (compiled code holds no lock); every cell goes to the
store as soon as it ends. A cell that the store already holds is not run again, so a run that was
interrupted goes on where it stopped.
"""

import contextlib
import math
import os
import threading
import time
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import replace

import numpy as np
from threadpoolctl import threadpool_limits

from optbench import beside
from optbench.cells import SCORING, TUNING, cells
from optbench.errors import UnfitError
from optbench.kernels.groups import NOT_FINITE
from optbench.lanes import fill_records, program, record_steps, simulate
from optbench.switching import switched

EXTENSIONS = 3
"""How often a grid is extended by a decade when its best rate sits at an edge."""


class Progress:
    """What a running study tells: cells, lane-steps, seconds; override `advance` to show it."""

    def __init__(self):
        self.cells = 0
        self.lane_steps = 0
        self.compile_seconds = 0.0
        self.left_out = []
        self.lock = threading.Lock()

    def begin(self, work):
        """Take note of the work ahead, in lane-steps weighted by their cost."""

    def add(self, cell, lane_steps):
        """Count a finished cell."""
        with self.lock:
            self.cells += 1
            self.lane_steps += lane_steps
            self.advance(cell)

    def advance(self, cell):
        """Show the progress; called under the lock after each cell."""

    def leave_out(self, pair, reason):
        """Take note of a pair that its device turned out not to run."""
        with self.lock:
            self.left_out.append((pair.optimizer.label, pair.problem.label, reason))

    def pair_done(self, pair):
        """Take note of a finished pair."""


def run_pairs(pairs, study, store, threads=None, progress=None):
    """Run all pairs and store their cells.

    Parameters
    ----------
    pairs : list of Pair
    study : Study
    store : Store
    threads : int, optional
        By default the number of processors.
    progress : Progress, optional

    Returns
    -------
    Progress

    Notes
    -----
    On KeyboardInterrupt the cells that have ended stay stored, and the interrupt is raised again
    after the running ones were told to stop.
    """
    progress = progress or Progress()
    threads = threads or os.cpu_count() or 1
    ordered = sorted(switched(pairs, study.dtype), key=cost, reverse=True)
    progress.begin([(pair, cost(pair)) for pair in ordered])
    stop = threading.Event()
    # After compiling, which loads the BLAS that nets use: its threads would fight the lanes'.
    _compile(ordered, study, progress)
    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(threads) as pool:
        try:
            waiting = {
                pool.submit(_run_pair, pair, study, store, progress, stop) for pair in ordered
            }
            while waiting:
                done, waiting = wait(waiting, timeout=0.2, return_when=FIRST_COMPLETED)
                for future in done:
                    future.result()
        except BaseException:
            stop.set()
            pool.shutdown(wait=True, cancel_futures=True)
            raise
    return progress


def cost(pair):
    """Estimate the relative cost of a lane of a pair: coordinates touched."""
    examples = pair.problem.examples
    width = pair.problem.dim * (min(examples) if examples else 1)
    return pair.budget * float(width)


def _compile(pairs, study, progress):
    """Compile all that the pairs need, so that compile time is told apart from run time."""
    began = time.perf_counter()
    nets = [pair for pair in pairs if pair.problem.kind == "net"]
    others = [pair for pair in pairs if pair.problem.kind != "net"]
    with beside.nets(nets, study.dtype):
        for pair in others:
            program(pair.problem, pair.optimizer, study.dtype, pair.device)
        if any(pair.device == "cpu" for pair in pairs):
            from optbench.kernels.cpu import driver

            driver(np.dtype(study.dtype))
        if nets:
            from optbench.nets import diagnosis

            diagnosis.compiled(study.dtype)
    for pair in nets:
        program(pair.problem, pair.optimizer, study.dtype, pair.device)
    progress.compile_seconds = time.perf_counter() - began


class StoppedError(Exception):
    """The study was told to stop."""


def _run_pair(pair, study, store, progress, stop):
    """Run a pair; on the CPU or not at all if its device turns out not to."""
    with contextlib.suppress(StoppedError):
        try:
            _tune_and_score(pair, study, store, progress, stop)
        except UnfitError as error:
            if pair.fallback:
                on_cpu = replace(pair, device="cpu", switch=None)
                _tune_and_score(on_cpu, study, store, progress, stop)
            else:
                progress.leave_out(pair, str(error))
        progress.pair_done(pair)


def _tune_and_score(pair, study, store, progress, stop):
    """Tune, extend the grid while the best rate sits at an edge, and score."""
    grid = pair.grid(study)
    rates = grid.rates()
    scores = tune(pair, study, store, progress, stop, rates)
    extended = 0
    while extended < EXTENSIONS:
        best = best_rate(rates, scores)
        side = -1 if best == rates[0] else 1 if best == rates[-1] else 0
        if not side or grid.count == 1:
            break
        more = grid.decade(side, best)
        if not np.all(np.isfinite(more.astype(study.dtype))):
            break
        extra = tune(pair, study, store, progress, stop, more)
        rates, scores = np.concatenate([rates, more]), np.concatenate([scores, extra])
        order = np.argsort(rates)
        rates, scores = rates[order], scores[order]
        extended += 1
    best = best_rate(rates, scores)
    at_edge = bool(grid.count > 1 and best in (rates[0], rates[-1]))
    facts = {"extended": extended, "at_edge": at_edge}
    for cell in cells(pair, study, SCORING, [best]):
        run_cell(cell, store, progress, stop, facts)


def tune(pair, study, store, progress, stop, rates):
    """Run the tuning cells of `rates` and return the score of each rate."""
    arrays = [run_cell(cell, store, progress, stop) for cell in cells(pair, study, TUNING, rates)]
    lr = np.concatenate([a["lr"] for a in arrays])
    score = np.concatenate([lane_scores(pair.problem.kind, a) for a in arrays])
    return np.array([np.median(score[lr == rate]) for rate in rates])


def lane_scores(kind, arrays):
    """Score lanes for tuning; not finite is +inf.

    Deterministic problems are scored by the best gap, nets by the validation loss at the end, and
    the others by the gap at the last record.
    """
    if kind == "net":
        scores = arrays["metrics"][:, 2].astype(float)
    elif kind == "deterministic":
        scores = arrays["f_best"].astype(float) - arrays["f_ref"]
    else:
        scores = arrays["f_final"].astype(float) - arrays["f_ref"]
    scores = np.where(arrays["status"] == NOT_FINITE, math.inf, scores)
    return np.where(np.isfinite(scores), scores, math.inf)


def best_rate(rates, scores):
    """Return the rate with the least score; ties go to the smaller rate."""
    return rates[np.argmin(scores)]


def run_cell(cell, store, progress, stop, facts=None):
    """Run a cell, or fetch it from the store; return its arrays."""
    if stop.is_set():
        raise StoppedError
    if store.has(cell.identity):
        arrays = store.get(cell.identity)[1]
        progress.add(cell, 0)
        return arrays
    began = time.perf_counter()
    arrays, source, layers = compute(cell)
    seconds = time.perf_counter() - began
    found = {**describe(cell), **(facts or {}), "seconds": seconds, **source}
    store.put(cell.identity, found, arrays, layers)
    progress.add(cell, int(arrays["steps"].sum()))
    return arrays


def compute(cell):
    """Run the lanes of a cell; return (arrays, facts about the reference value, layer rows)."""
    problem = cell.problem
    lanes = _Lanes(cell)
    scoring = cell.phase == SCORING
    f_ref, source = problem.reference
    recorded = record_steps(cell.pair.steps) if scoring else np.array([0, cell.pair.steps])
    outcome = lanes(recorded, scoring and problem.dim == 2)
    arrays = {
        "lr": lanes.lr,
        "seed": lanes.seeds,
        "status": outcome.status,
        "steps": outcome.steps,
        "f_start": outcome.f_start,
        "f_final": outcome.f_final,
        "f_best": outcome.f_best,
        "f_ref": np.full(len(lanes.lr), 0.0 if math.isnan(f_ref) else f_ref),
        "hits": outcome.hits,
    }
    if outcome.record_metrics.size:
        arrays["metrics"] = _last_metrics(outcome.record_metrics)
    if scoring:
        f, best, metrics = fill_records(outcome._asdict())
        arrays.update(record_steps=recorded, record_f=f, record_best=best)
        if outcome.record_metrics.size:
            arrays["record_metrics"] = metrics
        if outcome.record_x.size:
            arrays["record_x"] = outcome.record_x
    layers = []
    if problem.kind == "net":
        layers = _look_inside(cell, lanes, outcome, arrays)
    return arrays, {
        "f_ref": None if math.isnan(f_ref) else f_ref,
        "f_ref_source": source,
        "basin_gap": problem.basin_gap if scoring else None,
    }, layers  # fmt: skip


class _Lanes:
    """The lanes of a cell, or one seed of them; a call runs them: ``(records, store_x)``."""

    def __init__(self, cell, seed=None):
        chosen = list(range(cell.seeds)) if seed is None else [seed]
        rates, problem = cell.rates, cell.problem
        self.cell = cell
        self.seeds = np.tile(chosen, len(rates))
        self.lr = np.repeat(np.array(rates), len(chosen))
        self.starts = np.tile(problem.starts(chosen, cell.study_seed), (len(rates), 1))
        self.keys = np.tile(problem.keys(chosen, cell.study_seed), len(rates))

    def __call__(self, records, store_x):
        cell, pair = self.cell, self.cell.pair
        return simulate(
            cell.problem, pair.optimizer, starts=self.starts, keys=self.keys, lr=self.lr,
            steps=pair.steps, dtype=cell.dtype, records=records, f_ref=cell.problem.reference[0],
            store_x=store_x, stop_at_target=cell.stop_at_target, device=pair.device,
            switch=pair.switch,
        )  # fmt: skip


def _look_inside(cell, lanes, outcome, arrays):
    """Add to the `arrays` of a net what `inside` finds; return rows of the table of layers."""
    from optbench import inside

    about = cell.problem, cell.dtype
    arrays["chance"] = np.array(inside.chance(cell.problem))
    scoring = cell.phase == SCORING
    if scoring:
        arrays["saturated"] = inside.saturated(*about, lanes.starts, outcome.x)
    if not cell.watched:
        return []
    first = _Lanes(cell, seed=0)
    if scoring:
        return inside.layers(*about, cell.pair.steps, first)
    arrays.update(inside.swept(*about, cell.pair.steps, first))
    return []


def _last_metrics(metrics):
    """Return each lane's last recorded metrics [n, 6]."""
    last = np.sum(~np.isnan(metrics[:, :, 0]), axis=1) - 1
    return metrics[np.arange(len(metrics)), np.maximum(last, 0)]


def describe(cell):
    """Return the facts that name a cell."""
    pair, problem = cell.pair, cell.problem
    target, text = problem.success(cell.target)
    return {
        "optimizer": pair.optimizer.label,
        "rule": pair.optimizer.name,
        "problem": problem.name,
        "label": pair.problem.label,
        "dim": problem.dim,
        "kind": problem.kind,
        "family": problem.family,
        "tags": ", ".join(problem.tags),
        "target": target,
        "target_text": text,
        "absolute_targets": problem.absolute_targets,
        "measure": problem.measure,
        "local": problem.local,
        "instance": cell.instance,
        "phase": cell.phase,
        "steps": pair.steps,
        "evaluations_per_step": pair.evaluations_per_step,
        "unit": pair.optimizer.unit,
        "dtype": cell.dtype,
        "seeds": cell.seeds,
    }
