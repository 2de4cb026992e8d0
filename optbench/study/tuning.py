"""One pair from its trials to its scoring lanes, cell by cell."""

import functools
import time
from collections.abc import Generator
from threading import Semaphore
from typing import TYPE_CHECKING, NamedTuple, TypedDict

import numpy as np

from optbench.define.search_ranges import Search
from optbench.lanes.runnable import Runnable
from optbench.study.cells import Cell, scoring_cell, tuning_cell
from optbench.study.computing import compute
from optbench.study.grid import Grid
from optbench.study.lane_costs import LaneCosts, joined, lane_costs
from optbench.study.machine import cpu_name
from optbench.study.numeric_code import numeric_code, numeric_versions
from optbench.study.objective import basis_of, choose, side_to_extend
from optbench.study.pairs import Pair
from optbench.study.results import Arrays, Facts
from optbench.study.schema import Study
from optbench.study.store_schema import CellNames
from optbench.study.study_run import StoppedError, StudyRun
from optbench.study.trials import (
    DEFAULT,
    NO_RATE,
    RATE,
    Trials,
    drawn_trials,
    grid_trials,
    rate_trials,
    searched,
    space_of,
)

if TYPE_CHECKING:
    from optbench.kernels.cuda.switch import Switch

EXTENSIONS = 2
"""How often a grid is extended by a decade when its best rate sits at an edge."""


class TuningFacts(TypedDict):
    """How a pair was tuned.

    `tuned` is the number of the chosen trial; `extended` counts the decades that the grid was
    extended by, and `at_edge` says whether its best rate is still at an edge.
    """

    tuned: int
    extended: int
    at_edge: bool


def trials_of(optimizer: Runnable, study: Study) -> Trials:
    """Return the trials of an optimizer in a study, decades that its grid is extended by apart."""
    space = space_of(optimizer, study.space)
    if space != RATE and optimizer.has_rate:
        ends, count = _draws_of(study)
        return _drawn_trials(optimizer, study.study_seed, space, count, ends, study.widen)
    grid = study.grid
    return _grid_trials(optimizer, grid.low, grid.high, grid.count)


_drawn_trials = functools.lru_cache(maxsize=4096)(drawn_trials)


@functools.lru_cache(maxsize=4096)
def _grid_trials(optimizer: Runnable, low: float, high: float, count: int) -> Trials:
    """Return the trials of a grid, made once for all pairs of an optimizer."""
    rate = optimizer.fixed_rate if optimizer.has_rate else NO_RATE
    rates = Grid(low=low, high=high, count=count).rates() if rate is None else [rate]
    return grid_trials(rates, optimizer)


def _draws_of(study: Study) -> tuple[tuple[float, float] | None, int]:
    """Return between which rates trials are drawn, None where rules say it, and how many.

    Beside grids of rates they are drawn between their ends, as many as a grid has rates.
    """
    if study.space == RATE:
        return (study.lr.low, study.lr.high), study.grid.count
    return _rate_ends(study), study.trials


def _rate_ends(study: Study) -> tuple[float, float] | None:
    """Return the ends of a study's rates, None where it leaves them to the rules."""
    return (study.lr.low, study.lr.high) if "lr" in study.model_fields_set else None


def search_of(optimizer: Runnable, study: Study) -> dict[str, Search]:
    """Return where a study searches the hyperparameters of an optimizer, widened as it says.

    A grid searches the rate alone, between its ends; decades that it is extended by lie beyond.
    """
    if not optimizer.has_rate:
        return {}
    space = space_of(optimizer, study.space)
    if space != RATE:
        ranges = searched(optimizer, space, _draws_of(study)[0], study.widen)
        return {name: allowed.search for name, allowed in ranges.items() if allowed.search}
    if optimizer.fixed_rate is not None or study.grid.count == 1:
        return {}
    return {RATE: Search(study.grid.low, study.grid.high, "log", "the study's rates")}


def extends(pair: Pair, study: Study) -> bool:
    """Say whether a pair is tuned on a grid, which a best rate at its edge extends."""
    on_grid = space_of(pair.optimizer, study.space) == RATE
    tuned = pair.optimizer.has_rate and pair.optimizer.fixed_rate is None
    return on_grid and tuned and study.grid.count > 1


def first_cell(pair: Pair, study: Study) -> Cell:
    """Return the cell that a pair begins with, whatever its results."""
    trials = trials_of(pair.optimizer, study)
    if len(trials) > 1:
        return tuning_cell(pair, study, trials)
    return scoring_cell(pair, study, trials, kept=(0,))


def cells_of(pair: Pair, study: Study) -> Generator[Cell, Arrays, TuningFacts]:
    """Yield the cells of a pair, tuning first; send the arrays of each, which decide on the next.

    Every trial is scored where lanes are cheap, else the tuned one and the default. No score of a
    scoring lane chooses anything. What has but one trial is not tuned.
    """
    facts: TuningFacts = {"tuned": 0, "extended": 0, "at_edge": False}
    trials = trials_of(pair.optimizer, study)
    kept: tuple[int, ...] = (0,)
    if len(trials) > 1:
        trials, best, facts = yield from _tuned(pair, study, trials)
        kept = (best, len(trials) - 1) if trials.number[-1] == DEFAULT else (best,)
        if not pair.cheap:
            trials, kept = trials.at(kept), tuple(range(len(kept)))
    yield scoring_cell(pair, study, trials, kept)
    return facts


def _tuned(
    pair: Pair, study: Study, trials: Trials
) -> Generator[Cell, Arrays, tuple[Trials, int, TuningFacts]]:
    """Yield the tuning cells; return all trials, the position of the best one, how it came to that.

    A grid whose best rate sits at an edge, or whose rates all diverge, is extended by a decade, at
    most `EXTENSIONS` times.
    """
    costs = costs_of(pair, (yield tuning_cell(pair, study, trials)))
    grid = study.grid
    on_grid = space_of(pair.optimizer, study.space) == RATE
    may_extend = extends(pair, study)
    extended = 0
    while True:
        basis = basis_of(pair.problem.kind, costs, trials.number, study.objective)
        best = int(choose(basis, costs, trials.number, on_grid)[0])
        rates, of_grid = trials.values[RATE], trials.number != DEFAULT
        side = side_to_extend(costs, rates, best, of_grid) if may_extend else 0
        if not side or extended == EXTENSIONS:
            break
        more_rates = grid.decade(side, (min if side < 0 else max)(rates[of_grid].tolist()))
        if not np.all(np.isfinite(more_rates.astype(pair.dtype))):
            break
        extended += 1
        more = rate_trials(more_rates, first=int(trials.number.max()) + 1)
        arrays = yield tuning_cell(pair, study, more, part=extended)
        costs = joined([costs, costs_of(pair, arrays)])
        trials, order = trials.with_rates(more)
        costs = costs.at(trials=order)
    facts: TuningFacts = {
        "tuned": int(trials.number[best]), "extended": extended, "at_edge": bool(side)
    }  # fmt: skip
    return trials, best, facts


def costs_of(pair: Pair, arrays: Arrays) -> LaneCosts:
    """Return what the lanes of a cell of a pair cost."""
    problem = pair.problem
    return lane_costs(
        arrays, kind=problem.kind, absolute_targets=problem.absolute_targets, budget=pair.budget,
        dtype=pair.dtype,
    )  # fmt: skip


def tune_and_score(pair: Pair, run: StudyRun) -> TuningFacts:
    """Run the cells of a pair in this process.

    Raises
    ------
    StoppedError
        If the study was told to stop.
    """
    cells = cells_of(pair, run.study)
    cell = next(cells)
    while True:
        arrays = run_cell(cell, run)
        try:
            cell = cells.send(arrays)
        except StopIteration as end:
            facts: TuningFacts = end.value
            return facts


def run_cell(cell: Cell, run: StudyRun) -> Arrays:
    """Run a cell, or fetch it from the store; return its arrays."""
    if run.stop.is_set():
        raise StoppedError
    if run.store.has(cell.identity):
        arrays = run.store.get(cell.identity)[1]
        run.store.name(*cell.names, cell.identity, lambda: run.progress.add(cell.pair, 0))
        return arrays
    run.progress.begin_cell(cell.pair, cell.phase)
    switch = run.switches.get(cell.pair.key) if cell.pair.device == "cuda" else None
    computed = computed_cell(cell, run.idle, switch)
    keep(computed, cell.pair, run)
    return computed.arrays


class Computed(NamedTuple):
    """A cell that was computed: what the store keeps of it.

    `names` are (optimizer, label, phase, part), as `Cell.names`.
    """

    identity: str
    names: CellNames
    arrays: Arrays
    facts: Facts
    layers: list[Facts]


def computed_cell(
    cell: Cell, idle: Semaphore | int = 0, switch: "Switch | None" = None
) -> Computed:  # fmt: skip
    """Compute a cell, see `computing.compute`; its facts say how long it took, and by what."""
    began = time.perf_counter()
    arrays, facts, layers = compute(cell, idle, switch)
    facts |= {
        "seconds": time.perf_counter() - began,
        "lane_steps": int(arrays["steps"].sum(dtype=np.int64)), "code": numeric_code(),
        "versions": numeric_versions(), "cpu": cpu_name(), "device": cell.pair.device,
    }  # fmt: skip
    return Computed(cell.identity, cell.names, arrays, facts, layers)


def keep(computed: Computed, pair: Pair, run: StudyRun) -> None:
    """Hand a cell of a pair over to the store; it counts when it is durable."""
    run.store.put(
        computed.identity, computed.facts, computed.arrays, computed.layers, computed.names,
        on_commit=lambda: run.progress.add(pair, computed.facts["lane_steps"]),
    )  # fmt: skip
