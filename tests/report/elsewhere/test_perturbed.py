"""Perturbed problems beside plain ones: axes of settings, and ratios of costs."""

import math

import numpy as np
import pytest

from optbench.report.elsewhere.axes import axes_table, slopes_table
from optbench.report.elsewhere.perturbed import (
    NO_TARGET,
    ONLY,
    PLAIN,
    UNPAIRED,
    costs_table,
    level,
    split,
)
from optbench.report.elsewhere.standings import all_standings
from tests.report.tuning.lanes_by_hand import INF, costs_of, only, pair


def lanes(problem, costs, **facts):
    return pair(None, np.array(costs, float)[:, None], problem=problem, **{"target": 1e-2, **facts})


def test_names_are_split():
    assert split("bowl") == ("bowl", {})
    assert split("bowl[rotate=true,noise=0.1]") == ("bowl", {"rotate": 1.0, "noise": 0.1})


def test_levels_without_the_perturbation_are_those_that_change_nothing():
    assert level("bowl", "scale") == ("bowl", (), 1.0)
    assert level("bowl[noise=0.1]", "noise") == ("bowl", (), 0.1)
    assert level("bowl[rotate=true,noise=0.1]", "noise") == ("bowl", (("rotate", 1.0),), 0.1)
    assert level("bowl", "outlier_size") is None
    assert level("bowl[outliers=0.1]", "outlier_size") is None


def test_a_ratio_is_of_costs_at_pairs_of_lanes():
    costs = np.array([100, 120, 90, 110, 105, 95])
    frame = costs_table([lanes("bowl", costs), lanes("bowl[noise=0.1]", 3 * costs)])
    row = only(frame)
    assert (row.label, row.plain_label) == ("bowl[noise=0.1] (d=2)", "bowl (d=2)")
    assert [row.ratio, row.low, row.high] == pytest.approx([3.0] * 3)
    assert (row.reached, row.plain_reached, row.note) == (1.0, 1.0, "")


def test_an_interval_is_over_instances():
    costs = np.array([100, 100, 100, 100, 100, 100])
    dearer = np.array([100, 400, 200, 300, 150, 250])
    row = only(costs_table([lanes("bowl", costs), lanes("bowl[stale=1]", dearer)]))
    assert row.ratio == pytest.approx(dearer.mean() / 100)
    assert 1.0 <= row.low < row.ratio < row.high <= 4.0


@pytest.mark.parametrize(
    ("plain", "own", "facts", "ratio", "note"),
    [
        ([100, 100], [INF, INF], {}, math.inf, ONLY),
        ([INF, INF], [100, 100], {}, math.nan, PLAIN),
        ([100, 100], [100, 100], {"instances": [5, 6]}, math.nan, UNPAIRED),
        ([100, 100], [10, 10], {"target": 1e-6}, math.nan, "asked targets differ: 1e-06 and 0.01"),
    ],
)
def test_what_does_not_compare_has_its_reason(plain, own, facts, ratio, note):
    row = only(costs_table([lanes("bowl", plain), lanes("bowl[noise=1]", own, **facts)]))
    assert row.note == note and np.isnan([row.low, row.high]).all()
    assert row.ratio == ratio or (math.isnan(row.ratio) and math.isnan(ratio))


def test_without_a_least_value_there_is_no_ratio():
    unknown = costs_of([[INF], [INF]], log_gap=[[math.nan]] * 2)
    own = pair(None, unknown, problem="bowl[misreport=1]", target=1e-2)
    row = only(costs_table([lanes("bowl", [100, 100]), own]))
    assert math.isnan(row.ratio) and row.note == NO_TARGET


def test_where_resamples_reach_neither_the_interval_begins_at_0():
    costs = np.array([100, INF, INF, INF])
    row = only(costs_table([lanes("bowl", costs), lanes("bowl[noise=1]", costs)]))
    assert (row.ratio, row.low, row.high) == (1.0, 0.0, INF)


def test_descent_with_noise_stands_beside_descent_without():
    own = lanes("bowl[noise=1]", [200, 200], optimizer="sgd[clip_norm=1]")
    row = only(costs_table([own, lanes("bowl", [100, 100], optimizer="gd[clip_norm=1]")]))
    assert (row.optimizer, row.ratio) == ("sgd[clip_norm=1]", pytest.approx(2.0))


def test_other_optimizers_dimensions_and_missing_plain_problems_are_no_pairs():
    own = [lanes("bowl[noise=1]", [1, 2]), lanes("bowl", [1, 2], optimizer="lion")]
    assert costs_table([*own, lanes("bowl", [1, 2], dim=3)]).empty


def test_settings_are_axes_and_sizes_have_slopes():
    standings = all_standings(
        lanes(name, [cost] * 4, optimizer=optimizer)
        for name, costs in {
            "bowl": (10, 20), "bowl[scale=10]": (20, 10), "bowl[scale=100]": (40, 10),
        }.items()
        for optimizer, cost in zip("ab", costs, strict=True)
    )  # fmt: skip
    frame = axes_table(standings)
    assert set(frame.axis) == {"[scale]"}
    assert list(zip(frame.level, frame.other_level, strict=True)) == [(1, 10), (1, 100), (10, 100)]
    slopes = slopes_table(standings).set_index("optimizer")
    assert slopes.axis.tolist() == ["[scale]"] * 2
    assert slopes.slope["a"] == pytest.approx(math.log(2))
