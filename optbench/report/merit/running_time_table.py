"""The frame "running_times": a row a pair, its expected running time and simulated runs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from optbench.report.merit.coverage import ERT, FEWEST, level_words
from optbench.report.merit.lane_table import LaneTable, lane_table
from optbench.report.merit.resampling import counts_by_problem, generator
from optbench.report.merit.running_time import (
    expected_evaluations,
    expected_interval,
    simulated_runs,
)
from optbench.report.statistics.pair_lanes import PairLanes

RUNS = 100
"""Simulated runs of a pair, at least."""
SHARES = (0.1, 0.5, 0.9)
COLUMNS = [
    "optimizer", "label", "lanes", "reached", "ert", "ert_low", "ert_high", "level",
    "run_10", "run_50", "run_90", "note",
]  # fmt: skip


def running_time_frame(
    pairs: Sequence[PairLanes], failed: Iterable[tuple[str, str]] = ()
) -> pd.DataFrame:
    """Return the expected running time of the tuned trial of each pair, in evaluations.

    With restarts until the asked target is reached: `ert`, its percentile interval with its level
    as simulated, and the 10, 50 and 90 % points of simulated runs. +inf where no lane reached.

    Parameters
    ----------
    pairs : sequence of PairLanes
    failed : iterable of (str, str)
        Optimizer and label of pairs that ended with an error: their lanes are failures.
    """
    try:
        table = lane_table(pairs, failed)
    except ValueError as error:
        row = dict.fromkeys(COLUMNS, np.nan) | {"note": f"cannot be said: {error}"}
        return pd.DataFrame([row | {"optimizer": "", "label": "", "level": "-"}], columns=COLUMNS)
    counts = counts_by_problem(table.problems, table.lanes)
    problems = [_problem(table, p, counts[:, p]) for p in range(len(table.problems))]
    return pd.concat(problems, ignore_index=True)[COLUMNS]


def _problem(table: LaneTable, p: int, counts: np.ndarray) -> pd.DataFrame:
    """Return the rows of a problem."""
    ran, n, label = table.ran[p], int(table.lanes[p]), table.problems[p]
    cost, reached = table.cost[p, ran, :n], table.reached[p, ran, :n]
    low, high = expected_interval(cost, reached, counts[:, :n])
    known = n >= FEWEST
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
            "level": level_words(ERT, n),
            **{f"run_{share * 100:.0f}": own for share, own in zip(SHARES, points, strict=True)},
            "note": "" if known else f"fewer than {FEWEST} lanes: no interval",
        }
    )
