"""Run pairs on the workers of a cluster; this process hands them out, and alone writes the store.

Each chunk goes to a worker by address, and what Dask would run again by itself is not: a worker
that is gone takes its chunks with it, and their pairs are handed out anew. A cell that
`MOST_LOST` workers were lost with fails its pair.
"""

import queue
import time
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from optbench.errors import UserCodeError, UserError
from optbench.study.cluster.connecting import Cluster
from optbench.study.cluster.serving import Outcome, Task, work
from optbench.study.cluster.waiting_pairs import CHUNK, WaitingPairs
from optbench.study.cost import pair_seconds
from optbench.study.isolating import Isolation, has_own_code
from optbench.study.orders import Order
from optbench.study.pairs import Pair, PairKey
from optbench.study.results import DONE, SKIPPED, Arrays
from optbench.study.store_schema import CellNames
from optbench.study.study_run import PairErrors, StudyRun
from optbench.study.tuning import keep
from optbench.waiting import tell

if TYPE_CHECKING:
    from distributed import Future

MOST_LOST = 3
"""Workers that are lost with one cell, after which nobody computes it any more."""
GLANCE = 0.5
"""Seconds between two looks at which workers there are."""


@dataclass(frozen=True)
class _Chunk:
    """Pairs that a worker has; `alone` if it has nothing else."""

    worker: str
    pairs: list[Pair]
    alone: bool


def run_on(
    cluster: Cluster, pairs: Iterable[Pair], run: StudyRun, isolation: Isolation
) -> None:  # fmt: skip
    """Run pairs on a cluster; what no file declares cannot be sent, and fails."""
    sent = []
    for pair in pairs:
        with PairErrors(pair, run) as outcome:
            if has_own_code(pair) and pair not in isolation:
                raise UserError(
                    f"{pair.label}: is declared in no file that could be sent to a worker; put it "
                    "into one, and name its folder by --plugins"
                )
            sent.append(pair)
        if outcome.failed:
            run.progress.pair_done(pair)
    _Sender(sent, run, isolation, cluster)()


class _Sender:
    """The pairs of a study, on their way to workers and back.

    Parameters
    ----------
    pairs : list of Pair
    run : StudyRun
    isolation : Isolation
        Knows which of them have code of the user's.
    cluster : Cluster
    """

    def __init__(
        self, pairs: list[Pair], run: StudyRun, isolation: Isolation, cluster: Cluster
    ) -> None:  # fmt: skip
        self.run, self.isolation, self.cluster = run, isolation, cluster
        self.seconds = {pair.key: pair_seconds(pair, run.study) for pair in pairs}
        self.waiting = WaitingPairs(pairs, self.seconds)
        self.earlier: dict[PairKey, list[str]] = defaultdict(list)
        for *key, _, _, identity in run.store.names():
            self.earlier[key[0], key[1]].append(identity)
        self.known: dict[PairKey, dict[str, Arrays]] = {}
        self.named: set[tuple[PairKey, str]] = set()
        self.due: dict[PairKey, CellNames] = {}
        self.lost: Counter[PairKey] = Counter()
        self.chunks: dict[Future[Any], _Chunk] = {}
        self.ended: queue.SimpleQueue[Future[Any]] = queue.SimpleQueue()

    def __call__(self) -> None:
        """Run all pairs."""
        workers, looked = self.cluster.workers(), time.monotonic()
        try:
            while self.waiting or self.chunks:
                self._hand_out(workers)
                if not workers:
                    tell(f"waiting for workers of {self.cluster.address}")
                self._take_back()
                if time.monotonic() - looked >= GLANCE:
                    workers, looked = self.cluster.workers(), time.monotonic()
                    self._lose(workers.keys())
        finally:
            for future in self.chunks:
                future.cancel()

    def _hand_out(self, workers: dict[str, int]) -> None:
        """Give each worker as many chunks as it has threads, a suspect one without any."""
        load = Counter(chunk.worker for chunk in self.chunks.values())
        alone = {chunk.worker for chunk in self.chunks.values() if chunk.alone}
        open_to = sorted(workers.keys() - alone, key=lambda worker: load[worker])
        while self.waiting.suspects and open_to and not load[open_to[0]]:
            self._send(_Chunk(open_to.pop(0), [self.waiting.suspects.popleft()], True))
        if self.waiting.suspects and not alone:
            open_to = open_to[1:]  # it is to have nothing left
        for worker in open_to:
            for _ in range(workers[worker] - load[worker]):
                pairs = self.waiting.next(worker, sum(workers.values()))
                if not pairs:
                    return
                self._send(_Chunk(worker, pairs, False))

    def _send(self, chunk: _Chunk) -> None:
        """Have a worker go on with pairs; what has nothing else is handed out cell by cell."""
        tasks = [self._task(pair) for pair in chunk.pairs]
        seconds = 0.0 if chunk.alone else CHUNK
        future = self.cluster.submit(chunk.worker, work, tasks, self.run.limits, seconds)
        self.chunks[future] = chunk
        future.add_done_callback(self.ended.put)

    def _task(self, pair: Pair) -> Task:
        """Return what a worker needs of a pair; what the store had of it goes along."""
        store, key = self.run.store, pair.key
        if key not in self.known:
            self.known[key] = {name: store.get(name)[1] for name in self.earlier[key]}
            store.begin_pair(*key)
        self.run.progress.begin_cell(pair, "sent to a worker:")
        apart = pair in self.isolation
        order = Order.of(pair, self.run.study, self.isolation.folders if apart else ())
        return Task(replace(order, known=self.known[key]), apart, self.seconds[key])

    def _take_back(self) -> None:
        """Wait a moment for a chunk that has ended, and keep what it has."""
        try:
            future = self.ended.get(timeout=GLANCE)
        except queue.Empty:
            return
        chunk = self.chunks.pop(future, None)
        if chunk is None:
            return
        if future.status != "finished":
            self._failed(future, chunk)
            return
        outcomes: list[Outcome] = future.result()
        for pair, outcome in zip(chunk.pairs, outcomes, strict=False):
            self._keep(pair, outcome, chunk.alone)
        self.waiting.again(reversed(chunk.pairs[len(outcomes) :]), suspect=False)

    def _keep(self, pair: Pair, outcome: Outcome, suspect: bool) -> None:
        """Store what a worker has computed of a pair, and how the pair ended if it has."""
        run, key = self.run, pair.key
        known = self.known[key]
        for identity, names in outcome.used:
            if (key, identity) not in self.named:
                run.store.name(*names, identity, lambda: run.progress.add(pair, 0))
                self.named.add((key, identity))
        for computed in outcome.computed:
            keep(computed, pair, run)
            self.named.add((key, computed.identity))
            known[computed.identity] = computed.arrays
            self.lost[key] = 0
        if outcome.due is not None:
            self.due[key] = outcome.due
            self.waiting.again([pair], suspect)
            return
        with PairErrors(pair, run):
            if outcome.facts is not None:
                run.store.end_pair(*key, DONE, facts={**outcome.facts})
            elif outcome.failure is not None and outcome.failure.kind == "unfit":
                run.store.end_pair(*key, SKIPPED, reason=outcome.failure.reason)
            elif outcome.failure is not None:
                raise UserCodeError(outcome.failure.reason, outcome.failure.trace)
        self._over(pair)

    def _over(self, pair: Pair) -> None:
        """Take note that nothing more is to be done for a pair."""
        self.known.pop(pair.key, None)
        self.run.progress.pair_done(pair)

    def _lose(self, there: Collection[str]) -> None:
        """Take back the chunks of workers that are gone."""
        for future, chunk in list(self.chunks.items()):
            if chunk.worker not in there and not future.done():
                del self.chunks[future]
                future.cancel()
                self._lost(chunk)

    def _failed(self, future: "Future[Any]", chunk: _Chunk) -> None:
        """Take back a chunk that Dask gives no result of: its worker was lost, or lost it."""
        from distributed import KilledWorker

        error = future.exception() if future.status == "error" else None
        if error is None:
            self.cluster.workers()  # it says so if it is the scheduler that was lost
        if error is None or isinstance(error, KilledWorker):
            self._lost(chunk)
            return
        for pair in chunk.pairs:  # what was sent could not be read there, or not be sent back
            with PairErrors(pair, self.run):
                raise error
            self._over(pair)

    def _lost(self, chunk: _Chunk) -> None:
        """Hand out anew what a lost worker had; fail the pair of a cell that it was lost with."""
        for pair in chunk.pairs:
            self.lost[pair.key] += 1
            if self.lost[pair.key] < MOST_LOST:
                self.waiting.again([pair], suspect=True)
                continue
            phase, part = self.due[pair.key][2:] if pair.key in self.due else ("first", 0)
            cell = f"{phase} cell" + (f" {part + 1}" if part else "")
            with PairErrors(pair, self.run):
                raise UserCodeError(
                    f"{MOST_LOST} workers were lost while they computed its {cell} (the last: "
                    f"{chunk.worker}); see the workers' logs: memory, or a fault of compiled code"
                )
            self._over(pair)
