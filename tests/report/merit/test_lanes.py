"""Figures of lanes: running times, areas, penalties, robust means; by hand and against medians."""

import math

import numpy as np
import pytest
from scipy import stats

from optbench.report.merit.anytime import convergence_areas, log_areas
from optbench.report.merit.penalised import par10
from optbench.report.merit.robust import (
    improvement,
    improvement_over_others,
    interquartile_mean,
    weighted_interquartile_means,
)
from optbench.report.merit.running_time import derandomized, expected_evaluations, simulated_runs

INF, NAN = math.inf, math.nan
STEADY = (np.full(10, 300.0), np.ones(10, bool))
RISKY = (np.array([100.0] * 6 + [1000.0] * 4), np.array([True] * 6 + [False] * 4))
"""The median lane of the risky one is three times faster; four of ten lanes spend the budget."""


def test_expected_evaluations_by_hand():
    assert expected_evaluations([10.0, 20.0, 60.0], [True, True, False]) == 45.0
    assert expected_evaluations([10.0, 20.0], [False, False]) == INF
    rows = expected_evaluations([[10.0, 20.0], [5.0, 5.0]], [[True, True], [True, False]])
    np.testing.assert_array_equal(rows, [15.0, 10.0])


def test_figures_that_count_failures_order_two_optimizers_unlike_the_median():
    medians = [np.median(np.where(reached, cost, INF)) for cost, reached in (RISKY, STEADY)]
    assert medians == [100.0, 300.0]
    assert expected_evaluations(*RISKY) == pytest.approx(4600 / 6)
    assert expected_evaluations(*RISKY) > expected_evaluations(*STEADY) == 300.0
    assert float(par10(*RISKY, 1000.0)) == pytest.approx(4.06)
    assert float(par10(*STEADY, 1000.0)) == pytest.approx(0.3)
    areas = [1 - cost / 1000 for cost, _ in (RISKY, STEADY)]
    assert interquartile_mean(areas[0]) < interquartile_mean(areas[1])


def test_simulated_runs_have_the_expected_running_time_as_mean():
    runs = simulated_runs(*RISKY, 200_000, np.random.default_rng(0))
    assert abs(runs.mean() - 4600 / 6) < 4 * runs.std() / math.sqrt(len(runs))
    assert set(np.unique(runs) % 1000) == {100.0}
    assert np.mean(runs == 100.0) == pytest.approx(0.6, abs=1e-12)  # derandomised


def test_simulated_runs_of_lanes_that_all_reached_are_those_lanes():
    cost = np.array([3.0, 1.0, 2.0])
    runs = simulated_runs(cost, np.ones(3, bool), 6, np.random.default_rng(1))
    assert sorted(runs) == [1, 1, 2, 2, 3, 3]
    assert (simulated_runs(cost, np.zeros(3, bool), 2, np.random.default_rng(1)) == INF).all()


@pytest.mark.parametrize("size", [1, 7, 8, 20])
def test_derandomised_numbers_appear_equally_often(size):
    counts = np.bincount(derandomized(np.random.default_rng(2), 7, size), minlength=7)
    assert counts.sum() == size and counts.max() - counts.min() <= 1


def test_areas_are_those_between_the_ecdf_and_the_budget():
    """By plain sums over every evaluation, and by the trapezoidal rule over logarithms."""
    rng = np.random.default_rng(3)
    budget, targets = 200, 7
    hits = rng.integers(1, 260, (targets, 1)).astype(float)
    capped = np.minimum(hits, budget)
    met = [np.mean(hits[:, 0] <= e) for e in range(1, budget)]
    area = convergence_areas(capped.mean(), budget)
    assert area == pytest.approx(sum(met) / budget, rel=1e-12)
    at = np.exp(np.linspace(0, math.log(budget), 400_001))
    share = (hits <= at).mean(axis=0)
    assert log_areas(np.log(capped).mean(), budget) == pytest.approx(share[1:].mean(), abs=1e-4)


def test_the_area_over_the_convergence_curve_by_the_curve_itself():
    """IOHprofiler's formula: the mean over evaluations of the place of the gap in its bounds."""
    budget, ends = 50, (1e-8, 1e2)
    gap = 1e2 * 10.0 ** (-np.arange(budget) / 4)  # a decade in four evaluations
    place = np.clip(np.log10(gap / ends[0]) / 10, 0, 1)
    grid = 10.0 ** np.linspace(2, -8, 20_001)
    hits = np.array([np.argmax(gap <= tau * (1 + 1e-9)) + 1 for tau in grid])
    assert (gap[-1] < ends[0]) and convergence_areas(hits.mean(), budget) == pytest.approx(
        np.mean(1 - place) , abs=2 / budget
    )  # fmt: skip


def test_an_early_start_wins_the_anytime_area_and_loses_the_last_target():
    """Hits of ten targets: one is fast to nine of them and never meets the last."""
    early = np.minimum([*np.arange(1, 10), 1000.0], 1000.0)
    late = np.full(10, 500.0)
    assert convergence_areas(early.mean(), 1000.0) > convergence_areas(late.mean(), 1000.0)
    assert early[-1] > late[-1]


def test_penalties_by_hand():
    assert par10([50.0, 100.0], [True, False], 100.0) == pytest.approx((0.5 + 10) / 2)
    rows = par10([[50.0, 100.0]] * 2, [[True, True]] * 2, [100.0, 200.0])
    np.testing.assert_allclose(rows, [0.75, 0.375])


def test_the_interquartile_mean_by_hand():
    assert interquartile_mean([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 800.0]) == 4.5
    assert interquartile_mean([7.0]) == 7.0 and interquartile_mean([1.0, 2.0, 9.0]) == 4.0


@pytest.mark.parametrize("n", [1, 3, 4, 11, 40])
def test_counted_scores_have_the_interquartile_mean_of_repeated_ones(n):
    rng = np.random.default_rng(n)
    scores = np.round(rng.normal(size=n), 1)
    chosen = rng.integers(0, n, (20, n))
    counts = np.stack([np.bincount(own, minlength=n) for own in chosen])
    expected = [stats.trim_mean(scores[own], 0.25) for own in chosen]
    np.testing.assert_allclose(weighted_interquartile_means(scores, counts), expected, atol=1e-13)


def test_improvement_by_hand():
    assert improvement([[3.0, 1.0]], [[2.0, 1.0]]) == pytest.approx((1 + 1 + 0.5) / 4)
    assert improvement([[1.0], [5.0]], [[1.0], [2.0]]) == 0.75


def test_improvement_says_nothing_about_how_much_and_means_do():
    """Better in two of three lanes by a hair, and worse by far in the last."""
    first, second = [[2.1, 2.1, -90.0]], [[2.0, 2.0, 2.0]]
    assert improvement(first, second) == pytest.approx(2 / 3)
    assert np.mean(first) < np.mean(second)


def test_improvement_over_others_is_the_mean_of_pairs():
    scores = np.random.default_rng(5).integers(0, 4, (6, 4, 5)).astype(float)
    expected = [
        np.mean([improvement(scores[:, a], scores[:, b]) for b in range(4) if b != a])
        for a in range(4)
    ]
    np.testing.assert_allclose(improvement_over_others(scores), expected, atol=1e-13)
    assert np.mean(expected) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: expected_evaluations([], []), "one lane at least"),
        (lambda: expected_evaluations([1.0, 2.0], [True]), r"\(2,\) and reached \(1,\)"),
        (lambda: expected_evaluations([INF], [False]), "inf, expected finite"),
        (lambda: simulated_runs([NAN], [True], 3, np.random.default_rng(0)), "nan, expected"),
        (lambda: par10([1.0], [True], 0.0), "budgets 0"),
        (lambda: interquartile_mean([]), "0 scores"),
        (lambda: interquartile_mean([1.0, NAN]), "1 of them NaN"),
        (lambda: improvement([[1.0]], [[1.0], [2.0]]), "of the same"),
        (lambda: improvement([[NAN]], [[1.0]]), "NaN"),
        (lambda: improvement_over_others(np.ones((2, 1, 3))), "optimizers >= 2"),
        (lambda: convergence_areas(5.0, 1.0), "2 evaluations"),
        (lambda: convergence_areas(50.0, 10.0), "between 1 and 10"),
        (lambda: log_areas(NAN, 10.0), "between 0 and"),
    ],
)
def test_wrong_input_is_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()
