"""What limits a study that many workers compute: a model, fitted to a run, and simulated.

``python -m tests.benchmarks.scaling RUN [SECONDS]`` reads how long the cells of a finished run took
and how many bytes they are, measures here what the store takes for a cell, and prints for 1 to
1,000 workers how large chunks should be and what becomes of the time. On a machine that had other
work, SECONDS is what the run computed in all, by the processor's clock. See docs/scaling.md.

One process deals out chunks of cells, `dispatch` seconds each, to workers that ask for the next
when they have ended one; what they send back is written one after another, `store` seconds a cell
and its bytes over the network. Of the workers of a node none computes before the node has compiled.
"""

import heapq
import math
import random
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from optbench.study.results import DONE, Results
from optbench.study.store import Store

WORKERS = (1, 10, 100, 1000)
DISPATCH = 1e-3
"""Seconds a chunk: about what Dask's documentation says of its scheduler (a millisecond a task)."""
NETWORK = 125e6
"""Bytes a second into the process that writes: a gigabit."""
LOST = 0.05
"""Share of the ideal time that chunks may cost at the end, when few are left."""


@dataclass(frozen=True)
class Study:
    """What a study asks of its workers.

    Attributes
    ----------
    cells : int
    seconds : tuple of float
        That cells take on one processor; those of a study are drawn from it.
    compile : float
        Seconds until a node has compiled what all cells need.
    bytes : float
        Of a cell, as it is stored.
    store : float
        Seconds of the writing process for a cell.
    """

    cells: int
    seconds: tuple[float, ...]
    compile: float
    bytes: float
    store: float

    @property
    def mean(self):
        """Seconds of a cell, on average."""
        return sum(self.seconds) / len(self.seconds)

    @property
    def written(self):
        """Seconds for which a cell occupies the process that writes."""
        return max(self.store, self.bytes / NETWORK)


def chunk_size(study, workers, dispatch=DISPATCH):
    """Return how many cells a chunk should have.

    As many as keep the scheduler at half its rate, but not so many that the last chunks cost more
    than `LOST` of the time; at least one.
    """
    enough = math.ceil(2 * workers * dispatch / study.mean)
    most = math.floor(LOST * study.cells / workers)
    return max(1, min(enough, most))


def bounds(study, workers, chunk, dispatch=DISPATCH):
    """Return name -> seconds that each part of the system needs at least, all others being idle."""
    return {
        "lanes": study.cells * study.mean / workers,
        "scheduler": math.ceil(study.cells / chunk) * dispatch,
        "store": study.cells * study.written,
        "compiling": study.compile,
    }


def simulated(study, workers, chunk, dispatch=DISPATCH, seed=0):
    """Return the seconds from the first dispatch until the last cell is stored."""
    draw = random.Random(seed)
    free = [(study.compile if study.compile else 0.0, number) for number in range(workers)]
    heapq.heapify(free)
    results = []
    dealt, left = 0.0, study.cells
    while left:
        asked, worker = heapq.heappop(free)
        dealt = max(dealt, asked) + dispatch
        cells = min(chunk, left)
        left -= cells
        ended = dealt + sum(draw.choices(study.seconds, k=cells))
        heapq.heappush(free, (ended, worker))
        results.append((ended, cells))
    stored = 0.0
    for ended, cells in sorted(results):
        stored = max(stored, ended) + cells * study.written
    return stored


def fitted(folder, cells, computed=None):
    """Return the `Study` of so many cells that are like those of a finished run.

    Where `computed` is given, what its cells took is scaled to so many seconds in all.
    """
    with Results(folder) as results:
        facts = [own for own, _ in results.cells((DONE,), names=())]
        query = "SELECT avg(length(data) + length(facts)) FROM cells"
        ((size,),) = results._query(query)
        compiling = sum(own.get("compile_seconds") or 0.0 for own in results.invocations())
        took = [own["seconds"] for own in facts]
        scale = 1.0 if computed is None else computed / sum(took)
        seconds = tuple(scale * value for value in took)
        return Study(cells, seconds, compiling, float(size), _seconds_to_store(results))


def _seconds_to_store(results, most=300):
    """Return the processor's seconds for which a cell of a run occupies the store of another."""
    names = results.names()[:most]
    stored = [(cell, *results.get(cell)) for *_, cell in names]
    with tempfile.TemporaryDirectory() as folder, Store(Path(folder)) as store:
        began = time.process_time()
        for cell, facts, arrays in stored:
            store.put(cell, facts, arrays)
        store.flush()
        return (time.process_time() - began) / len(stored)


def lines(study):
    """Yield a table: the chunk, each part's least time, the simulated time and what it is worth."""
    spread = np.percentile(study.seconds, (10, 50, 90, 100))
    yield (
        f"{study.cells:,} cells of {study.mean:.3g} s (percentiles 10, 50, 90, 100: "
        f"{', '.join(f'{value:.2g}' for value in spread)}), {study.bytes:,.0f} bytes and "
        f"{study.store * 1e6:,.0f} us to store; {study.compile:.0f} s to compile"
    )
    yield "workers  chunk     lanes  scheduler     store  simulated  of ideal  (one cell a chunk)"
    for workers in WORKERS:
        chunk = chunk_size(study, workers)
        least, took = bounds(study, workers, chunk), simulated(study, workers, chunk)
        single = simulated(study, workers, 1)
        ideal = least["lanes"] + study.compile
        yield (
            f"{workers:7,d} {chunk:6,d} {least['lanes']:9,.0f} {least['scheduler']:10,.1f} "
            f"{least['store']:9,.1f} {took:10,.0f} {ideal / took:9.0%}  {ideal / single:.0%}"
        )


if __name__ == "__main__":
    own = fitted(Path(sys.argv[1]), 100_000, *map(float, sys.argv[2:3]))
    for times in (1, 10, 100):
        print(f"\ncells that take {times} times as long as those of the run:")
        longer = replace(own, seconds=tuple(times * value for value in own.seconds))
        print("\n".join(lines(longer)))
