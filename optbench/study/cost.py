"""What a study would cost, told before it runs and by a dry run."""

import heapq

from optbench.kernels.memory.capacity import processors
from optbench.lanes.cost import Cost, of_lanes
from optbench.lanes.records import RECORDS
from optbench.study.schema import StudyError

KEPT_BYTES = 250
"""What a lane takes in the tables of a report, and a record of a scoring lane a tenth of it."""


def study_cost(pairs, study, threads=None):
    """Return what a study would take, decades that its grids are extended by apart.

    Parameters
    ----------
    pairs : list of Pair
    study : Study
    threads : int, optional
        By default the number of processors.

    Returns
    -------
    Cost

    Raises
    ------
    StudyError
        If it is more than this machine has, or more than is waited for; the message says what to
        lower.
    """
    threads = threads or processors()
    lanes = lane_steps = kept = 0
    seconds, cells = 0.0, []
    for pair in pairs:
        for cell, instances in _phases(pair, study):
            lanes += instances * cell.lanes
            lane_steps += instances * cell.lane_steps
            seconds += instances * cell.seconds / threads
            cells.append(cell.bytes)
        kept += KEPT_BYTES * RECORDS // 10 * len(study.scoring_instances) * study.seeds
    at_once = sum(heapq.nlargest(threads, cells))
    cost = Cost(lanes, lane_steps, max(at_once, kept + KEPT_BYTES * lanes), seconds)
    cost.refuse(
        f"study {study.name}: {len(pairs)} pair{'s' * (len(pairs) != 1)}",
        _advice(pairs, study),
        StudyError,
    )
    return cost


def _phases(pair, study):
    """Yield (cost of a cell on one thread, number of such cells) of tuning and of scoring."""
    problem = pair.problem
    about, options = (problem, pair.optimizer), dict(dtype=study.dtype, threads=1, steps=pair.steps)
    if pair.optimizer.has_rate:
        lanes = pair.grid(study).count * study.seeds
        yield of_lanes(*about, lanes=lanes, records=2, **options), len(study.tuning_instances)
    scored = of_lanes(
        *about, lanes=study.seeds, records=RECORDS, points=problem.dim == 2, **options
    )  # fmt: skip
    yield scored, len(study.scoring_instances)


def _advice(pairs, study):
    """Name the fields that the cost grows with, with their values."""
    steps = max((pair.budget for pair in pairs), default=study.steps)
    dim = max((pair.problem.dim for pair in pairs), default=0)
    return (
        f"seeds ({study.seeds}), the count of lr ({study.lr.count}), steps (up to {steps}), the "
        f"dimensions (up to {dim}) or the list of problems"
    )
