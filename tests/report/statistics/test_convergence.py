"""The table of convergence, from cells whose numbers can be followed by hand."""

import math

import numpy as np
import pytest
from scipy import stats

from optbench.kernels.status import BUDGET, NOT_FINITE, STATIONARY, TARGET
from optbench.report.statistics.convergence import COUNTS
from tests.report.statistics.cells import cell
from tests.report.statistics.convergence_rows import FINAL, row, table


def test_medians_are_of_the_tuned_trial_over_the_pooled_draws():
    own = row(cell(FINAL))
    assert (own["median_gap"], own["gap_low"], own["gap_high"]) == (5.0, 2.0, 8.0)
    assert own["gap_level"] == 1 - 2 * 0.5**7
    assert own["lanes"] == 7 and own["trial"] == 1 and own["lr"] == 0.1
    assert own["median_f"] == own["best_gap"] == 5.0
    assert (own["default_median_gap"], own["default_lr"]) == (9.0, 0.001)


def test_of_five_lanes_there_is_a_median_and_no_interval():
    own = row(cell(FINAL[:6]))
    assert own["median_gap"] == 5.0 and own["lanes"] == 5
    assert all(math.isnan(own[f"gap_{name}"]) for name in ("low", "high", "level"))


def test_the_canonical_lane_is_shown_by_itself_and_changes_nothing_else():
    usual, other = row(cell(FINAL)), row(cell([[1, 0.25, 9], *FINAL[1:]]))
    assert (usual.pop("canonical_gap"), other.pop("canonical_gap")) == (50.0, 0.25)
    assert (usual.pop("canonical_f"), other.pop("canonical_f")) == (50.0, 0.25)
    np.testing.assert_equal(usual, other)


def test_gaps_are_from_each_draws_own_reference():
    draws = np.arange(8.0)
    own = row(cell(np.array(FINAL) + draws[:, None], f_ref=draws))
    assert own["median_gap"] == 5.0 and own["median_f"] == np.median([9, 4, 9, 7, 10, 10, 14])


def test_success_counts_lanes_that_reached_and_touched_ones_stand_beside():
    hit = np.array([[3], [10], [20], [30], [0], [40], [50], [0]])
    reached = np.array([[1], [1], [1], [0], [0], [1], [1], [0]], bool)
    own = row(cell(FINAL, hit=hit, reached=reached))
    interval = stats.binomtest(4, 7).proportion_ci(method="wilson")
    assert own["success_share"] == 4 / 7
    assert (own["success_low"], own["success_high"]) == pytest.approx((interval.low, interval.high))
    assert (own["reached"], own["touched"], own["spent"]) == (4, 1, 3)
    # 10, 20, 40, 50, and three that did not reach it: the fourth is the median
    assert own["evaluations_to_target"] == 50.0
    assert own["canonical_success"] == 1.0 and own["canonical_evaluations"] == 3.0
    assert own["canonical_ended"] == "reached"


def test_the_median_cost_is_infinite_where_most_lanes_fail():
    reached = np.array([[1], [1], [1], [1], [0], [0], [0], [0]], bool)
    own = row(cell(FINAL, hit=9, reached=reached))
    assert own["success_share"] == 3 / 7 and own["evaluations_to_target"] == math.inf


def test_endings_add_up_to_the_pooled_lanes():
    status = [
        [TARGET],
        [TARGET],
        [TARGET],
        [STATIONARY],
        [NOT_FINITE],
        [BUDGET],
        [BUDGET],
        [BUDGET],
    ]
    reached = np.array([[1], [1], [0], [0], [0], [1], [0], [0]], bool)
    own = row(cell(FINAL, status=status, hit=reached, reached=reached))
    # One lane stopped at a harder target of the engine's without having the asked one: it is spent.
    assert {name: own[name] for name in COUNTS} == {
        "reached": 2, "stationary": 1, "spent": 3, "stopped": 0, "diverged": 1,
    }  # fmt: skip
    assert sum(own[name] for name in COUNTS) == own["lanes"] == 7


def test_a_lane_that_diverged_is_the_worst_in_every_column():
    status = np.full((8, 1), BUDGET)
    status[2:6] = NOT_FINITE
    own = row(cell(FINAL, status=status))
    assert own["median_gap"] == own["best_gap"] == own["median_f"] == math.inf
    assert own["gap_low"] == 4.0


# ------------------------------------------------------------------------------------- targets


@pytest.mark.parametrize(
    ("arrays", "share"),
    [
        ({}, 1.0),
        ({"goal": [1e-5, 1e-5, np.nan, 1e-5]}, np.nan),  # hidden by rounding on one instance
        ({"goal": [np.nan, 1e-5, 1e-5, 1e-5]}, 1.0),  # the canonical draw decides nothing
        ({"goal": [1e-5, 1e-5, np.nan, 1e-5], "f_start": [10, 10, np.inf, 10]}, 1.0),  # no gap
        ({"f_ref": [0, 0, 0, np.nan]}, np.nan),
    ],
)
def test_a_target_exists_if_it_does_on_all_instances(arrays, share):
    arrays = {name: np.array(values, float) for name, values in arrays.items()}
    own = row(cell(FINAL[:4], hit=5, reached=True, **arrays))
    np.testing.assert_equal(own["success_share"], share)
    np.testing.assert_equal(own["evaluations_to_target"], 5.0 * share)
    assert own["reached"] == (3 if share == 1.0 else 0)


def test_a_target_that_tuning_instances_do_not_have_does_not_exist():
    tuning = cell(FINAL[:2], phase="tuning", goal=np.array([1e-5, np.nan]))
    assert math.isnan(row(tuning, cell(FINAL, hit=5, reached=True))["success_share"])


def test_the_canonical_lane_has_its_own_target():
    own = row(cell(FINAL, hit=5, reached=True, goal=np.array([np.nan, *[1e-5] * 7])))
    assert math.isnan(own["canonical_success"]) and math.isnan(own["canonical_evaluations"])
    assert own["canonical_ended"] == "budget"


def test_without_a_reference_gaps_are_unknown_and_values_are_not():
    own = row(cell(FINAL, f_ref=np.full(8, np.nan)))
    assert math.isnan(own["median_gap"]) and own["median_f"] == 5.0


def test_a_nets_gap_is_its_loss_and_it_always_has_a_target():
    metrics = np.ones((8, 3, 6))
    metrics[..., 2] = 0.25
    unknown = {"f_ref": np.full(8, np.nan), "metrics": metrics}
    own = row(cell(FINAL, facts={"kind": "net"}, hit=5, reached=True, **unknown))
    assert own["median_gap"] == 5.0 and own["success_share"] == 1.0
    assert own["ranked_by"] == "validation" and own["objective"] == pytest.approx(0.25)


# ------------------------------------------------------------------------------ default setting


@pytest.mark.parametrize(
    ("default", "tuned", "wins"),
    [
        ((True, 5), (True, 9), True),
        ((True, 9), (True, 5), False),
        ((True, 5), (False, 0), True),
        ((False, 0), (True, 5), False),
        ((False, 0), (False, 0), False),  # then the gap decides: 9 against 5
    ],
)
def test_the_default_wins_where_it_ranks_before_the_tuned_setting(default, tuned, wins):
    reached = np.tile([False, tuned[0], default[0]], (8, 1))
    hit = np.tile([0, tuned[1], default[1]], (8, 1))
    assert row(cell(FINAL, hit=hit, reached=reached))["default_wins"] == wins


def test_equal_results_win_nothing():
    assert not row(cell(np.ones((8, 3)), hit=5, reached=True))["default_wins"]


def test_what_has_no_other_default_has_no_numbers_of_one():
    own = row(cell([[1.0], [2.0], [3.0]]))
    assert own["median_gap"] == 2.5 and own["trial"] == 0
    assert math.isnan(own["default_median_gap"]) and not own["default_wins"]


def test_hyperparameters_of_the_tuned_trial_stand_in_columns_of_their_own():
    drawn = cell(FINAL, value_beta1=np.array([0.5, 0.75, 0.9]))
    plain = cell(FINAL, facts={"optimizer": "sgd"})
    np.testing.assert_equal(table(drawn, plain)["value_beta1"].tolist(), [0.75, np.nan])


def test_a_solver_has_no_rate():
    assert math.isnan(row(cell([[1.0], [2.0]], facts={"has_rate": False}))["lr"])


# ------------------------------------------------------------------------------------- parts


def test_metrics_are_medians_of_the_tuned_trials_ends():
    metrics = np.zeros((4, 2, 3, 6))  # draws, kept trials, records, metrics
    metrics[1:, 0, -1, 0] = [0.1, 0.2, 0.3]  # training loss
    metrics[1:, 0, -1, 4] = [0.5, 0.3, 0.9]  # test loss: 0.4, 0.1 and 0.6 more
    metrics[1:, 0, -1, 5] = [0.9, 0.8, 0.7]
    metrics[0] = 99.0
    own = row(cell(FINAL[:4], facts={"kind": "data"}, record_metrics=metrics))
    assert (own["train_loss"], own["test_loss"], own["test_accuracy"]) == (0.2, 0.5, 0.8)
    assert own["generalisation_gap"] == pytest.approx(0.4)
    assert math.isnan(row(cell(FINAL))["generalisation_gap"])


def test_of_diverged_lanes_accuracies_are_the_worst():
    metrics = np.full((4, 3, 6), 0.5)
    metrics[1:, 1, 5] = [0.9, 0.8, np.nan]
    status = np.full((4, 3), BUDGET)
    status[3] = NOT_FINITE
    facts = {"kind": "net"}
    assert row(cell(FINAL[:4], facts=facts, status=status, metrics=metrics))["test_accuracy"] == 0.8
    status[2] = NOT_FINITE
    lost = row(cell(FINAL[:4], facts=facts, status=status, metrics=metrics))
    assert math.isnan(lost["test_accuracy"])


def test_another_measure_takes_the_place_of_accuracies():
    metrics = np.full((4, 2, 3, 6), 0.25)
    facts = {"kind": "data", "measure": "r2"}
    own = row(cell(FINAL[:4], facts=facts, record_metrics=metrics))
    assert own["r2"] == own["train_loss"] == 0.25 and math.isnan(own["train_accuracy"])


# -------------------------------------------------------------------------- many pairs at once


def test_pairs_of_any_number_of_draws_give_what_each_gives_alone():
    rng = np.random.default_rng(3)
    cells = []
    for i in range(30):
        final = rng.lognormal(0, 3, (rng.integers(2, 12), rng.choice([1, 3])))
        final[rng.random(final.shape) < 0.2] = np.inf
        status = np.where(np.isinf(final), NOT_FINITE, BUDGET)
        reached = (final < 0.5) & (rng.random(final.shape) < 0.8)
        hit = np.where(final < 0.5, rng.integers(1, 100, final.shape), 0)
        facts = {"optimizer": f"rule_{i:02d}"}
        cells.append(cell(final, facts=facts, status=status, reached=reached, hit=hit))
    together = table(*cells)
    for i, own in enumerate(cells):
        np.testing.assert_equal(together.iloc[i].to_dict(), table(own).iloc[0].to_dict())
