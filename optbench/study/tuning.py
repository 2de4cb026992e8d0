"""One pair from its grid of rates to its scoring lanes, cell by cell."""

import time
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from optbench.study.cells import SCORING, TUNING, Cell, cells
from optbench.study.computing import compute
from optbench.study.machine import cpu_name
from optbench.study.numeric_code import numeric_code, numeric_versions
from optbench.study.pairs import Pair
from optbench.study.results import Arrays
from optbench.study.scores import best_rate, lane_scores
from optbench.study.study_run import StoppedError, StudyRun

EXTENSIONS = 3
"""How often a grid is extended by a decade when its best rate sits at an edge."""


class TuningFacts(TypedDict):
    """How many decades a grid was extended by, and whether its best rate is still at an edge."""

    extended: int
    at_edge: bool


def tune_and_score(pair: Pair, run: StudyRun) -> TuningFacts:
    """Tune, extend the grid while the best rate sits at an edge, and score.

    Raises
    ------
    StoppedError
        If the study was told to stop.
    """
    grid = pair.grid(run.study)
    rates = grid.rates()
    if not pair.optimizer.has_rate:
        for cell in cells(pair, run.study, SCORING, rates):
            run_cell(cell, run)
        return {"extended": 0, "at_edge": False}
    scores = tune(pair, run, rates)
    extended = 0
    while extended < EXTENSIONS:
        best = best_rate(rates, scores)
        side = -1 if best == rates[0] else 1 if best == rates[-1] else 0
        if not side or grid.count == 1:
            break
        more = grid.decade(side, best)
        if not np.all(np.isfinite(more.astype(run.study.dtype))):
            break
        extra = tune(pair, run, more)
        rates, scores = np.concatenate([rates, more]), np.concatenate([scores, extra])
        order = np.argsort(rates)
        rates, scores = rates[order], scores[order]
        extended += 1
    best = best_rate(rates, scores)
    for cell in cells(pair, run.study, SCORING, [best]):
        run_cell(cell, run)
    return {
        "extended": extended,
        "at_edge": bool(grid.count > 1 and best in (rates[0], rates[-1])),
    }


def tune(pair: Pair, run: StudyRun, rates: NDArray[np.float64]) -> NDArray[np.float64]:
    """Run the tuning cells of `rates` [n] and return the score of each rate [n]."""
    arrays = [run_cell(cell, run) for cell in cells(pair, run.study, TUNING, rates)]
    lr = np.concatenate([a["lr"] for a in arrays])
    scores = np.concatenate([lane_scores(pair.problem.kind, a) for a in arrays])
    return np.array([np.median(scores[lr == rate]) for rate in rates])


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
    arrays, facts, layers = compute(cell, switch)
    lane_steps = int(arrays["steps"].sum())
    facts |= {
        "seconds": time.perf_counter() - began, "lane_steps": lane_steps, "code": numeric_code(),
        "versions": numeric_versions(), "cpu": cpu_name(), "device": cell.pair.device,
        "instance": cell.instance,
    }  # fmt: skip
    run.store.put(
        cell.identity, facts, arrays, layers, cell.names,
        on_commit=lambda: run.progress.add(cell, lane_steps),
    )  # fmt: skip
    return arrays
