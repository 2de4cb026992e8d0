"""What a study would cost: computed before it runs, and by a dry run."""

import heapq
from collections.abc import Iterator, Sequence

from optbench.kernels.memory.capacity import processors
from optbench.lanes.cost import Cost, of_lanes
from optbench.lanes.records import RECORDS
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
        f"study {study.name}: {len(pairs)} pair{'s' * (len(pairs) != 1)}",
        _advice(pairs, study),
        StudyError,
    )
    return cost


def pair_costs(pair: Pair, study: Study) -> Iterator[Cost]:
    """Yield the costs of a pair's cells on one thread: of tuning, if it is tuned, and of scoring.

    Draws are counted, not made: a study that is too large is refused before.
    """
    trials = len(trials_of(pair.optimizer, study))
    problem, exact = pair.problem, pair.problem.kind == "deterministic"
    if trials > 1:
        draws = len(tuning_instances(problem, study)) * study.seeds
        yield of_lanes(
            problem, pair.optimizer, lanes=draws * trials, steps=pair.steps,
            records=2 if exact else RECORDS, dtype=pair.dtype, threads=1,
        )  # fmt: skip
    draws, kept = len(scoring_instances(problem, study)) * study.seeds, min(trials, 2)
    yield of_lanes(
        problem, pair.optimizer, lanes=draws * (trials if pair.cheap else kept) + kept,
        steps=pair.steps, records=2 if exact else RECORDS, dtype=pair.dtype, threads=1,
    )  # fmt: skip


def relative_cost(pair: Pair, study: Study) -> float:
    """Estimate the relative cost of a pair: examples and coordinates touched by all its lanes."""
    return sum(cost.seconds for cost in pair_costs(pair, study))


def _advice(pairs: Sequence[Pair], study: Study) -> str:
    """Name the fields that the cost grows with, with their values."""
    steps = max((pair.budget for pair in pairs), default=study.steps)
    dim = max((pair.problem.dim for pair in pairs), default=0)
    return (
        f"seeds ({study.seeds}), the count of lr ({study.lr.count}), steps (up to {steps}), the "
        f"dimensions (up to {dim}) or the list of problems"
    )
