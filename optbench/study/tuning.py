"""One pair from its grid of rates to its scoring lanes, cell by cell."""

import time

import numpy as np

from optbench.study.cells import SCORING, TUNING, cells
from optbench.study.computing import compute
from optbench.study.machine import cpu_name
from optbench.study.numeric_code import numeric_code, numeric_versions
from optbench.study.scores import best_rate, lane_scores

EXTENSIONS = 3
"""How often a grid is extended by a decade when its best rate sits at an edge."""


class StoppedError(Exception):
    """The study was told to stop."""


def tune_and_score(pair, study, store, progress, stop):
    """Tune, extend the grid while the best rate sits at an edge, and score.

    Returns
    -------
    dict
        How many decades the grid was extended by, and whether the best rate is still at an edge.
    """
    grid = pair.grid(study)
    rates = grid.rates()
    if not pair.optimizer.has_rate:
        for cell in cells(pair, study, SCORING, rates):
            run_cell(cell, store, progress, stop)
        return {"extended": 0, "at_edge": False}
    scores = tune(pair, study, store, progress, stop, rates)
    extended = 0
    while extended < EXTENSIONS:
        best = best_rate(rates, scores)
        side = -1 if best == rates[0] else 1 if best == rates[-1] else 0
        if not side or grid.count == 1:
            break
        more = grid.decade(side, best)
        if not np.all(np.isfinite(more.astype(study.dtype))):
            break
        extra = tune(pair, study, store, progress, stop, more)
        rates, scores = np.concatenate([rates, more]), np.concatenate([scores, extra])
        order = np.argsort(rates)
        rates, scores = rates[order], scores[order]
        extended += 1
    best = best_rate(rates, scores)
    for cell in cells(pair, study, SCORING, [best]):
        run_cell(cell, store, progress, stop)
    return {
        "extended": extended,
        "at_edge": bool(grid.count > 1 and best in (rates[0], rates[-1])),
    }


def tune(pair, study, store, progress, stop, rates):
    """Run the tuning cells of `rates` and return the score of each rate."""
    arrays = [run_cell(cell, store, progress, stop) for cell in cells(pair, study, TUNING, rates)]
    lr = np.concatenate([a["lr"] for a in arrays])
    score = np.concatenate([lane_scores(pair.problem.kind, a) for a in arrays])
    return np.array([np.median(score[lr == rate]) for rate in rates])


def run_cell(cell, store, progress, stop):
    """Run a cell, or fetch it from the store; return its arrays."""
    if stop.is_set():
        raise StoppedError
    if store.has(cell.identity):
        arrays = store.get(cell.identity)[1]
        store.name(*cell.names, cell.identity)
        progress.add(cell, 0)
        return arrays
    began = time.perf_counter()
    arrays, facts, layers = compute(cell)
    lane_steps = int(arrays["steps"].sum())
    facts |= {
        "seconds": time.perf_counter() - began, "lane_steps": lane_steps, "code": numeric_code(),
        "versions": numeric_versions(), "cpu": cpu_name(), "device": cell.pair.device,
    }  # fmt: skip
    store.put(cell.identity, facts, arrays, layers, names=cell.names)
    progress.add(cell, lane_steps)
    return arrays
