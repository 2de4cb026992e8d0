"""What the chosen trial costs over the best one: worked out by hand, and in words."""

import math

import numpy as np
import pytest

from optbench.report.tuning import regret, trial_order
from tests.report.tuning.lanes_by_hand import INF, costs_of, only, pair


def test_regret_by_hand():
    lanes = pair([[10, 20]] * 2, [[30, 10], [30, 30]], chosen=0)
    row = only(regret.regret_table([lanes]))
    assert row.regret == pytest.approx(60 / 40)
    assert (row.trial, row.best_trial) == (0, 1) and (row.lr, row.best_lr) == (1e-3, 1.0)
    best = only(regret.regret_table([pair([[10, 20]], [[10, 30]], chosen=0)]))
    assert best.regret == 1.0 and best.best_trial == 0


def test_a_choice_that_never_gets_there_has_infinite_regret():
    row = only(regret.regret_table([pair([[10, 20]], [[INF, 30]], chosen=0)]))
    assert row.regret == INF


def test_crossed_regret_by_hand():
    """Instances 11 and 13 choose the second trial, 12 and 14 the third; the first was chosen."""
    scoring = [[20, 10, 40], [20, 60, 10], [20, 10, 40], [20, 60, 10]]
    lanes = pair([[10, 20, 30]], scoring, chosen=0)
    row = only(regret.regret_table([lanes]))
    assert row.crossed == pytest.approx(math.sqrt(20 / 40 * 20 / 60)) and row.note == ""
    assert row.regret == 1.0  # against 20, 35 and 25 on average


def test_crossed_regret_is_no_upper_bound_where_plain_regret_is():
    random = np.random.default_rng(6)
    tuning, scoring = random.lognormal(3, 1, (10, 12)), random.lognormal(3, 1, (20, 12))
    lanes = [pair(np.roll(tuning, i, axis=1), scoring, chosen=i) for i in range(12)]
    rows = regret.regret_table(lanes)
    assert (rows.regret >= 1.0).all() and (rows.regret >= rows.crossed - 1e-12).mean() > 0.7
    assert (rows.crossed < 1.0).any()


@pytest.mark.parametrize(
    ("scoring", "crossed"),
    [
        ([[INF, 10, 50], [INF, 10, 20]], INF),
        ([[INF, 10, 50], [20, 30, 40]], math.sqrt(20 / 30)),  # trial 0 fails against itself
        ([[INF, 10, 50], [30, INF, 20]], math.nan),
        ([[10, 20, 30]], math.nan),
    ],
)
def test_halves_on_which_a_trial_fails(scoring, crossed):
    row = only(regret.regret_table([pair([[10, 20, 30]], scoring, chosen=0)]))
    np.testing.assert_allclose(row.crossed, crossed)
    assert row.note == (regret.NO_HALVES if math.isnan(crossed) else "")


def test_the_default_setting_is_not_the_best_trial():
    row = only(regret.regret_table([pair([[10, 20]], [[40, 50]], chosen=0, default=[1.0])]))
    assert row.regret == 1.0 and row.best_trial == 0


@pytest.mark.parametrize(
    ("lanes", "note"),
    [
        (pair([[10, INF]], [[INF, INF]]), regret.NONE_REACHED),
        (pair([[1, 2]], [[1, 2]], basis="value"), trial_order.NO_RATIO),
        (pair([[7, 7]], [[7, 7]]), regret.ALL_TIE),
        (pair(None, [[1]]), trial_order.ONE_TRIAL),
    ],
)
def test_regret_that_cannot_be_said_has_a_reason(lanes, note):
    row = only(regret.regret_table([lanes]))
    assert math.isnan(row.regret) and row.note == note


def test_the_line_counts_pairs_and_the_worst_are_named():
    pairs = [pair([[10, 20]], [[11, 10]], chosen=0, optimizer=f"good{i}") for i in range(7)]
    pairs += [pair([[10, 20]], [[30, 10]], chosen=0, optimizer="bad")]
    pairs += [pair([[10, 20]], [[INF, 10]], chosen=0, optimizer="worst")]
    pairs += [pair(None, [[1]], optimizer="solver")]
    frame = regret.regret_table(pairs)
    assert regret.regret_line(frame) == (
        "On scoring lanes the chosen trial costs at most 1.25 times the best trial in 7 of 9 pairs "
        "(78%, fewer than the 90% asked). Of 1 more it cannot be said."
    )
    assert regret.worst_regrets(frame) == [
        "worst on bowl (d=2): never reaches the target at trial 0 (lr 0.001); best is 1 (lr 1)",
        "bad on bowl (d=2): 3 times the evaluations at trial 0 (lr 0.001); best is 1 (lr 1)",
    ]
    assert regret.worst_regrets(frame, 1) == regret.worst_regrets(frame)[:1]
    assert "as asked)." in regret.regret_line(frame.head(7))
    twice = regret.regret_table([pair([[10, 20]], [[11, 10]] * 2)])
    assert regret.regret_line(twice).endswith(
        "(100%, as asked), and in 100% where that is picked on one half of them and judged on the "
        "other."
    )
    assert "cannot be said" in regret.regret_line(frame.tail(1))


def test_a_gap_at_the_end_has_a_ratio():
    costs = costs_of([[INF, INF]], log_gap=[[-3.0, -4.0]])
    row = only(regret.regret_table([pair(costs, costs, chosen=0, basis="gap")]))
    assert row.regret == pytest.approx(10.0)
