"""The table of trials."""

import numpy as np
import pandas as pd

from optbench.kernels.status import BUDGET, NOT_FINITE
from optbench.report.statistics.pair_lanes import pair_lanes
from optbench.report.statistics.pair_results import pair_results
from optbench.report.statistics.sensitivity import sensitivity_table
from tests.report.statistics.cells import cell

TUNING = [[4.0, 1.0, 2.0], [6.0, 3.0, 2.0], [5.0, 9.0, 2.0]]
SCORING = [[4.0, 1.0, 2.0], [6.0, 3.0, 2.0], [5.0, 9.0, 2.0]]


def table(*cells):
    pairs = pair_results(cells)
    return sensitivity_table(pairs, [pair_lanes(pair) for pair in pairs])


def test_trials_ascend_by_rate_with_their_objectives_and_the_tuned_one_marked():
    status = np.full((3, 3), BUDGET)
    status[0, 0] = NOT_FINITE
    tuning = cell(TUNING, phase="tuning", status=status)
    own = table(tuning, cell(SCORING))
    assert own["lr"].tolist() == [0.001, 0.01, 0.1] and own["trial"].tolist() == [-1, 0, 1]
    # No lane reached: geometric means, in which the lane that is lost counts 100 times its start.
    means = [8 ** (1 / 3), (1000 * 6 * 5) ** (1 / 3), 27 ** (1 / 3)]
    for name in ("objective", "mean_gap"):
        np.testing.assert_allclose(own[name], means, rtol=1e-12)
    assert own["diverged_share"].tolist() == [0.0, 1 / 3, 0.0]
    assert own["best"].tolist() == [False, False, True]


def test_success_is_of_pooled_scoring_lanes_of_the_same_trial():
    # Scored by ascending rate, as grids that were extended are: -1, 0, 1 stand elsewhere there.
    order = np.array([1, 0, 2])
    reached = np.array([[1, 1, 1], [1, 0, 0], [1, 1, 0]], bool)[:, order]
    scoring = cell(SCORING, reached=reached, hit=reached, trial=np.array([1, 0, -1], np.int32))
    own = table(cell(TUNING, phase="tuning"), scoring).set_index("trial")["success_share"]
    assert own.to_dict() == {-1: 0.0, 0: 1.0, 1: 0.5}


def test_trials_that_were_not_scored_have_no_success_share():
    two = {"trial": np.array([1, -1], np.int32), "lr": np.array([0.1, 1e-3])}
    few = cell(np.array(SCORING)[:, 1:], kept=np.array([0, 1]), reached=True, hit=1, **two)
    own = table(cell(TUNING, phase="tuning"), few).set_index("trial")["success_share"]
    np.testing.assert_equal(own.to_dict(), {-1: 1.0, 0: np.nan, 1: 1.0})


def test_decades_that_a_grid_was_extended_by_are_trials_like_others():
    more = cell(
        [[0.5], [0.5], [0.5]], phase="tuning", trial=np.array([2], np.int32), lr=np.array([1.0])
    )
    own = table(cell(TUNING, phase="tuning"), more, cell(SCORING, kept=np.array([1, 2])))
    assert own["trial"].tolist() == [-1, 0, 1, 2] and own["lr"].max() == 1.0


def test_pairs_that_were_not_tuned_are_in_no_row_and_others_keep_their_names():
    alone = cell(SCORING, facts={"optimizer": "scipy_cg"})
    drawn = [
        cell(f, phase=phase, facts={"optimizer": "adam"}, value_beta1=np.array([0.5, 0.75, 0.9]))
        for f, phase in ((TUNING, "tuning"), (SCORING, "scoring"))
    ]
    own = table(alone, *drawn, cell(TUNING, phase="tuning"), cell(SCORING))
    assert isinstance(own["optimizer"].dtype, pd.CategoricalDtype)
    assert own["optimizer"].tolist() == ["adam"] * 3 + ["gd"] * 3
    np.testing.assert_equal(own["value_beta1"].tolist(), [0.9, 0.5, 0.75, *[np.nan] * 3])
