"""How many settings work, and what five trials or none are worth: worked out by hand."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optbench.report.tuning import good_settings, rulesets
from tests.report.tuning.lanes_by_hand import EIGHT, INF, only, pair


@given(trials=st.integers(1, 7), data=st.data())
def test_attempts_are_the_mean_over_all_orders(trials, data):
    successes = data.draw(st.integers(1, trials))
    works = [True] * successes + [False] * (trials - successes)
    firsts = [1 + order.index(True) for order in set(itertools.permutations(works))]
    assert good_settings.attempts_to_success(successes, trials) == pytest.approx(np.mean(firsts))


def test_without_a_success_attempts_have_no_end():
    assert good_settings.attempts_to_success(0, 5) == INF


def test_good_settings_by_hand():
    row = only(good_settings.good_settings_table([pair(EIGHT, EIGHT, chosen=3)]))
    assert (row.trials, row.successes) == (8, 7) and row.attempts == 9 / 8
    assert row.good_share == 3 / 8  # 200, 100 and 200
    assert row.good_decades == pytest.approx(2 * 3 / 7)  # three decades in seven steps
    assert row.note == ""


def test_a_good_rate_beyond_a_gap_widens_nothing():
    good = np.array([True, False, True, True, False, True])
    rates = 10.0 ** np.arange(6)
    assert good_settings.width_of_run(good, rates, 3) == pytest.approx(1.0)
    assert good_settings.width_of_run(good, rates, 0) == 0.0
    assert good_settings.width_of_run(np.ones(6, bool), rates, 2) == pytest.approx(5.0)


def test_two_optimizers_swap_by_their_widths_where_best_and_median_say_nothing():
    """Both cost 100 at best and 400 in the median trial; one is good at one rate alone."""
    narrow = [[400, 400, 400, 100, 400, 400, 400]]
    wide = [[400, 400, 150, 100, 150, 400, 400]]
    rows = good_settings.good_settings_table(
        [
            pair(costs, costs, chosen=3, optimizer=name)
            for name, costs in zip("ab", (narrow, wide), strict=True)
        ]
    )
    assert rows["good_decades"].tolist() == pytest.approx([0.0, 1.0])
    assert rows["good_share"].tolist() == pytest.approx([1 / 7, 3 / 7])


@pytest.mark.parametrize(
    ("lanes", "note"),
    [
        (
            pair([[INF, INF]], [[INF, INF]]),
            "no trial reached the target on half of its lanes; no t",
        ),
        (pair(EIGHT, EIGHT, on_grid=False), "rates are drawn together with other hyperparameters"),
        (pair(EIGHT, EIGHT, basis="value"), "values have no ratio"),
        (pair(None, [[1]]), "one setting: nothing is tuned"),
    ],
)
def test_what_cannot_be_said_of_settings_has_a_reason(lanes, note):
    row = only(good_settings.good_settings_table([lanes]))
    assert math.isnan(row.good_decades) and note in row.note


def test_groups_of_five_are_disjoint_and_dealt_alike_to_all():
    groups = rulesets.groups_of_trials(31)
    assert groups.shape == (6, 31) and (groups.sum(axis=1) == 5).all()
    assert groups.sum(axis=0).max() == 1 and groups.sum() == 30
    rulesets.groups_of_trials.cache_clear()
    np.testing.assert_array_equal(groups, rulesets.groups_of_trials(31))
    assert (np.diff(np.flatnonzero(groups[0])) > 1).any()  # no five neighbours


def test_rulesets_by_hand(monkeypatch):
    """Three groups: their best by tuning are trials 0, 5 and 10, which score 30, 20 and 60."""
    groups = np.kron(np.eye(3, dtype=bool), np.ones(5, bool)).astype(bool)
    monkeypatch.setattr(rulesets, "groups_of_trials", lambda trials: groups)
    tuning = np.full((1, 15), 500.0)
    tuning[0, [0, 5, 10]] = 10, 11, 12
    scoring = np.full((1, 15), 900.0)
    scoring[0, [0, 5, 10]] = 30, 20, 60
    row = only(rulesets.ruleset_table([pair(tuning, scoring, chosen=0, default=[70.0])]))
    assert row.groups == 3 and row.note == ""
    np.testing.assert_allclose(np.exp([row.tuned, row.external, row.untuned]), [30, 30, 70])


def test_the_order_of_rulesets_swaps_where_five_trials_seldom_hold_a_good_one():
    """With all trials `sharp` costs 50 and `flat` 60; five trials of `sharp` mostly cost 900."""
    sharp, flat = np.full((1, 30), 900.0), np.full((1, 30), 60.0)
    sharp[0, 7] = 50.0
    frame = rulesets.ruleset_table(
        [
            pair(sharp, sharp, chosen=7, optimizer="sharp", default=[900.0]),
            pair(flat, flat, chosen=0, optimizer="flat", default=[60.0]),
        ]
    ).set_index("optimizer")
    assert frame.tuned["sharp"] < frame.tuned["flat"]
    assert frame.external["sharp"] > frame.external["flat"]
    np.testing.assert_allclose(np.exp(frame.external), [900, 60])


@pytest.mark.parametrize(
    ("lanes", "note"),
    [
        (pair([[1, 2]], [[1, 2]]), "fewer than 5 trials; the default setting was not run apart"),
        (pair(None, [[1]]), "one setting: nothing is tuned; the default"),
        (pair([[1, 2, 3]], [[2, 9]], scored=[1, -1]), "only the tuned and the default"),
    ],
)
def test_without_groups_the_ruleset_has_a_reason(lanes, note):
    row = only(rulesets.ruleset_table([lanes]))
    assert math.isnan(row.external) and row.groups == 0 and note in row.note
