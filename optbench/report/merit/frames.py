"""The frames of figures of merit, by name."""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Sequence

import pandas as pd

from optbench.report.merit.lane_table import lane_table
from optbench.report.merit.left_out_table import left_out_frame
from optbench.report.merit.merit_table import merit_frame
from optbench.report.merit.profile_table import profile_frame
from optbench.report.merit.running_time_table import running_time_frame
from optbench.report.merit.runtime_table import runtime_frame
from optbench.report.statistics.pair_lanes import PairLanes
from optbench.report.statistics.pair_results import PairResults


def merit_makers(
    lanes: Callable[[], Sequence[PairLanes]],
    results: Sequence[PairResults],
    failed: Collection[tuple[str, str]],
) -> dict[str, Callable[[], pd.DataFrame]]:
    """Return what makes each frame; all of them share one table of lanes.

    Parameters
    ----------
    lanes : callable
        The lanes of all pairs.
    results : sequence of PairResults
        The same pairs.
    failed : collection of (str, str)
        Optimizer and label of pairs that ended with an error.
    """
    table = functools.cache(lambda: lane_table(lanes(), failed))
    return {
        "merit": lambda: merit_frame(table()),
        "running_times": lambda: running_time_frame(table()),
        "profiles": lambda: profile_frame(table(), results, failed),
        "runtimes": lambda: runtime_frame(results, failed),
        "left_out": lambda: left_out_frame(table()),
    }
