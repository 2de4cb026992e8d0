"""The frame "profiles": the curves of profiles and runtime ECDFs, a row a point."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from optbench.report.merit.arrays import Floats
from optbench.report.merit.data_profiles import simplex_gradients
from optbench.report.merit.lane_table import NO_TARGETS, LaneTable
from optbench.report.merit.log_ratios import log_ratio_profile
from optbench.report.merit.performance import performance_ratios
from optbench.report.merit.runtime_table import points
from optbench.report.merit.steps import shares, steps
from optbench.report.merit.target_hits import Pairs, target_hits
from optbench.report.statistics.pair_results import PairResults

PERFORMANCE, SIMPLEX, EVALUATIONS, LOG_RATIO, RUNTIME = (
    "performance", "data, simplex gradients", "data, evaluations", "log ratio", "runtime ECDF",
)  # fmt: skip
"""Of the column `figure`."""
COLUMNS = ["figure", "optimizer", "other", "x", "y", "note"]
Curve = tuple[str, str, str, Floats, Floats]
"""Figure, optimizer, the other one where there are two, x and y."""


def profile_frame(
    table: LaneTable, results: Sequence[PairResults], failed: Pairs = ()
) -> pd.DataFrame:
    """Return the points of all curves.

    - "performance": y is the share of problems with a ratio of ERT to the best of at most x;
    - "data, simplex gradients", "data, evaluations": solved within x (d + 1), or x, evaluations;
    - "log ratio": of two optimizers, y is log2 of the ratio of their ERT on the problem at place x,
      problems sorted, x from 0 to 1;
    - "runtime ECDF": y is the share of (target, lane) met within x evaluations a dimension.

    The first three and the last jump: y holds from x on. `note` says why where there is no curve.

    Parameters
    ----------
    table : LaneTable
    results : sequence of PairResults
        The same pairs, with what the lanes needed for each target of the grid.
    failed : collection of (str, str)
        Optimizer and label of pairs that ended with an error.
    """
    if not table.problems:
        rows = [["", "", "", np.nan, np.nan, NO_TARGETS]] if table.optimizers else []
        return pd.DataFrame(rows, columns=COLUMNS)
    curves = [*_steps(table), *_log_ratios(table), *_runtimes(results, failed)]
    points = [len(curve[3]) for curve in curves]
    words = {
        name: pd.Categorical(np.repeat([curve[i] for curve in curves], points))
        for i, name in enumerate(COLUMNS[:3])
    }
    x, y = (np.concatenate([curve[i] for curve in curves]) for i in (3, 4))
    return pd.DataFrame({**words, "x": x, "y": y, "note": pd.Categorical([""] * len(x))})


def _steps(table: LaneTable) -> Iterator[Curve]:
    """Yield profiles of ratios and of costs; one that solves nothing has a point at height 0."""
    cost = table.expected()
    for figure, values, start in (
        (PERFORMANCE, performance_ratios(cost), 1.0),
        (SIMPLEX, simplex_gradients(cost, table.dim), 0.0),
        (EVALUATIONS, cost, 0.0),
    ):
        for name, own in zip(table.optimizers, values.T, strict=True):
            if np.isnan(own).all():
                continue
            x, y = steps(own)
            if not len(x):
                x, y = np.array([start]), np.array([0.0])
            yield figure, name, "", x, y


def _log_ratios(table: LaneTable) -> Iterator[Curve]:
    """Yield the profile of each two optimizers over the problems that both were run on."""
    costs = dict(zip(table.optimizers, table.expected().T, strict=True))
    for (a, of_a), (b, of_b) in combinations(costs.items(), 2):
        y = log_ratio_profile(of_a, of_b)
        yield LOG_RATIO, a, b, (np.arange(len(y)) + 0.5) / max(len(y), 1), y


def _runtimes(results: Sequence[PairResults], failed: Pairs) -> Iterator[Curve]:
    """Yield the runtime ECDFs of all optimizers at the same points."""
    hits = target_hits(results, failed)
    at = points(list(hits.values()))
    if len(at):
        for name, own in hits.items():
            yield RUNTIME, name, "", at, shares(own, at)
