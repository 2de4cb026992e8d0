import math

import pandas as pd
import pytest

from optbench.report.figures import bands, numbers
from optbench.report.page.best import best
from optbench.report.statistics import ranking
from optbench.report.statistics.pooling import pooled


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (1.0, "1"),
        (0.0123456, "0.0123"),
        (12345.6, "12346"),
        (1.234e-9, "1.23e-9"),
        (1e-300, "1e-300"),
        (-2.5e7, "-2.5e7"),
        (math.inf, "∞"),
        (-math.inf, "-∞"),
        (math.nan, "–"),
        (None, "–"),
    ],
)
def test_text(value, text):
    assert numbers.text(value) == text


def test_counts_durations_and_shares():
    assert numbers.count(1234567) == "1\u202f234\u202f567"
    assert [numbers.seconds(s) for s in (0.84, 42.3, 185.2)] == ["0.8 s", "42 s", "3 min 05 s"]
    assert [numbers.percent(p) for p in (0.125, 1.0, math.nan)] == ["12 %", "100 %", "–"]
    assert numbers.counted(1, "family") == "1 family" and numbers.counted(0, "pair") == "0 pairs"
    assert numbers.counted(1200, "family") == "1\u202f200 families"
    assert numbers.short("abcdefg", 5) == "ab…fg"
    assert numbers.short("abcde", 5) == "abcde"


def curve_rows(values, evaluations=(0, 10, 20)):
    """Return curves of lanes, {(instance, seed): values}."""
    return pd.DataFrame(
        [
            {"instance": i, "seed": s, "step": n, "evaluations": e, "gap": v, "test_accuracy": v}
            for (i, s), lane in values.items()
            for n, (e, v) in enumerate(zip(evaluations, lane, strict=False))
        ]
    )


def test_band_leaves_the_canonical_lane_out_and_knows_which_lanes_left():
    rows = curve_rows(
        {
            (0, 0): [99, 99, 99],
            (3, 1): [8, 4, 2],
            (3, 2): [8, 6, math.inf],
            (4, 1): [8, math.inf, math.inf],
        }
    )
    band = bands.band(pooled(rows), "gap")
    assert band.lanes == 3
    assert band.evaluations.tolist() == [0, 10, 20]
    assert band.median.tolist() == [8, 6, math.inf]
    assert sorted(zip(band.left_at, band.left_from, strict=True)) == [(0, 8), (10, 6)]


def test_a_lane_that_stopped_early_keeps_its_last_value():
    rows = curve_rows({(3, 1): [8, 1], (3, 2): [8, 4, 3]})
    evaluations, values = bands.matrix(rows, "gap")
    assert values[:, 0].tolist() == [8, 1, 1]
    assert evaluations.tolist() == [0, 10, 20]


def test_of_accuracies_a_lane_that_left_has_the_least():
    rows = curve_rows({(3, 1): [0.5, 0.9, 0.95], (3, 2): [0.5, math.inf, math.inf]})
    band = bands.band(rows, "test_accuracy")
    assert band.high.tolist() == [0.5, 0.9, 0.95]
    assert band.low.tolist() == [0.5, -math.inf, -math.inf]


def test_a_column_without_numbers_has_no_band():
    rows = curve_rows({(3, 1): [math.nan] * 3})
    assert bands.band(rows, "gap") is None


def test_ranking_is_by_what_a_success_costs_then_by_gaps_then_by_values():
    rows = pd.DataFrame(
        [
            ("no_reference_high", "value", 5.0),
            ("no_reference_low", "value", -5.0),
            ("none", None, math.nan),
            ("large_gap", "gap", 1.0),
            ("small_gap", "gap", 0.1),
            ("slow", "evaluations", 200.0),
            ("fast", "evaluations", 100.0),
            ("half", "evaluations", 1010.0),
        ],
        columns=["optimizer", "ranked_by", "objective"],
    ).assign(basin_gap=math.nan)
    assert list(ranking.ranked(rows)["optimizer"]) == [
        "fast", "slow", "half", "small_gap", "large_gap", "no_reference_low",
        "no_reference_high", "none",
    ]  # fmt: skip


def test_where_there_are_basins_their_chance_orders_and_no_final_gap_does():
    rows = pd.DataFrame(
        [
            ("never_there", "basin", 1.0, math.nan, 0.5),
            ("near_in_it", "basin", 0.4, 1e-6, 30.0),
            ("far_in_it", "basin", 0.4, 1e-2, 20.0),
            ("often_there", "basin", 0.1, 1e-1, 90.0),
            ("one_success", "evaluations", 5000.0, 1e-3, 99.0),
        ],
        columns=["optimizer", "ranked_by", "objective", "basin_gap", "median_gap"],
    )
    expected = ["one_success", "often_there", "near_in_it", "far_in_it", "never_there"]
    assert list(ranking.ranked(rows)["optimizer"]) == expected
    worse = rows.assign(median_gap=rows["median_gap"][::-1].to_numpy())
    assert list(ranking.ranked(worse)["optimizer"]) == expected


def test_a_section_says_who_was_in_the_global_basin_where_nobody_had_a_success(make_frames):
    rows = make_frames()["convergence"].query("label == 'sphere (d=2)'").head(2).copy()
    rows[["success_share", "ranked_by", "basin_share"]] = [0.0, "basin", 0.35]
    rows["median_gap"] = [30.0, 1.0]  # says nothing
    first = rows["optimizer"].iloc[0]
    assert best(rows).endswith(f"global minimum: {first}, 35 % of lanes.")
