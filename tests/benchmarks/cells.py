"""What a cell costs beside its steps: 20 instances x 25 trials in two dimensions, for one step.

Times are processor time of all threads: the store's writer waits for the disk beside the lanes.
"""

import contextlib
import tempfile
import time
from pathlib import Path

import numpy as np

from optbench.lanes.job import Job
from optbench.lanes.simulating import simulate
from optbench.study.cell_lanes import CellLanes
from optbench.study.cells import tuning_cell
from optbench.study.claiming import claim
from optbench.study.pairs import expand
from optbench.study.progress import Progress
from optbench.study.schema import Study
from optbench.study.store import Store
from optbench.study.study_run import StudyRun
from optbench.study.trials import grid_trials
from optbench.study.tuning import run_cell

from .cases import Case, own_time

LAUNCH, CELL = 0.2, 0.5
"""Milliseconds that are asked."""
INSTANCES, RATES = 20, 24
"""The default setting is one more trial."""
CELLS = 50
"""That are run and stored before the store is flushed, as cells of a study are."""
STUDY = Study(
    name="empty", optimizers=("adam",), problems=({"name": "rosenbrock", "dims": (2,)},), steps=1,
    tuning_instances=tuple(range(1, INSTANCES + 1)), lr={"low": 1e-5, "high": 1.0, "count": RATES},
    scoring_instances=(INSTANCES + 1,),
)  # fmt: skip


def empty_cells():
    """Yield (pair, cell) for ever: cells with rates that no cell before had."""
    ((pair,), _) = expand(STUDY)
    rates = STUDY.lr.rates()
    while True:
        yield pair, tuning_cell(pair, STUDY, grid_trials(rates, pair.optimizer))
        rates = rates * (1 + 1e-9)


def launch():
    """Return a contender: milliseconds of the launch of a cell whose inputs are there."""
    pair, cell = next(empty_cells())
    inputs = CellLanes(cell).inputs
    nothing = np.zeros(len(inputs), bool)
    job = Job(
        steps=1, dtype=pair.dtype, records=np.array([0, 1]), recorded=nothing, metrics=False,
        target=cell.goal,
    )  # fmt: skip

    def contender():
        began = time.process_time()
        for _ in range(CELLS):
            simulate(cell.draws.instances, pair.optimizer, inputs, job)
        return (time.process_time() - began) / CELLS * 1e3

    return contender


def stored(folder):
    """Return a contender: milliseconds a cell, with its identity, its arrays and the store."""
    store = folder.enter_context(Store(Path(folder.enter_context(tempfile.TemporaryDirectory()))))
    run, cells = StudyRun(STUDY, store, Progress()), empty_cells()
    claim([next(cells)[0]], STUDY, store, identity_of=str, content_of=str)

    def contender():
        fresh = [next(cells)[1] for _ in range(CELLS)]
        began = time.process_time()
        for cell in fresh:
            run_cell(cell, run)
        store.flush()
        return (time.process_time() - began) / CELLS * 1e3

    return contender


def cases():
    """The launch alone, and a cell as a study runs it."""
    name = f"empty cell, {INSTANCES} instances x {RATES + 1} trials"
    with contextlib.ExitStack() as folder:
        for what, build, required in (
            ("launch", launch, LAUNCH),
            ("identity, store too", lambda: stored(folder), CELL),
        ):
            yield Case(
                "cells", f"{name}: {what}", lambda build=build: {"optbench": build()}, own_time,
                required, at_most=True, repeats=9, unit="ms",
            )  # fmt: skip
