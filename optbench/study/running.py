"""Run a study: tune each pair on its tuning instances, score it on the others, keep every cell.

Pairs run side by side in a pool of threads (compiled code holds no lock); every cell goes to the
store as soon as it ends. A cell that the store already holds is not run again, so a run that was
interrupted goes on where it stopped. An error fails its own pair, and no other.
"""

import functools
import os
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace

import numpy as np
from threadpoolctl import threadpool_limits

from optbench.catalog import finding, plain
from optbench.define.definitions import NetDefinition
from optbench.errors import DeviceLostError, ResultsError, UnfitError, UserError
from optbench.lanes.simulating import compile_functions
from optbench.study import compiling
from optbench.study.cells import Failed
from optbench.study.claiming import claim
from optbench.study.progress import Progress
from optbench.study.results import DONE, FAILED, SKIPPED
from optbench.study.switching import switched
from optbench.study.tuning import StoppedError, tune_and_score
from optbench.waiting import tell, working


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
    skipped : list of cells.LeftOut
        What the study leaves out.

    Returns
    -------
    Progress
        `failures` names the pairs that ended by an error, which harms no other pair.

    Raises
    ------
    ResultsError
        If results can no longer be written.
    DeviceLostError
        If the device is lost.

    Notes
    -----
    On KeyboardInterrupt the cells that have ended stay stored, and the interrupt is raised again
    after the running ones were told to stop.
    """
    progress = progress or Progress()
    threads = threads or os.cpu_count() or 1
    with working(f"preparing study {study.name}"):
        _run(pairs, study, store, threads, progress, skipped)
    return progress


def _run(pairs, study, store, threads, progress, skipped):
    """Claim, compile and run; see `run_pairs`."""
    finished = claim(pairs, study, store, skipped)
    for one in skipped:
        if isinstance(one, Failed):
            progress.failures.append((f"{one.optimizer} on {one.label}", one.reason))
    ordered = sorted(pairs, key=cost, reverse=True)
    progress.begin([(pair, cost(pair)) for pair in ordered])
    for pair in ordered:
        if pair.key in finished:
            progress.keep(pair, finished[pair.key])
    # After compiling, which loads the BLAS that nets use: its threads would fight the lanes'.
    missing = [pair for pair in ordered if pair.key not in finished]
    ordered = _compiled(missing, study, store, progress)
    stop = threading.Event()
    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(threads) as pool:
        try:
            futures = [
                pool.submit(_run_pair, pair, study, store, progress, stop) for pair in ordered
            ]
            for future in as_completed(futures):
                future.result()
        except BaseException:
            stop.set()
            pool.shutdown(wait=True, cancel_futures=True)
            raise


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
                compile_functions(pair.problem, pair.optimizer, study.dtype, pair.device)
            if outcome.failed:
                progress.pair_done(pair)
            else:
                fit.append(pair)

    with compiling.nets(nets, study.dtype):
        compile_each(others)
        if any(pair.device == "cpu" for pair in pairs):
            from optbench.kernels.cpu.driver import driver

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
    if finding.is_own(definition):
        plain.check_at_start(definition, None if isinstance(definition, NetDefinition) else dim)


GOES_UP = (StoppedError, ResultsError, DeviceLostError)
"""What ends a study: it was told to, nothing can be kept any more, nothing can run any more."""


class _Failing:
    """A block whose errors fail its pair and nothing else; what stops the study goes on up."""

    def __init__(self, pair, store, progress):
        self.pair, self.store, self.progress = pair, store, progress
        self.failed = False

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if not isinstance(error, Exception) or isinstance(error, GOES_UP):
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
                facts = tune_and_score(pair, study, store, progress, stop)
            except UnfitError as error:
                store.begin_pair(*pair.key)
                if not pair.fallback:
                    store.end_pair(*pair.key, SKIPPED, str(error))
                    return
                on_cpu = replace(pair, device="cpu", switch=None)
                facts = {"device": "cpu", **tune_and_score(on_cpu, study, store, progress, stop)}
            store.end_pair(*pair.key, DONE, **facts)
    except StoppedError:
        return
    finally:
        progress.pair_done(pair)
