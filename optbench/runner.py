"""Run a study: tune each pair on its tuning instances, score it on the others, keep every cell.

Pairs run side by side in a pool of threads (compiled code holds no lock); every cell goes to the
store as soon as it ends. A cell that the store already holds is not run again, so a run that was
interrupted goes on where it stopped.
"""

import functools
import os
import threading
import time
import traceback
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import replace

import numpy as np
from threadpoolctl import threadpool_limits

from optbench import beside, catalog
from optbench.cells import SCORING, TUNING, cells
from optbench.checking import plain
from optbench.computing import compute
from optbench.declared import NetDefinition
from optbench.errors import ResultsError, UnfitError, UserError
from optbench.lanes import program
from optbench.machine import cpu_name
from optbench.numeric_code import numeric_code, numeric_versions
from optbench.scores import best_rate, lane_scores
from optbench.store import DONE, FAILED, PENDING, SKIPPED
from optbench.switching import switched
from optbench.waiting import tell

EXTENSIONS = 3
"""How often a grid is extended by a decade when its best rate sits at an edge."""


class Progress:
    """What a running study tells: cells, lane-steps, seconds; override `advance` to show it."""

    def __init__(self):
        self.cells = 0
        self.lane_steps = 0
        self.compile_seconds = 0.0
        self.failures = []
        self.lock = threading.Lock()

    def begin(self, work):
        """Take note of the work ahead: (pair, relative cost) of each pair."""

    def add(self, cell, lane_steps):
        """Count a finished cell."""
        with self.lock:
            self.cells += 1
            self.lane_steps += lane_steps
            self.advance(cell)

    def advance(self, cell):
        """Show the progress; called under the lock after each cell."""

    def fail(self, pair, reason):
        """Take note of a pair that failed."""
        with self.lock:
            self.failures.append((pair.label, reason))

    def pair_done(self, pair):
        """Take note of a finished pair."""


def run_pairs(pairs, study, store, threads=None, progress=None, skipped=()):
    """Run all pairs and store their cells.

    Parameters
    ----------
    pairs : list of Pair
    study : Study
    store : Store
    threads : int, optional
        By default the number of processors.
    progress : Progress, optional
    skipped : list of (optimizer label, problem label, reason)
        What the study leaves out.

    Returns
    -------
    Progress
        `failures` names the pairs that ended by an error, which harms no other pair.

    Raises
    ------
    ResultsError
        If results can no longer be written.

    Notes
    -----
    On KeyboardInterrupt the cells that have ended stay stored, and the interrupt is raised again
    after the running ones were told to stop.
    """
    progress = progress or Progress()
    threads = threads or os.cpu_count() or 1
    claim(pairs, study, store, skipped)
    ordered = sorted(pairs, key=cost, reverse=True)
    progress.begin([(pair, cost(pair)) for pair in ordered])
    # After compiling, which loads the BLAS that nets use: its threads would fight the lanes'.
    ordered = _compiled(ordered, study, store, progress)
    stop = threading.Event()
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


def claim(pairs, study, store, skipped=()):
    """Write down what the run consists of: problems, pairs, what is left out and why.

    A pair that an earlier invocation has finished with the present code stays finished until it is
    run again; what other code made is read no more.
    """
    named = {pair.key: pair for pair in pairs}

    def current(optimizer, label, identities):
        pair = named[optimizer, label]
        rates = pair.grid(study).rates()
        first = {cell.identity for cell in cells(pair, study, TUNING, rates)}
        return bool(identities) and first <= identities

    rows = [_row(*pair.key, PENDING, None, pair_facts(pair, study)) for pair in pairs]
    rows += [_row(optimizer, label, SKIPPED, reason, {}) for optimizer, label, reason in skipped]
    problems = {pair.problem_label: problem_facts(pair.problem, study) for pair in pairs}
    store.put_pairs(problems, rows, current)


def _row(optimizer, label, state, reason, facts):
    return {
        "optimizer": optimizer, "label": label, "state": state, "reason": reason, "facts": facts
    }  # fmt: skip


def cost(pair):
    """Estimate the relative cost of a lane of a pair: coordinates touched."""
    examples = pair.problem.examples
    width = pair.problem.dim * (min(examples) if examples else 1)
    return pair.budget * float(width)


def _compiled(pairs, study, store, progress):
    """Compile all that the pairs need, so that compile time is told apart from run time.

    Returns
    -------
    list of Pair
        Those that compile, with the kernels that they share on CUDA; the others have failed.
    """
    began = time.perf_counter()
    nets = [pair for pair in pairs if pair.problem.kind == "net"]
    others = [pair for pair in pairs if pair.problem.kind != "net"]
    fit = []

    def compile_each(pairs):
        for pair in pairs:
            tell(f"compiling {pair.label}", len(fit) + 1, len(nets) + len(others))
            with _Failing(pair, store, progress) as outcome:
                _check_own(pair.problem.definition, pair.problem.dim)
                program(pair.problem, pair.optimizer, study.dtype, pair.device)
            if not outcome.failed:
                fit.append(pair)

    with beside.nets(nets, study.dtype):
        compile_each(others)
        if any(pair.device == "cpu" for pair in pairs):
            from optbench.kernels.cpu import driver

            tell("compiling the driver")
            driver(np.dtype(study.dtype))
        if nets:
            from optbench.nets import diagnosis

            tell("compiling nets")
            diagnosis.compiled(study.dtype)
    compile_each(nets)
    progress.compile_seconds = time.perf_counter() - began
    keys = {pair.key for pair in fit}
    return switched([pair for pair in pairs if pair.key in keys], study.dtype)


@functools.cache
def _check_own(definition, dim):
    """Refuse a problem of the user's that reads beyond its coordinates or is not finite at once.

    Compiled code checks no bounds: it would run on numbers that are somebody else's.
    """
    if catalog.is_own(definition):
        plain.quick(definition, None if isinstance(definition, NetDefinition) else dim)


class StoppedError(Exception):
    """The study was told to stop."""


class _Failing:
    """A block whose errors fail its pair and nothing else; what stops the study goes on up."""

    def __init__(self, pair, store, progress):
        self.pair, self.store, self.progress = pair, store, progress
        self.failed = False

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if not isinstance(error, Exception) or isinstance(error, (StoppedError, ResultsError)):
            return False
        words = str(error) if isinstance(error, UserError) else f"{kind.__name__}: {error}"
        text = "".join(traceback.format_exception(error))
        self.store.end_pair(*self.pair.key, FAILED, words, text)
        self.progress.fail(self.pair, words)
        self.failed = True
        return True


def _run_pair(pair, study, store, progress, stop):
    """Run a pair; on the CPU or not at all if its device turns out not to."""
    if stop.is_set():
        return
    try:
        with _Failing(pair, store, progress):
            store.begin_pair(*pair.key)
            try:
                facts = _tune_and_score(pair, study, store, progress, stop)
            except UnfitError as error:
                store.begin_pair(*pair.key)
                if not pair.fallback:
                    store.end_pair(*pair.key, SKIPPED, str(error))
                    return
                pair = replace(pair, device="cpu", switch=None)
                facts = _tune_and_score(pair, study, store, progress, stop)
            store.end_pair(*pair.key, DONE, device=pair.device, **facts)
    except StoppedError:
        return
    finally:
        progress.pair_done(pair)


def _tune_and_score(pair, study, store, progress, stop):
    """Tune, extend the grid while the best rate sits at an edge, and score.

    Returns
    -------
    dict
        How many decades the grid was extended by, and whether the best rate is still at an edge.
    """
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
    for cell in cells(pair, study, SCORING, [best]):
        run_cell(cell, store, progress, stop)
    return {
        "extended": extended,
        "at_edge": bool(grid.count > 1 and best in (rates[0], rates[-1])),
    }


def tune(pair, study, store, progress, stop, rates):
    """Run the tuning cells of `rates` and return the score of each rate."""
    arrays = [run_cell(cell, store, progress, stop) for cell in cells(pair, study, TUNING, rates)]
    lr = np.concatenate([a["lr"] for a in arrays])
    score = np.concatenate([lane_scores(pair.problem.kind, a) for a in arrays])
    return np.array([np.median(score[lr == rate]) for rate in rates])


def run_cell(cell, store, progress, stop):
    """Run a cell, or fetch it from the store; return its arrays."""
    if stop.is_set():
        raise StoppedError
    if store.has(cell.identity):
        arrays = store.get(cell.identity)[1]
        store.name(*cell.names, cell.identity)
        progress.add(cell, 0)
        return arrays
    began = time.perf_counter()
    arrays, facts, layers = compute(cell)
    lane_steps = int(arrays["steps"].sum())
    facts |= {
        "seconds": time.perf_counter() - began, "lane_steps": lane_steps, "code": numeric_code(),
        "versions": numeric_versions(), "cpu": cpu_name(), "device": cell.pair.device,
    }  # fmt: skip
    store.put(cell.identity, facts, arrays, layers, names=cell.names)
    progress.add(cell, lane_steps)
    return arrays


def problem_facts(problem, study):
    """Return what tables and figures need to know of a problem, whatever its instance."""
    target, text = problem.success(study.target)
    return {
        "problem": problem.name,
        "content": problem.identity,
        "dim": problem.dim,
        "kind": problem.kind,
        "family": problem.family,
        "tags": ", ".join(problem.tags),
        "target": target,
        "target_text": text,
        "absolute_targets": problem.absolute_targets,
        "measure": problem.measure,
        "local": problem.local,
    }


def pair_facts(pair, study):
    """Return the facts of a pair that tables group by, and the costs of its steps."""
    return {
        "rule": pair.optimizer.name,
        "budget": pair.budget,
        "steps": pair.steps,
        "evaluations_per_step": pair.evaluations_per_step,
        "unit": pair.optimizer.unit,
        "dtype": study.dtype,
        "device": pair.device,
        "seeds": study.seeds,
    }
