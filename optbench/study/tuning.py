"""One pair from its trials to its scoring lanes, cell by cell."""

import time
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from optbench.study.cells import Cell, scoring_cell, tuning_cell
from optbench.study.computing import compute
from optbench.study.machine import cpu_name
from optbench.study.numeric_code import numeric_code, numeric_versions
from optbench.study.pairs import Pair
from optbench.study.results import Arrays
from optbench.study.schema import Study
from optbench.study.scores import best_trial, lane_scores
from optbench.study.study_run import StoppedError, StudyRun
from optbench.study.trials import DEFAULT, Trials, decade_beyond, grid_trials, joined, trials_of

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


def first_cell(pair: Pair, study: Study) -> Cell:
    """Return the cell that a pair begins with, whatever its results."""
    trials = trials_of(pair.optimizer, study)
    if pair.optimizer.has_rate:
        return tuning_cell(pair, study, trials)
    return scoring_cell(pair, study, trials, kept=(0,))


def tune_and_score(pair: Pair, run: StudyRun) -> TuningFacts:
    """Tune, extend a grid while its best rate sits at an edge, and score.

    Scores of scoring lanes choose nothing. Every trial is scored where lanes are cheap, else the
    tuned one and the default.

    Raises
    ------
    StoppedError
        If the study was told to stop.
    """
    trials = trials_of(pair.optimizer, run.study)
    if not pair.optimizer.has_rate:
        run_cell(scoring_cell(pair, run.study, trials, kept=(0,)), run)
        return {"tuned": 0, "extended": 0, "at_edge": False}
    scores = _scores(pair, run, trials, part=0)
    extended, side = 0, 0
    while True:
        best = best_trial(trials, scores)
        side = _edge(trials, best) if run.study.space == "lr" and run.study.lr.count > 1 else 0
        more = decade_beyond(trials, run.study.lr, side, pair.dtype)
        if not side or extended == EXTENSIONS or not len(more):
            break
        extended += 1
        added = _scores(pair, run, more, part=extended)
        trials, scores = joined(trials, more), np.concatenate([scores, added])
    order = np.argsort(np.where(trials.number == DEFAULT, np.inf, trials.values["lr"]))
    ...
