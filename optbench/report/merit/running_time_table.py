"""The frame "running_times": a row a pair, its expected running time and simulated runs."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from optbench.define.draws import generator
from optbench.report.merit.coverage import ERT, FEWEST, NONE, level_words
from optbench.report.merit.lane_table import NO_TARGETS, LaneTable
from optbench.report.merit.resampling import counts_by_problem
from optbench.report.merit.running_time import (
    expected_evaluations,
    expected_interval,
    simulated_runs,
)

RUNS = 100
"""Simulated runs of a pair, at least."""
SHARES = (0.1, 0.5, 0.9)
COLUMNS = [
    "optimizer", "label", "lanes", "reached", "ert", "ert_low", "ert_high", "level",
    "run_10", "run_50", "run_90", "note",
]  # fmt: skip


def running_time_frame(table: LaneTable) -> pd.DataFrame:
    """Return the expected running times of tuned trials where there are targets, in evaluations.

    With restarts until the asked target is reached: `ert`, its percentile interval with its level
    as simulated, and the 10, 50 and 90 % points of simulated runs. +inf where no lane reached.
    """
    if not table.problems:
        words = {"label": "", "level": NONE, "note": NO_TARGETS}
        names = list(table.optimizers)
        return pd.DataFrame({"optimizer": names}).reindex(columns=COLUMNS).assign(**words)
    counts = counts_by_problem(table.problems, table.instances)
    problems = [_problem(table, p, counts[:, p]) for p in range(len(table.problems))]
    return pd.concat(problems, ignore_index=True)[COLUMNS]


def _problem(table: LaneTable, p: int, counts: NDArray[np.uint8]) -> pd.DataFrame:
    """Return the rows of a problem."""
    ran, n, label = table.ran[p], int(table.lanes[p]), table.problems[p]
    cost, reached = table.cost[p, ran, :n], table.reached[p, ran, :n]
    low, high = expected_interval(cost, reached, counts[:, :n])
    drawn = int(table.drawn[p])
    known = drawn >= FEWEST
    size = -(-RUNS // n) * n
    runs = [
        simulated_runs(*own, size, generator("runs", label))
        for own in zip(cost, reached, strict=True)
    ]
    # Order statistics: between a number and infinity there is nothing.
    points = np.quantile(runs, SHARES, axis=1, method="inverted_cdf")
    return pd.DataFrame(
        {
            "optimizer": np.array(table.optimizers)[ran],
            "label": label,
            "lanes": n,
            "reached": reached.sum(axis=1),
            "ert": expected_evaluations(cost, reached),
            "ert_low": np.where(known, low, np.nan),
            "ert_high": np.where(known, high, np.nan),
            "level": level_words(ERT, drawn),
            **{f"run_{share * 100:.0f}": own for share, own in zip(SHARES, points, strict=True)},
            "note": "" if known else f"fewer than {FEWEST} instances: no interval",
        }
    )
