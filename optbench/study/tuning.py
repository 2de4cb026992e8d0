"""One pair from its trials to its scoring lanes, cell by cell."""

import time
from typing import TypedDict

import numpy as np

from optbench.lanes.runnable import Runnable
from optbench.study.cells import Cell, scoring_cell, tuning_cell
from optbench.study.computing import compute
from optbench.study.lane_costs import LaneCosts, joined, lane_costs
from optbench.study.machine import cpu_name
from optbench.study.numeric_code import numeric_code, numeric_versions
from optbench.study.objective import basis_of, choose
from optbench.study.pairs import Pair
from optbench.study.results import Arrays
from optbench.study.schema import Study
from optbench.study.study_run import StoppedError, StudyRun
from optbench.study.trials import DEFAULT, RATE, Trials, drawn_trials, grid_trials, rate_trials

EXTENSIONS = 2
"""How often a grid is extended by a decade when its best rate sits at an edge."""
NO_RATE = 1.0
"""Stands for the rate of a solver, which has none, and is not tuned."""


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
    if study.space != RATE and optimizer.has_rate:
        ends = (study.lr.low, study.lr.high) if "lr" in study.model_fields_set else None
        return drawn_trials(optimizer, study.study_seed, study.space, study.trials, ends)
    rate = optimizer.fixed_rate if optimizer.has_rate else NO_RATE
    return grid_trials(study.lr.rates() if rate is None else [rate], optimizer)


def first_cell(pair: Pair, study: Study) -> Cell:
    """Return the cell that a pair begins with, whatever its results."""
    trials = trials_of(pair.optimizer, study)
    if len(trials) > 1:
        return tuning_cell(pair, study, trials)
    return scoring_cell(pair, study, trials, kept=(0,))


def tune_and_score(pair: Pair, run: StudyRun) -> TuningFacts:
    """Tune, and score: every trial where lanes are cheap, else the tuned one and the default.

    No score of a scoring lane chooses anything. What has but one trial is not tuned.

    Raises
    ------
    StoppedError
        If the study was told to stop.
    """
    facts: TuningFacts = {"tuned": 0, "extended": 0, "at_edge": False}
    trials = trials_of(pair.optimizer, run.study)
    kept: tuple[int, ...] = (0,)
    if len(trials) > 1:
        trials, best, facts = _tuned(pair, run, trials)
        kept = (best, len(trials) - 1) if trials.number[-1] == DEFAULT else (best,)
        if not pair.cheap:
            trials, kept = trials.at(kept), tuple(range(len(kept)))
    run_cell(scoring_cell(pair, run.study, trials, kept), run)
    return facts


def _tuned(pair: Pair, run: StudyRun, trials: Trials) -> tuple[Trials, int, TuningFacts]:
    """Return all trials, the position of the best one, and how it came to that.

    A grid whose best rate sits at an edge is extended by a decade, at most `EXTENSIONS` times.
    """
    costs = _tune(pair, run, trials, part=0)
    grid = run.study.lr
    on_grid = run.study.space == RATE
    extends = on_grid and grid.count > 1 and pair.optimizer.fixed_rate is None
    extended = 0
    while True:
        basis = basis_of(pair.problem.kind, costs, trials.number, run.study.objective)
        best = int(choose(basis, costs, trials.number, on_grid)[0])
        side = _edge(trials, best) if extends else 0
        if not side or extended == EXTENSIONS:
            break
        rates = grid.decade(side, float(trials.values[RATE][best]))
        if not np.all(np.isfinite(rates.astype(pair.dtype))):
            break
        extended += 1
        more = rate_trials(rates, first=int(trials.number.max()) + 1)
        costs = joined([costs, _tune(pair, run, more, part=extended)])
        trials, order = trials.with_rates(more)
        costs = costs.at(trials=order)
    facts: TuningFacts = {
        "tuned": int(trials.number[best]), "extended": extended, "at_edge": bool(side)
    }  # fmt: skip
    return trials, best, facts


def _edge(trials: Trials, best: int) -> int:
    """Return -1 or 1 if the trial at a position has the least or the largest rate, else 0."""
    rates = trials.values[RATE][trials.number != DEFAULT]
    rate = trials.values[RATE][best]
    return -1 if rate == rates.min() else int(rate == rates.max())


def _tune(pair: Pair, run: StudyRun, trials: Trials, part: int) -> LaneCosts:
    """Run a tuning cell and return what its lanes cost."""
    arrays = run_cell(tuning_cell(pair, run.study, trials, part), run)
    problem = pair.problem
    return lane_costs(
        arrays, kind=problem.kind, absolute_targets=problem.absolute_targets, budget=pair.budget,
        dtype=pair.dtype,
    )  # fmt: skip


def run_cell(cell: Cell, run: StudyRun) -> Arrays:
    """Run a cell, or fetch it from the store; return its arrays."""
    if run.stop.is_set():
        raise StoppedError
    if run.store.has(cell.identity):
        arrays = run.store.get(cell.identity)[1]
        run.store.name(*cell.names, cell.identity, lambda: run.progress.add(cell, 0))
        return arrays
    began = time.perf_counter()
    switch = run.switches.get(cell.pair.key) if cell.pair.device == "cuda" else None
    arrays, facts, layers = compute(cell, run.idle, switch)
    lane_steps = int(arrays["steps"].sum(dtype=np.int64))
    facts |= {
        "seconds": time.perf_counter() - began, "lane_steps": lane_steps, "code": numeric_code(),
        "versions": numeric_versions(), "cpu": cpu_name(), "device": cell.pair.device,
    }  # fmt: skip
    run.store.put(
        cell.identity, facts, arrays, layers, cell.names,
        on_commit=lambda: run.progress.add(cell, lane_steps),
    )  # fmt: skip
    return arrays
