"""Run a study: tune each pair on its tuning instances, score it on the others, keep every cell.

Pairs run side by side in a pool of threads (compiled code holds no lock), the largest first; a
thread that has none left helps with those under way. Every cell goes to the store when it ends. A
cell that the store already holds is not run again, so a run that was interrupted goes on where it
stopped. An error fails its own pair, and no other.
"""

import contextlib
from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from optbench.catalog.basins import prepare
from optbench.catalog.blas import one_blas_thread
from optbench.catalog.instance import Problem
from optbench.define.limits import Limits
from optbench.define.plugins import Folders, paths
from optbench.errors import UnfitError
from optbench.kernels.memory.capacity import processors
from optbench.study.claiming import claim
from optbench.study.compiling import compile_pairs
from optbench.study.cost import pair_costs, pair_seconds
from optbench.study.draws import scoring_draws, tuning_draws
from optbench.study.isolating import Isolation
from optbench.study.pairs import Failed, LeftOut, Pair, PairKey
from optbench.study.progress import Progress, Work
from optbench.study.results import DONE, SKIPPED
from optbench.study.schema import Study
from optbench.study.store import Store
from optbench.study.study_run import PairErrors, StoppedError, StudyRun
from optbench.study.switching import switches
from optbench.study.tuning import tune_and_score
from optbench.waiting import tell, working

if TYPE_CHECKING:
    from optbench.study.cluster.connecting import Cluster

AGAIN = "(as before; --retry-failed runs it again)"
MOST_WAITING = 64
"""Threads that wait for a device, by default."""


def run_pairs(
    pairs: Sequence[Pair],
    study: Study,
    store: Store,
    threads: int | None = None,
    progress: Progress | None = None,
    skipped: Sequence[LeftOut] = (),
    *,
    folders: Folders = (),
    limits: Limits = Limits(),  # noqa: B008  # it is frozen
    retry_failed: bool = False,
    cluster: "Cluster | None" = None,
) -> Progress:
    """Run all pairs and store their cells.

    Parameters
    ----------
    pairs : sequence of Pair
    study : Study
    store : Store
    threads : int, optional
        By default the number of processors; on a device one for each pair, up to `MOST_WAITING`.
    progress : Progress, optional
    skipped : sequence of pairs.LeftOut
        What the study leaves out.
    folders : path or sequence of path
        The user's own, with the definitions of pairs that workers are to run.
    limits : Limits
        What the user's code may take.
    retry_failed : bool
        Run pairs that failed before again, where nothing of them has changed, too.
    cluster : Cluster, optional
        Whose workers run the pairs, instead of threads.

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
    run = StudyRun(study, store, progress or Progress(), folders=paths(folders), limits=limits)
    isolation = Isolation(pairs, run, threads or _workers(pairs))
    with working(f"preparing study {study.name}"):
        finished, failed = claim(
            pairs, study, store, skipped, identity_of=isolation.first_identity,
            content_of=isolation.content, retry_failed=retry_failed,
        )  # fmt: skip
        for left_out in skipped:
            if isinstance(left_out, Failed):
                name = f"{left_out.optimizer} on {left_out.label}"
                run.progress.failures.append((name, left_out.reason))
        remaining = _remaining(pairs, study, finished, failed, run.progress)
        if cluster is None:
            _run_here(remaining, run, isolation, threads)
        else:
            from optbench.study.cluster.sending import run_on

            run_on(cluster, remaining, run, isolation)
        store.flush()  # progress counts what is durable
    return run.progress


def _run_here(
    pairs: Sequence[Pair], run: StudyRun, isolation: Isolation, threads: int | None
) -> None:
    """Compile all that pairs need, then run them on threads of this process."""
    apart = [pair for pair in pairs if pair in isolation]
    ours = [pair for pair in pairs if pair not in isolation]
    compiled = {*compile_pairs(ours, run, threads or processors(), apart), *apart}
    ready = [pair for pair in pairs if pair in compiled]
    run.switches = switches(ready)
    # After compiling, which loads the BLAS that nets use: its threads would fight the lanes'.
    if ready:
        with one_blas_thread():
            _run_in_pool(ready, run, isolation, threads or _workers(ready))


def _workers(pairs: Sequence[Pair]) -> int:
    """Return how many threads run pairs: more than processors where they wait for a device.

    Cells that wait for a kernel are launched together.
    """
    waiting = sum(pair.device == "cuda" for pair in pairs)
    workers: int = max(processors(), min(MOST_WAITING, waiting))
    return workers


def _remaining(
    pairs: Sequence[Pair],
    study: Study,
    finished: Mapping[PairKey, int],
    failed: Mapping[PairKey, str],
    progress: Progress,
) -> list[Pair]:
    """Return the pairs that are to be run, the longest first, and begin the progress."""
    work = [Work(pair, pair_seconds(pair, study), len(pair_costs(pair, study))) for pair in pairs]
    work.sort(key=lambda own: own.cost, reverse=True)
    progress.begin(work)
    ordered = [own.pair for own in work]
    for pair in ordered:
        if pair.key in finished:
            progress.add_finished_pair(pair, finished[pair.key])
        elif pair.key in failed:
            progress.fail(pair, f"{failed[pair.key]} {AGAIN}")
            progress.pair_done(pair)
    return [pair for pair in ordered if pair.key not in finished and pair.key not in failed]


def _prepare(pairs: Sequence[Pair], run: StudyRun, threads: int) -> None:
    """Resolve what all optimizers of a problem share, before they wait for each other's.

    Draws, reference values and basins are kept where they are asked for. A problem that fails here
    fails again, and with it its pairs, when they run.
    """
    problems = {pair.problem: None for pair in pairs}
    with ThreadPoolExecutor(threads) as pool:
        for number, _ in enumerate(pool.map(partial(_resolve, run=run), problems), 1):
            tell("preparing instances", number, len(problems))


def _resolve(problem: Problem, run: StudyRun) -> None:
    """Make the draws of a problem, with their reference values and basins."""
    if run.stop.is_set():
        return
    with contextlib.suppress(Exception):
        tuning_draws(problem, run.study)
        prepare(scoring_draws(problem, run.study).instances)


def _run_in_pool(
    pairs: Sequence[Pair], run: StudyRun, isolation: Isolation, threads: int
) -> None:  # fmt: skip
    """Run pairs on so many threads; stop them all where one raises."""
    waiting = deque(pairs)
    with ThreadPoolExecutor(threads) as pool:
        try:
            _prepare([pair for pair in pairs if pair not in isolation], run, threads)
            futures = [pool.submit(_run_pairs_of, waiting, run, isolation) for _ in range(threads)]
            for future in as_completed(futures):
                future.result()
        except BaseException:
            run.stop.set()
            waiting.clear()
            pool.shutdown(wait=True, cancel_futures=True)
            raise


def _run_pairs_of(waiting: "deque[Pair]", run: StudyRun, isolation: Isolation) -> None:
    """Run pairs as long as some wait; then this thread is idle."""
    while waiting:
        try:
            pair = waiting.popleft()
        except IndexError:  # another thread was faster
            break
        _run_pair(pair, run, isolation)
    run.idle.release()


def _run_pair(pair: Pair, run: StudyRun, isolation: Isolation) -> None:
    """Run a pair, unless the study is told to stop meanwhile: then it is not done."""
    if run.stop.is_set():
        return
    try:
        with PairErrors(pair, run):
            _tune_and_score(pair, run, isolation)
    except StoppedError:
        return
    run.progress.pair_done(pair)


def _tune_and_score(pair: Pair, run: StudyRun, isolation: Isolation) -> None:
    """Run the cells of a pair; on the CPU or not at all if its device turns out not to."""
    store = run.store
    store.begin_pair(*pair.key)
    own = isolation.tune_and_score if pair in isolation else tune_and_score
    try:
        facts: dict[str, object] = {**own(pair, run)}
    except UnfitError as error:
        store.begin_pair(*pair.key)
        if not pair.fallback:
            store.end_pair(*pair.key, SKIPPED, reason=str(error))
            return
        on_cpu = replace(pair, device="cpu")
        facts = {"device": "cpu", **tune_and_score(on_cpu, run)}
    store.end_pair(*pair.key, DONE, facts=facts)
