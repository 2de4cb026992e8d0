"""The frame "left_out": which orders of optimizers hang on one family of problems."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from optbench.report.merit.arrays import Bools, Floats
from optbench.report.merit.families import swaps
from optbench.report.merit.lane_table import NO_TARGETS, LaneTable
from optbench.report.merit.performance import algoperf_scores, performance_ratios
from optbench.report.merit.robust import weighted_interquartile_means

COLUMNS = ["figure", "family", "first", "second", "note"]


def left_out_frame(table: LaneTable) -> pd.DataFrame:
    """Return a row for each two optimizers whose order changes when a family is left out.

    `first` is before `second` over all problems, and after it without the `family`; by the figures
    `algoperf_score`, `aocc` and `iqm`, for the optimizers that were run on every problem. A figure
    by which no order changes has one row that says so.
    """
    if not table.problems:
        return _rows([["", "", "", "", NO_TARGETS]] if table.optimizers else [])
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
    """Return the figures as functions of which problems take part [choices, problems]."""
    complete = table.complete
    ratios = performance_ratios(table.expected()[:, complete])
    areas = np.nanmean(table.area[:, complete], axis=2)
    scores = table.log_area[:, complete]
    within = ~np.isnan(scores[:, 0])

    def robust(choices: Bools) -> Floats:
        counts = np.broadcast_to(choices[:, :, None], (len(choices), *within.shape))[:, within]
        means = [
            weighted_interquartile_means(own[within], counts.astype(np.uint8))
            for own in np.moveaxis(scores, 1, 0)
        ]
        return np.transpose(means)

    return {
        "algoperf_score": lambda choices: np.stack(
            [algoperf_scores(ratios[own]) for own in choices]
        ),
        "aocc": lambda choices: np.stack([areas[own].mean(axis=0) for own in choices]),
        "iqm": robust,
    }
