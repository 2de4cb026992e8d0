"""The frame of comparisons: hand-worked rows, laws, and what is missing."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from optbench.report.comparing.comparisons import COLUMNS, chance_verdicts, comparison_frame
from optbench.report.comparing.verdicts import (
    A_FIRST,
    AT_LEAST,
    B_FIRST,
    FIXED,
    NO_INTERVAL,
    NO_RATIO,
    NOT_SEPARATED,
    ONE_INSTANCE,
    UNDECIDABLE,
    WHERE_ENDED,
)
from tests.report.comparing.lanes import drawn, lane_costs, pair_lanes

GRID = 100.0 * 1.3 ** np.abs(np.arange(9) - 4)
"""Medians of a rule's trials: the best in the middle."""


def column(values):
    return np.asarray(values, float)[:, None]


def fixed(name, values, **facts):
    """Return lanes of a rule with one setting, whose costs are these."""
    return pair_lanes(name, lane_costs(column(values)), **facts)


def row_of(*lanes):
    (row,) = comparison_frame(lanes).itertuples()
    return row


def test_a_row_by_hand():
    a, b = (
        np.array([10.0, 20, 40, 80, 100, 100, 90, 50]),
        np.array([20.0, 40, 80, 160, 90, 100, 180, 100]),
    )
    row = row_of(fixed("a", a), fixed("b", b))
    assert list(comparison_frame([]).columns) == COLUMNS
    assert (row.label, row.a, row.b, row.basis) == ("bowl (d=2)", "a", "b", "evaluations")
    assert (row.n, row.untied, row.wins) == (8, 7, 6)
    # Six ratios of 1/2, one of 1 and one of 10/9: the middle two are 1/2.
    assert row.ratio == pytest.approx(0.5)
    # Of eight the interval is from the first to the eighth: 1 - 2 / 2^8.
    assert (row.low, row.high) == pytest.approx((0.5, 10 / 9))
    assert row.level == pytest.approx(1 - 2 / 2**8)
    assert row.objective_ratio == pytest.approx(a.sum() / b.sum())
    # Ranks: the tie 1, 10/9 2, six halves 5.5 each. Sums of +-2 and six +-5.5 as far from 0 as 31.
    assert row.p == pytest.approx(4 / 2**7)
    assert row.p_holm == row.p


def test_failures_are_infinite_and_both_failing_ties():
    row = row_of(
        fixed("a", [np.inf, np.inf, 50, 50, 50, 50]), fixed("b", [np.inf, 50, np.inf, 50, 50, 100])
    )
    assert (row.n, row.untied, row.wins) == (6, 3, 2)
    assert (row.low, row.high) == (0.0, np.inf)
    assert row.ratio == 1.0
    # Costs: 2 budgets and 4 x 50 for 4 successes; 2 budgets and 3 x 50 + 100 for 4.
    assert row.objective_ratio == pytest.approx((2000 + 200) / (2000 + 250))


def test_an_optimizer_that_never_reaches_costs_at_least_all_it_spent():
    row = row_of(fixed("a", [np.inf] * 20), fixed("b", [100.0] * 20))
    assert row.objective_ratio == pytest.approx(20 * 1000 / 100)
    assert AT_LEAST in row.note and row.verdict == B_FIRST
    assert row.nested_high == np.inf and row.nested_low == pytest.approx(200.0)


def test_where_nothing_is_reached_gaps_are_compared():
    failed = np.full((12, 1), np.inf)
    near, far = (lane_costs(failed, log_gap=np.full((12, 1), gap)) for gap in (-5.0, -3.0))
    row = row_of(pair_lanes("a", near), pair_lanes("b", far))
    assert row.basis == "gap" and row.verdict == A_FIRST
    assert (row.ratio, row.objective_ratio) == pytest.approx((1e-2, 1e-2))
    assert row.note == ""
    row = row_of(pair_lanes("a", near, local=False), pair_lanes("b", far, local=False))
    assert row.note == WHERE_ENDED and row.verdict == UNDECIDABLE
    absolute = {"local": False, "absolute_targets": True}
    row = row_of(pair_lanes("a", near, **absolute), pair_lanes("b", far, **absolute))
    assert row.note == "" and row.verdict == A_FIRST


def test_values_without_a_reference_have_an_order_and_no_ratio():
    unknown = np.full((12, 1), np.nan)
    low, high = (
        lane_costs(np.full((12, 1), np.inf), log_gap=unknown, value=np.full((12, 1), value))
        for value in (-7.0, -3.0)
    )
    row = row_of(pair_lanes("a", low), pair_lanes("b", high))
    assert row.basis == "value" and row.verdict == A_FIRST and NO_RATIO in row.note
    ratios = (row.ratio, row.low, row.high, row.objective_ratio, row.nested_low, row.nested_high)
    assert np.isnan(ratios).all()


def test_below_six_lanes_there_is_no_interval_and_no_verdict():
    row = row_of(fixed("a", [10.0] * 5), fixed("b", [20.0] * 5))
    assert np.isnan([row.low, row.high, row.level]).all() and NO_INTERVAL in row.note
    assert row.verdict == UNDECIDABLE


def test_one_instance_decides_nothing():
    row = row_of(fixed("a", [10.0]), fixed("b", [20.0]))
    assert row.verdict == UNDECIDABLE and ONE_INSTANCE in row.note
    assert np.isnan([row.nested_low, row.nested_high]).all()


def test_seeds_of_an_instance_are_one_pair():
    a = np.tile([10.0, 30.0], 10)
    row = row_of(
        pair_lanes("a", lane_costs(column(a)), seeds=2),
        pair_lanes("b", lane_costs(column(np.full(20, 20.0))), seeds=2),
    )
    assert row.n == 10
    # Each instance has the differences ln 1/2 and ln 3/2: their middle.
    assert row.ratio == pytest.approx(np.sqrt(0.5 * 1.5))


def test_clear_differences_are_seen_and_none_where_there_is_none():
    rng = np.random.default_rng(1)
    same = [drawn(rng, "a", GRID), drawn(rng, "b", GRID)]
    assert row_of(*same).verdict == NOT_SEPARATED
    row = row_of(drawn(rng, "a", GRID), drawn(rng, "b", 10 * GRID))
    assert row.verdict == A_FIRST
    assert row.nested_low < 0.1 < row.nested_high < 0.5


def test_the_luck_of_a_grid_is_no_verdict():
    rng = np.random.default_rng(2)
    common, of_tuning = rng.lognormal(0, 1, size=(20, 1)), rng.lognormal(0, 0.1, size=(10, 1))
    # The best rate of b lies between two rates of the grid: every lane of it costs 14 % more.
    between = 100.0 * 1.3 ** np.abs(np.arange(9) - 4.5)
    a, b = (
        pair_lanes(name, lane_costs(common * medians), lane_costs(of_tuning * medians))
        for name, medians in [("a", GRID), ("b", between)]
    )
    row = row_of(a, b)
    assert row.wins == 20 and row.p < 1e-5
    assert row.verdict == NOT_SEPARATED and row.nested_low <= 1.0 <= row.nested_high


def test_a_rule_that_costs_more_at_every_trial_is_told_apart():
    rng = np.random.default_rng(2)
    common, of_tuning = rng.lognormal(0, 1, size=(20, 1)), rng.lognormal(0, 1, size=(10, 1))
    a, b = (
        pair_lanes(name, lane_costs(common * factor * GRID), lane_costs(of_tuning * GRID))
        for name, factor in [("a", 1.0), ("b", 1.05)]
    )
    assert row_of(a, b).verdict == A_FIRST


def several(seed=3):
    rng = np.random.default_rng(seed)
    return [
        drawn(rng, name, factor * GRID, failing=failing, label=label)
        for label in ("bowl (d=2)", "valley (d=2)")
        for name, factor, failing in [("d", 1, 0), ("a", 3, 0), ("c", 4, 0.3), ("b", 9, 0.8)]
    ]


def test_rows_do_not_depend_on_the_order_of_lanes_and_optimizers():
    lanes = several()
    frame = comparison_frame(lanes)
    assert len(frame) == 12 and (frame["a"] < frame["b"]).all()
    pd.testing.assert_frame_equal(comparison_frame(lanes[::-1]), frame)
    rng = np.random.default_rng(0)
    shuffled = []
    for own in lanes:
        order = rng.permutation(len(own.instance))
        shuffled.append(dataclasses.replace(
            own, scoring=own.scoring.at(draws=order), instance=own.instance[order],
            seed=own.seed[order],
        ))  # fmt: skip
    pd.testing.assert_frame_equal(comparison_frame(shuffled), frame)


def test_other_optimizers_change_nothing_but_the_adjustment():
    lanes = several()
    frame = comparison_frame(lanes)
    fewer = comparison_frame([own for own in lanes if own.optimizer in ("a", "c")])
    same = [name for name in COLUMNS if name not in ("p_holm", "verdict", "note")]
    rows = frame[(frame["a"] == "a") & (frame["b"] == "c")]
    pd.testing.assert_frame_equal(rows[same].reset_index(drop=True), fewer[same])


def renamed(own, name):
    return dataclasses.replace(own, facts={**own.facts, "optimizer": name})


def test_exchanging_the_two_inverts_every_ratio():
    x, y = several()[0], several()[2]
    one = row_of(renamed(x, "a"), renamed(y, "b"))
    names = ["ratio", "low", "high", "objective_ratio", "nested_low", "nested_high"]
    other = row_of(renamed(x, "b"), renamed(y, "a"))
    of_one, of_other = (np.array([getattr(own, name) for name in names]) for own in (one, other))
    with np.errstate(divide="ignore"):
        assert of_other == pytest.approx(1 / of_one[[0, 2, 1, 3, 5, 4]])
    assert other.p == one.p and one.untied - one.wins == other.wins
    swapped = {A_FIRST: B_FIRST, B_FIRST: A_FIRST}
    assert other.verdict == swapped.get(one.verdict, one.verdict)


def test_lanes_that_one_lacks_are_in_no_pair():
    a, b = fixed("a", np.full(10, 5.0)), fixed("b", np.full(10, 9.0))
    b = dataclasses.replace(b, instance=b.instance + 3)
    assert row_of(a, b).n == 7
    b = dataclasses.replace(b, instance=b.instance + 100)
    with pytest.raises(ValueError, match="a, b have no scoring draw in common"):
        comparison_frame([a, b])


def test_one_optimizer_and_no_lanes_give_an_empty_frame():
    assert comparison_frame([]).empty
    assert comparison_frame([fixed("a", [1.0, 2.0])]).empty


def test_the_paired_test_is_scipys():
    x, y = (
        drawn(np.random.default_rng(4), "a", [100.0]),
        drawn(np.random.default_rng(5), "b", [130.0]),
    )
    d = np.log(x.scoring.cost / y.scoring.cost)[:, 0]
    assert row_of(x, y).p == pytest.approx(stats.wilcoxon(d, method="exact").pvalue)


def net(name, losses, tuned=10):
    rng = np.random.default_rng(len(name))
    tuning = 0.3 + 0.1 * rng.random((tuned, 5)) + 0.02 * np.arange(5)
    failed = np.full((12, 1), np.inf)
    return pair_lanes(
        name, lane_costs(failed, value=column(losses)),
        lane_costs(np.full((tuned, 5), np.inf), value=tuning), kind="net", every_trial=False,
    )  # fmt: skip


def test_the_choice_on_nets_is_made_again_on_tuning_instances_left_out():
    losses = np.linspace(0.3, 0.4, 12)
    row = row_of(net("a", losses), net("bb", 1.01 * losses))
    assert row.basis == "validation" and FIXED not in row.note
    assert row.nested_low < row.nested_high
    few = row_of(net("a", losses, tuned=4), net("bb", 1.01 * losses, tuned=4))
    assert FIXED in few.note
    # The settings are fixed, and on every lane b's loss is 1.01 times a's.
    assert (few.nested_low, few.nested_high) == pytest.approx((1 / 1.01, 1 / 1.01))


def test_chance_decides_on_a_twentieth_of_the_problems():
    text = chance_verdicts(comparison_frame(several()))
    assert "of 12 pairs are decided" in text and "at most 0.1 of them" in text
