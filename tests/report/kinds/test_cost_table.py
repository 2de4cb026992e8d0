"""The table of costs, against the cells that its lanes are from."""

import numpy as np

from optbench.report.kinds.cost_table import COLUMNS, cost_table
from optbench.report.statistics.pair_lanes import pair_lanes
from optbench.report.statistics.pair_results import pair_results
from tests.report.statistics.cells import cell

HIT = [[0, 0, 0], [40, 20, 0], [0, 30, 0], [0, 0, 0]]
GAPS = [[1, 1, 1], [1e-6, 1e-7, 1], [1e-2, 1e-6, 2], [1e-3, 1e-4, 5]]


def pairs(**facts):
    hit = np.array(HIT)
    tuning = cell(GAPS[1:], phase="tuning", hit=hit[1:], reached=hit[1:] > 0, facts=facts)
    scoring = cell(GAPS, hit=hit, reached=hit > 0, facts=facts)
    return [pair_lanes(pair) for pair in pair_results([tuning, scoring])]


def test_a_row_is_a_pooled_lane_at_a_setting():
    table = cost_table(pairs())
    assert list(table) == COLUMNS
    rows = {name: own for name, own in table.groupby("setting")}
    assert {name: len(own) for name, own in rows.items()} == {
        "tuned": 3, "default": 3, "one for the kind": 3,
    }  # fmt: skip
    tuned = rows["tuned"]
    assert tuned["instance"].tolist() == [11, 12, 13]  # the canonical lane is not among them
    assert tuned["cost"].tolist() == [20, 30, 100]
    assert tuned["reached"].tolist() == [True, True, False]
    assert tuned["value"].tolist() == [1e-7, 1e-6, 1e-4]
    np.testing.assert_allclose(tuned["log_gap"], [-7, -6, -4])
    assert set(tuned["trial"]) == {1} and set(tuned["lr"]) == {0.1}
    assert rows["default"]["cost"].tolist() == [100, 100, 100]
    assert set(rows["default"]["trial"]) == {-1} and set(rows["default"]["lr"]) == {0.001}


def test_the_setting_for_a_kind_is_one_for_all_its_problems():
    """On one problem trial 1 is better by a third, on the other trial 0 by far."""
    other = np.array([[0, 0, 0], [2, 90, 0], [2, 90, 0], [2, 90, 0]])
    facts = {"label": "cup (d=2)", "family": "cup"}
    second = [
        cell(np.where(other > 0, 1e-6, 1.0)[first:], phase=phase, hit=other[first:],
             reached=other[first:] > 0, facts=facts)
        for phase, first in (("tuning", 1), ("scoring", 0))
    ]  # fmt: skip
    lanes = [*pairs(), *(pair_lanes(pair) for pair in pair_results(second))]
    table = cost_table(lanes)
    common = table[table["setting"] == "one for the kind"]
    assert common.groupby("label")["trial"].unique().map(list).to_dict() == {
        "bowl (d=2)": [0], "cup (d=2)": [0],
    }  # fmt: skip


def test_no_lanes_have_no_rows():
    assert list(cost_table([])) == COLUMNS and len(cost_table([])) == 0
