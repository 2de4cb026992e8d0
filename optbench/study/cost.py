"""What a study would cost: computed before it runs, and by a dry run."""

import functools
import heapq
from collections.abc import Sequence

from optbench.catalog.instance import Problem
from optbench.errors import counted
from optbench.kernels.memory.capacity import processors
from optbench.lanes.cost import Cost, of_lanes
from optbench.lanes.records import RECORDS
from optbench.lanes.runnable import Runnable
from optbench.study.draws import scoring_instances, tuning_instances
from optbench.study.fields import StudyError
from optbench.study.pairs import Pair
from optbench.study.schema import Study
from optbench.study.tuning import trials_of

ROW_BYTES = 250
"""What a lane takes in the tables of a report."""


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
    lanes = lane_steps = 0
    seconds = 0.0
    cell_bytes: list[int] = []
    for pair in pairs:
        for cell in pair_costs(pair, study):
            lanes += cell.lanes
            lane_steps += cell.lane_steps
            seconds += cell.seconds / threads
            cell_bytes.append(cell.bytes)
    at_once = sum(heapq.nlargest(threads, cell_bytes))
    cost = Cost(lanes, lane_steps, max(at_once, ROW_BYTES * lanes), seconds)
    cost.refuse(
        f"study {study.name}: {counted(len(pairs), 'pair')}",
        _advice(pairs, study),
        StudyError,
    )
    return cost


def pair_costs(pair: Pair, study: Study) -> tuple[Cost, ...]:
    """Return the costs of a pair's cells on one thread: of tuning, if it is tuned, and of scoring.

    Draws are counted, not made: a study that is too large is refused before.
    """
    trials = len(trials_of(pair.optimizer, study))
    tuning = len(tuning_instances(pair.problem, study)) * study.seeds
    scoring, kept = len(scoring_instances(pair.problem, study)) * study.seeds, min(trials, 2)
    scored = scoring * (trials if pair.cheap else kept) + kept
    lanes = (tuning * trials, scored) if trials > 1 else (scored,)
    return _costs(pair.problem, pair.optimizer, pair.steps, pair.dtype, lanes)


@functools.lru_cache(maxsize=2**16)
def _costs(
    problem: Problem, optimizer: Runnable, steps: int, dtype: str, lanes: tuple[int, ...]
) -> tuple[Cost, ...]:
    """Return the costs of cells of so many lanes: asked for before a study runs, and as it does."""
    records = 2 if problem.kind == "deterministic" else RECORDS
    return tuple(
        of_lanes(
            problem, optimizer, lanes=own, steps=steps, records=records, dtype=dtype, threads=1
        )
        for own in lanes
    )


def pair_seconds(pair: Pair, study: Study) -> float:
    """Return what a pair's cells take together on one thread, in seconds; see `pair_costs`."""
    return sum(cost.seconds for cost in pair_costs(pair, study))


def _advice(pairs: Sequence[Pair], study: Study) -> str:
    """Name the fields that the cost grows with, with their values."""
    steps = max((pair.budget for pair in pairs), default=study.steps)
    dim = max((pair.problem.dim for pair in pairs), default=0)
    return (
        f"seeds ({study.seeds}), the count of lr ({study.lr.count}), steps (up to {steps}), the "
        f"dimensions (up to {dim}) or the list of problems"
    )
