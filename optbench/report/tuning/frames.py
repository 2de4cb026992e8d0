"""The frames on what tuning is worth and on whether an order holds elsewhere, by name."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence

import pandas as pd

from optbench.report.elsewhere.axes import axes_table, slopes_table
from optbench.report.elsewhere.discrimination import discrimination_table
from optbench.report.elsewhere.perturbed import costs_table
from optbench.report.elsewhere.standings import all_standings
from optbench.report.elsewhere.subset import subset_table
from optbench.report.statistics.pair_lanes import PairLanes
from optbench.report.tuning.good_settings import good_settings_table
from optbench.report.tuning.narrowing import narrowing_table
from optbench.report.tuning.regret import regret_table
from optbench.report.tuning.rulesets import ruleset_table
from optbench.report.tuning.tuning_curves import tuning_curve_table


def frame_makers(
    lanes: Callable[[], Sequence[PairLanes]],
) -> dict[str, Callable[[], pd.DataFrame]]:
    """Return name -> what makes the frame, from what gives the pairs of a run."""
    standings = functools.cache(lambda: all_standings(lanes()))
    return {
        "regret": lambda: regret_table(lanes()),
        "good_settings": lambda: good_settings_table(lanes()),
        "rulesets": lambda: ruleset_table(lanes()),
        "narrowing": lambda: narrowing_table(lanes(), standings()),
        "tuning_curves": lambda: tuning_curve_table(lanes()),
        "axes": lambda: axes_table(standings()),
        "slopes": lambda: slopes_table(standings()),
        "perturbations": lambda: costs_table(lanes()),
        "discrimination": lambda: discrimination_table(standings()),
        "subset": lambda: subset_table(standings()),
    }
