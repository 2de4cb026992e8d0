"""The table of convergence where problems have several basins, by hand."""

import math

import numpy as np
import pytest
from scipy import stats

from optbench.report.statistics.ranking import ranked
from tests.report.statistics.cells import cell
from tests.report.statistics.convergence_rows import FINAL, row, table


def test_basins_are_told_by_the_level_of_each_draw():
    levels = np.array([4.5, 4.5, 4.5, 4.5, np.nan, 4.5, 4.5, 4.5])
    own = row(cell(FINAL, facts={"local": False}, hit=5, reached=True, basin_gap=levels))
    # Pooled gaps 8, 2, 6, 3 (no other minimum is known there), 5, 4, 7: three below their level.
    assert own["basin_share"] == 3 / 7 and own["basin_gap"] == 3.0
    assert own["basin_evaluations"] == 5.0 and not own["local"]
    interval = stats.binomtest(3, 7).proportion_ci(method="wilson")
    assert (own["basin_low"], own["basin_high"]) == pytest.approx((interval.low, interval.high))


def test_where_final_gaps_compare_there_are_no_basins():
    own = row(cell(FINAL))
    assert math.isnan(own["basin_share"]) and math.isnan(own["basin_gap"])


def test_the_default_setting_has_its_own_chance_of_the_basin():
    own = row(cell(FINAL, facts={"local": False}, basin_gap=np.full(8, 9.5)))
    assert own["default_basin_share"] == 1.0 and own["default_basin_gap"] == 9.0
    assert own["default_basin_low"] < 1.0 == own["default_basin_high"]
    own = row(cell(FINAL, facts={"local": False}, basin_gap=np.full(8, 4.5)))
    assert own["default_basin_share"] == 0.0 and math.isnan(own["default_basin_gap"])
    assert own["basin_share"] == 3 / 7 and not own["default_wins"]
    only = row(cell([[1.0], [2.0]], facts={"local": False}, basin_gap=np.full(2, 4.5)))
    assert only["basin_share"] == 1.0 and math.isnan(only["default_basin_share"])


@pytest.mark.parametrize("local", [True, False])
def test_gaps_in_other_basins_order_optimizers_only_where_basins_are_none(local):
    """One hits the basin below 4.5 twice in seven, two once: whatever the gaps elsewhere."""
    orders = set()
    for elsewhere in (5.0, 1e6):
        one = np.array([9, 4, 4, *[elsewhere] * 5])[:, None]
        two = np.array([9, 4, 30, 30, 30, 30, 30, 30.0])[:, None]
        levels = {} if local else {"basin_gap": np.full(8, 4.5)}
        facts = {"local": local}
        frame = table(
            cell(one, facts=facts | {"optimizer": "one"}, **levels),
            cell(two, facts=facts | {"optimizer": "two"}, **levels),
        )
        assert set(frame["ranked_by"]) == {"gap" if local else "basin"}
        orders.add(tuple(ranked(frame)["optimizer"]))
    assert orders == ({("one", "two"), ("two", "one")} if local else {("one", "two")})


def test_a_success_is_one_on_problems_of_many_basins_too():
    """It is in the global basin, and its price has the chance of getting there in it."""
    facts, levels = {"local": False}, {"basin_gap": np.full(8, 4.5)}
    reached = np.array([[0], [1], [0], [0], [0], [0], [0], [0]], bool)
    own = row(cell(FINAL, facts=facts, hit=reached * 10, reached=reached, **levels))
    assert own["ranked_by"] == "evaluations" and own["objective"] == pytest.approx(10 + 6 * 100)


def test_absolute_targets_are_read_by_gaps():
    own = row(cell(FINAL, facts={"local": False, "absolute_targets": True}))
    assert own["ranked_by"] == "gap" and math.isnan(own["basin_share"])
