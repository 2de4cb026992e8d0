"""Profiles of costs over problems: by hand, with failures, and where medians say otherwise."""

import math

import numpy as np
import pytest

from optbench.report.merit.data_profiles import simplex_gradients
from optbench.report.merit.log_ratios import BEYOND, log_ratio_profile
from optbench.report.merit.performance import algoperf_scores, log_areas, performance_ratios
from optbench.report.merit.steps import shares, steps

INF, NAN = math.inf, math.nan
COSTS = np.array([[10.0, 20.0], [30.0, 15.0], [40.0, 40.0], [5.0, INF], [INF, INF]])
"""Five problems, two optimizers: ratios 1 2, 2 1, 1 1, 1 -, - -."""


def test_ratios_and_profiles_by_hand():
    ratios = performance_ratios(COSTS)
    np.testing.assert_equal(ratios, [[1, 2], [2, 1], [1, 1], [1, INF], [INF, INF]])
    at = np.array([0.5, 1.0, 1.9, 2.0, 1e9])
    np.testing.assert_array_equal(
        shares(ratios, at).T, [[0, 0.6, 0.6, 0.8, 0.8], [0, 0.4, 0.4, 0.6, 0.6]]
    )
    np.testing.assert_equal(steps(ratios[:, 1]), ([1.0, 2.0], [0.4, 0.6]))


def test_areas_by_hand():
    """A problem at ratio 1 counts whole, at 2 two thirds (in the logarithm a half)."""
    ratios = performance_ratios(COSTS)
    np.testing.assert_allclose(algoperf_scores(ratios), [(3 + 2 / 3) / 5, (2 + 2 / 3) / 5])
    np.testing.assert_allclose(log_areas(ratios), [3.5 / 5, 2.5 / 5])
    np.testing.assert_allclose(algoperf_scores(np.array([[4.0], [5.0], [INF]])), [0.0])


def test_areas_are_the_integrals_of_the_profile():
    ratios = performance_ratios(np.random.default_rng(0).lognormal(3, 1, (40, 3)))
    tau = np.linspace(1, 4, 300_001)
    profile = shares(ratios, tau)
    np.testing.assert_allclose(
        algoperf_scores(ratios), np.trapezoid(profile, tau, axis=0) / 3, atol=2e-5
    )
    logs = np.trapezoid(profile, np.log(tau), axis=0) / math.log(4)
    np.testing.assert_allclose(log_areas(ratios), logs, atol=2e-5)


def test_the_profile_prefers_who_is_never_far_behind_and_the_median_does_not():
    """The first one is a little faster on most problems, and fails on the others."""
    costs = np.array([[95.0, 100.0]] * 6 + [[INF, 100.0]] * 4)
    assert np.median(costs, axis=0)[0] < np.median(costs, axis=0)[1]
    first, second = algoperf_scores(performance_ratios(costs))
    assert first == pytest.approx(0.6) and second > 0.98


def test_what_was_not_run_counts_for_nothing_and_a_failure_counts():
    """The first problem is the second one's worst: without it, it has 2 of 4, not of 5."""
    missing, failed = COSTS.copy(), COSTS.copy()
    missing[0, 1], failed[0, 1] = NAN, INF
    ratios = performance_ratios(missing)
    np.testing.assert_equal(ratios[:2], [[1.0, NAN], [2.0, 1.0]])
    np.testing.assert_allclose(algoperf_scores(ratios), [(3 + 2 / 3) / 5, 2 / 4])
    np.testing.assert_allclose(algoperf_scores(performance_ratios(failed))[1], 2 / 5)
    np.testing.assert_equal(steps(ratios[:, 1]), ([1.0], [0.5]))
    assert math.isnan(simplex_gradients(missing, [2] * 5)[0, 1])
    np.testing.assert_allclose(log_ratio_profile(*missing.T), [-BEYOND, -BEYOND, 0, 1, BEYOND])


def test_an_optimizer_that_was_run_nowhere_has_no_profile():
    ratios = performance_ratios([[1.0, NAN], [3.0, NAN]])
    assert algoperf_scores(ratios)[0] == 1.0 and math.isnan(algoperf_scores(ratios)[1])
    assert np.isnan(shares(ratios, np.array([2.0]))[0, 1]) and len(steps(ratios[:, 1])[0]) == 0


def test_all_failed_and_one_optimizer_have_profiles():
    nothing = performance_ratios(np.full((3, 2), INF))
    assert (nothing == INF).all() and algoperf_scores(nothing).tolist() == [0.0, 0.0]
    assert [len(part) for part in steps(nothing[:, 0])] == [0, 0]
    assert algoperf_scores(performance_ratios([[7.0], [INF]])).tolist() == [0.5]


def test_data_profiles_by_hand():
    """(9 + 1) evaluations are a simplex gradient in 9 dimensions."""
    groups = simplex_gradients([[20.0, INF], [30.0, 60.0]], [9, 29])
    np.testing.assert_equal(groups, [[2.0, INF], [1.0, 2.0]])
    np.testing.assert_equal(steps(groups[:, 0]), ([1.0, 2.0], [0.5, 1.0]))


def test_data_profiles_depend_on_no_other_optimizer_and_performance_profiles_do():
    """With a third one that is fast where the second is, the first overtakes the second."""
    two = np.array([[100.0, 10.0], [100.0, 10.0], [10.0, 30.0]])
    three = np.column_stack([two, [1.0, 1.0, 1e9]])
    before, after = (algoperf_scores(performance_ratios(costs)) for costs in (two, three))
    assert before[0] < before[1] and after[0] > after[1]
    alone, together = (simplex_gradients(costs, [1, 1, 1])[:, :2] for costs in (two, three))
    np.testing.assert_array_equal(alone, together)


def test_log_ratios_by_hand():
    profile = log_ratio_profile(COSTS[:, 0], COSTS[:, 1])
    np.testing.assert_allclose(profile, [-BEYOND, -BEYOND, -1, 0, 1, BEYOND])
    np.testing.assert_allclose(log_ratio_profile(COSTS[:, 1], COSTS[:, 0]), -profile[::-1])


def test_failures_have_a_side_where_all_ratios_are_one():
    profile = log_ratio_profile([5.0, 5.0], [5.0, INF])
    assert profile[1] == 0.0 and profile[0] < 0.0


def test_log_ratios_show_a_few_large_losses_that_the_median_hides():
    a, b = np.array([90.0] * 5 + [800.0] * 4), np.full(9, 100.0)
    profile = log_ratio_profile(a, b)
    assert np.median(a) < np.median(b) and profile.mean() > 0


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: performance_ratios([1.0, 2.0]), "problems >= 1, optimizers >= 1"),
        (lambda: performance_ratios(np.zeros((0, 2))), r"\(0, 2\)"),
        (lambda: performance_ratios([[1.0, 0.0]]), "0 at problem 0, optimizer 1"),
        (lambda: simplex_gradients([[1.0]], [0]), "1 numbers >= 1"),
        (lambda: simplex_gradients([[1.0]], [1, 2]), "one a problem"),
        (lambda: log_ratio_profile([1.0], [1.0, 2.0]), "1 and 2 problems"),
    ],
)  # fmt: skip
def test_wrong_input_is_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()
