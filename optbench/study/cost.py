"""What a study would cost: computed before it runs, and by a dry run."""

import heapq
from collections.abc import Iterator, Sequence

from optbench.kernels.memory.capacity import processors
from optbench.lanes.cost import Cost, of_lanes
from optbench.lanes.records import RECORDS
from optbench.study.fields import StudyError
from optbench.study.pairs import Pair
from optbench.study.schema import Study

ROW_BYTES = 250
"""What a lane takes in the tables of a report, and a record of a scoring lane a tenth of it."""


def study_cost(pairs: Sequence[Pair], study: Study, threads: int | None = None) -> Cost:
    """Return what a study would take, decades that its grids are extended by apart.

    Parameters
    ----------
    pairs : sequence of Pair
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
    lanes = lane_steps = table_bytes = 0
    seconds = 0.0
    cell_bytes: list[int] = []
    for pair in pairs:
        for cell, instances in _phases(pair, study):
            lanes += instances * cell.lanes
            lane_steps += instances * cell.lane_steps
            seconds += instances * cell.seconds / threads
            cell_bytes.append(cell.bytes)
        table_bytes += ROW_BYTES * RECORDS // 10 * len(study.scoring_instances) * study.seeds
    at_once = sum(heapq.nlargest(threads, cell_bytes))
    cost = Cost(lanes, lane_steps, max(at_once, table_bytes + ROW_BYTES * lanes), seconds)
    cost.refuse(
        f"study {study.name}: {len(pairs)} pair{'s' * (len(pairs) != 1)}",
        _advice(pairs, study),
        StudyError,
    )
    return cost


def _phases(pair: Pair, study: Study) -> Iterator[tuple[Cost, int]]:
    """Yield (cost of a cell on one thread, number of such cells) of tuning and of scoring."""
    if pair.optimizer.has_rate:
        tuning = of_lanes(
            pair.problem, pair.optimizer, lanes=pair.grid(study).count * study.seeds,
            steps=pair.steps, records=2, dtype=study.dtype, threads=1,
        )  # fmt: skip
        yield tuning, len(study.tuning_instances)
    scoring = of_lanes(
        pair.problem, pair.optimizer, lanes=study.seeds, steps=pair.steps, records=RECORDS,
        dtype=study.dtype, threads=1, points=pair.problem.dim == 2,
    )  # fmt: skip
    yield scoring, len(study.scoring_instances)


def _advice(pairs: Sequence[Pair], study: Study) -> str:
    """Name the fields that the cost grows with, with their values."""
    steps = max((pair.budget for pair in pairs), default=study.steps)
    dim = max((pair.problem.dim for pair in pairs), default=0)
    return (
        f"seeds ({study.seeds}), the count of lr ({study.lr.count}), steps (up to {steps}), the "
        f"dimensions (up to {dim}) or the list of problems"
    )
