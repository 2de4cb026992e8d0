"""Run a study: tune each pair on its tuning instances, score it on the others, keep every cell.

Pairs run side by side in a pool of threads (compiled code holds no lock); every cell goes to the
store as soon as it ends. A cell that the store already holds is not run again, so a run that was
interrupted goes on where it stopped. An error fails its own pair, and no other.
"""

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace

from threadpoolctl import threadpool_limits

from optbench.errors import UnfitError
from optbench.study.claiming import claim
from optbench.study.compiling import compile_pairs
from optbench.study.pairs import Failed, LeftOut, Pair
from optbench.study.progress import Progress
from optbench.study.results import DONE, SKIPPED
from optbench.study.schema import Study
from optbench.study.store import Store
from optbench.study.study_run import PairErrors, StoppedError, StudyRun
from optbench.study.switching import switches
from optbench.study.tuning import tune_and_score
from optbench.waiting import working


def run_pairs(
    pairs: Sequence[Pair],
    study: Study,
    store: Store,
    threads: int | None = None,
    progress: Progress | None = None,
    skipped: Sequence[LeftOut] = (),
) -> Progress:
    """Run all pairs and store their cells.

    Parameters
    ----------
    pairs : sequence of Pair
    study : Study
    store : Store
    threads : int, optional
        By default the number of processors.
    progress : Progress, optional
    skipped : sequence of pairs.LeftOut
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
    run = StudyRun(study, store, progress or Progress())
    with working(f"preparing study {study.name}"):
        finished = claim(pairs, study, store, skipped)
        for left_out in skipped:
            if isinstance(left_out, Failed):
                name = f"{left_out.optimizer} on {left_out.label}"
                run.progress.failures.append((name, left_out.reason))
        remaining = _remaining(pairs, finished, run.progress)
        compiled = compile_pairs(remaining, run)
        run.switches = switches(compiled, study.dtype)
        # After compiling, which loads the BLAS that nets use: its threads would fight the lanes'.
        with threadpool_limits(1, user_api="blas"):
            _run_in_pool(compiled, run, threads or os.cpu_count() or 1)
        store.flush()  # progress counts what is durable
    return run.progress


def _remaining(
    pairs: Sequence[Pair], finished: Mapping[tuple[str, str], int], progress: Progress
) -> list[Pair]:
    """Return the pairs that are not finished, the longest first, and begin the progress."""
    ordered = sorted(pairs, key=relative_cost, reverse=True)
    progress.begin([(pair, relative_cost(pair)) for pair in ordered])
    for pair in ordered:
        if pair.key in finished:
            progress.add_finished_pair(pair, finished[pair.key])
    return [pair for pair in ordered if pair.key not in finished]


def relative_cost(pair: Pair) -> float:
    """Estimate the relative cost of a lane of a pair: coordinates touched."""
    examples = pair.problem.examples
    width = pair.problem.dim * (min(examples) if examples else 1)
    return pair.budget * float(width)


def _run_in_pool(pairs: Sequence[Pair], run: StudyRun, threads: int) -> None:
    """Run pairs on so many threads; stop them all where one raises."""
    with ThreadPoolExecutor(threads) as pool:
        try:
            futures = [pool.submit(_run_pair, pair, run) for pair in pairs]
            for future in as_completed(futures):
                future.result()
        except BaseException:
            run.stop.set()
            pool.shutdown(wait=True, cancel_futures=True)
            raise


def _run_pair(pair: Pair, run: StudyRun) -> None:
    """Run a pair; on the CPU or not at all if its device turns out not to."""
    if run.stop.is_set():
        return
    store = run.store
    try:
        with PairErrors(pair, run):
            store.begin_pair(*pair.key)
            try:
                facts: dict[str, object] = {**tune_and_score(pair, run)}
            except UnfitError as error:
                store.begin_pair(*pair.key)
                if not pair.fallback:
                    store.end_pair(*pair.key, SKIPPED, reason=str(error))
                    return
                on_cpu = replace(pair, device="cpu")
                facts = {"device": "cpu", **tune_and_score(on_cpu, run)}
            store.end_pair(*pair.key, DONE, facts=facts)
    except StoppedError:
        return
    finally:
        run.progress.pair_done(pair)
