"""How long a run of many cells takes to see that there is nothing to do, all of them being stored.

``python -m tests.benchmarks.resuming [OPTIMIZERS PROBLEMS]`` stores two cells for each pair, of
lanes that nobody computed, and then goes on with that run in a process of its own.
"""

import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

import numpy as np

from optbench.study import invocation
from optbench.study.claiming import claim
from optbench.study.numeric_code import numeric_code, numeric_versions
from optbench.study.pairs import expand
from optbench.study.schema import Study
from optbench.study.store import Store
from optbench.study.tuning import first_cell

AT_MOST = 2.0
"""Seconds, from the start of the process, for 100,000 cells."""
GO_ON = """
    import gc, sys, time
    began = time.perf_counter()
    from optbench.cli.main import COLLECTED_AFTER
    gc.set_threshold(COLLECTED_AFTER, *gc.get_threshold()[1:])  # as the command line does
    from optbench.study import invocation
    from optbench.study.progress import Progress
    from tests.benchmarks.resuming import wide
    progress = Progress()
    invocation.compute(wide(*map(int, sys.argv[2:])), sys.argv[1], progress=progress)
    assert progress.lane_steps == 0
    print(progress.cells, time.process_time(), time.perf_counter() - began)
"""


def wide(optimizers, problems):
    """Return a study of so many settings on spheres of so many sizes."""
    return Study(
        name="wide", steps=100,
        optimizers=[f"momentum[momentum={0.5 + 0.4 * i / optimizers:.6f}]"
                    for i in range(optimizers)],
        problems=[{"name": "sphere", "dims": list(range(2, 2 + problems))}],
    )  # fmt: skip


def fill(folder, study):
    """Store a tuning and a scoring cell for each pair of a study; return how many there are."""

    def first(pair):
        return first_cell(pair, study).identity

    pairs, left_out = expand(study)
    lanes = 70
    arrays = {
        "instance": np.arange(1, 11), "f_final": np.zeros(lanes), "steps": np.ones(lanes, np.int32)
    }  # fmt: skip
    facts = {"seconds": 0.01, "lane_steps": lanes, "code": numeric_code(),
             "versions": numeric_versions(), "cpu": "none", "device": "cpu"}  # fmt: skip
    with Store(folder) as store:
        invocation._begin(
            store, study, threads=None, device="cpu", folders=(), command=None, shard=None
        )
        claim(pairs, study, store, left_out, identity_of=first, content_of=first)
        for pair in pairs:
            tuning = first(pair)
            store.put(tuning, facts, arrays, (), (*pair.key, "tuning", 0))
            store.put(f"scoring {tuning}", facts, arrays, (), (*pair.key, "scoring", 0))
            store.end_pair(*pair.key, "done")
    return 2 * len(pairs)


def measure(optimizers, problems):
    """Return cells, CPU seconds and seconds of going on with a finished run, its start included."""
    with tempfile.TemporaryDirectory() as folder:
        fill(folder, wide(optimizers, problems))
        command = [sys.executable, "-c", textwrap.dedent(GO_ON), folder]
        done = subprocess.run(
            [*command, str(optimizers), str(problems)], capture_output=True, text=True, check=True,
            cwd=Path(__file__).parents[2],
        )  # fmt: skip
    cells, cpu, wall = done.stdout.split()
    return int(cells), float(cpu), float(wall)


if __name__ == "__main__":
    shape = [int(text) for text in sys.argv[1:]] or [200, 250]
    cells, cpu, wall = measure(*shape)
    print(f"{cells:,} cells: {cpu:.2f} s of CPU, {wall:.2f} s; asked of 100,000: {AT_MOST} s")
