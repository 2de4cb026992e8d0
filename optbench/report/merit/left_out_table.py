"""The frame "left_out": which orders of optimizers hang on one family of problems."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np
import pandas as pd

from optbench.report.merit.arrays import Bools, Floats
from optbench.report.merit.families import swaps
from optbench.report.merit.lane_table import LaneTable, lane_table
from optbench.report.merit.performance import algoperf_scores, performance_ratios
from optbench.report.merit.robust import interquartile_mean
from optbench.report.statistics.pair_lanes import PairLanes

COLUMNS = ["figure", "family", "first", "second", "note"]


def left_out_frame(
    pairs: Sequence[PairLanes], failed: Iterable[tuple[str, str]] = ()
) -> pd.DataFrame:
    """Return a row for each two optimizers whose order changes when a family is left out.

    `first` is before `second` over all problems, and after it without the `family`; by the figures
    `algoperf_score`, `aocc` and `iqm`, for the optimizers that were run on every problem. A figure
    by which no order changes has one row that says so.

    Parameters
    ----------
    pairs : sequence of PairLanes
    failed : iterable of (str, str)
        Optimizer and label of pairs that ended with an error: their lanes are failures.
    """
    try:
        table = lane_table(pairs, failed)
    except ValueError as error:
        return _rows([["", "", "", "", f"cannot be said: {error}"]])
    names = np.array(table.optimizers)[table.complete]
    rows: list[list[str]] = []
    for figure, of_problems in _figures(table).items():
        try:
            changed = swaps(of_problems, table.families)
        except ValueError as error:
            rows.append([figure, "", "", "", f"cannot be said: {error}"])
            continue
        rows += [[figure, one.family, names[one.first], names[one.second], ""] for one in changed]
        if not changed:
            rows.append([figure, "", "", "", f"no order of {len(names)} optimizers changes"])
    return _rows(rows)


def _rows(rows: list[list[str]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=COLUMNS)


def _figures(table: LaneTable) -> dict[str, Callable[[Bools], Floats]]:
    """Return the figures as functions of which problems take part."""
    complete = table.complete
    ratios = performance_ratios(table.expected()[:, complete])
    areas = np.nanmean(table.area[:, complete], axis=2)
    scores = table.log_area[:, complete]

    def robust(problems: Bools) -> Floats:
        of_problems = np.moveaxis(scores[problems], 1, 0)
        return np.array([interquartile_mean(own[~np.isnan(own)]) for own in of_problems])

    return {
        "algoperf_score": lambda problems: algoperf_scores(ratios[problems]),
        "aocc": lambda problems: areas[problems].mean(axis=0),
        "iqm": robust,
    }
