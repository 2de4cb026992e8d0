"""Friedman's test, Nemenyi's difference, and orders that hang on one family."""

import math

import numpy as np
import pytest
from scipy import stats

from optbench.report.merit.families import Swap, swaps
from optbench.report.merit.ranks import friedman, ranks
from optbench.report.merit.studentized_range import upper_point

INF = math.inf


def test_ranks_and_the_statistic_by_hand():
    """Ten blocks, always the same order: mean ranks 1 2 3, so 12 N / 12 x (1 + 0 + 1) = 2 N."""
    values = np.tile([1.0, 2.0, INF], (10, 1))
    np.testing.assert_array_equal(ranks(values), np.tile([1, 2, 3], (10, 1)))
    test = friedman(values)
    assert test.statistic == pytest.approx(20.0) and test.p == pytest.approx(math.exp(-10))


@pytest.mark.parametrize("seed", range(5))
def test_ranks_are_scipys(seed):
    rng = np.random.default_rng(seed)
    values = rng.integers(0, 4, (7, 1 + 3 * seed)).astype(float)
    values[rng.random(values.shape) < 0.2] = INF
    values[0, 0] = math.nan
    np.testing.assert_array_equal(ranks(values), stats.rankdata(values, axis=1))


@pytest.mark.parametrize("k", [2, 3, 10, 51, 200])
def test_points_of_the_studentized_range_are_scipys(k):
    for level in (0.05, 0.01):
        expected = stats.studentized_range.isf(level, k, INF)
        assert upper_point(level, k) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(("k", "q"), [(3, 2.343), (5, 2.728), (10, 3.164)])
def test_the_critical_difference_is_that_of_published_tables(k, q):
    """Demšar 2006, table 5 (a), Nemenyi at 5 %."""
    values = np.random.default_rng(k).random((14, k))
    assert friedman(values).difference == pytest.approx(q * math.sqrt(k * (k + 1) / 84), abs=2e-3)


def test_ties_are_corrected_for_as_scipy_does():
    values = np.random.default_rng(1).integers(0, 3, (15, 4)).astype(float)
    expected = stats.friedmanchisquare(*values.T)
    np.testing.assert_allclose(friedman(values)[:2], expected, rtol=1e-12)


def test_the_share_of_significant_tests_of_equals_is_the_level():
    rng = np.random.default_rng(2)
    share = np.mean([friedman(rng.random((12, 4))).p < 0.05 for _ in range(400)])
    assert abs(share - 0.05) < 4 * math.sqrt(0.05 * 0.95 / 400)


def test_ranks_prefer_who_is_mostly_better_and_the_median_does_not():
    values = np.array(
        [[1.0, 2.0, 9.0]] * 5 + [[200.0, 100.0, 1.0]] * 4 + [[101.0, 102.0, 103.0]] * 2
    )
    first, second, _ = ranks(values).mean(axis=0)
    assert first < second and np.median(values[:, 0]) > np.median(values[:, 1])


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (np.ones((9, 3)), "blocks >= 10"),
        (np.ones((10, 2)), "optimizers >= 3"),
        (np.full((10, 3), math.nan), "NaN"),
        (np.ones((10, 3)), "nothing to test"),
    ],
)
def test_what_cannot_be_tested_is_said(values, words):
    with pytest.raises(ValueError, match=words):
        friedman(values)


SCORES = np.array([[1.0, 0.0], [1.0, 0.0], [1.0, 0.0], [0.0, 0.8], [0.0, 0.8]])
FAMILIES = ["bowls", "bowls", "bowls", "valleys", "valleys"]


def means(scores):
    return lambda choices: np.array([scores[own].mean(axis=0) for own in choices])


def test_an_order_that_hangs_on_one_family_is_named():
    """The first is ahead, 0.6 : 0.32, by its family alone; medians would not tell."""
    assert swaps(means(SCORES), FAMILIES) == [Swap("bowls", 0, 1)]
    assert swaps(means(SCORES[:, ::-1]), FAMILIES) == [Swap("bowls", 1, 0)]


def test_orders_that_all_families_agree_on_do_not_change():
    assert swaps(means(np.array([[1.0, 0.0]] * 4)), ["a", "b", "b", "c"]) == []


def test_ties_are_no_order():
    assert swaps(means(np.array([[1.0, 0.0], [0.0, 1.0]])), ["a", "b"]) == []
    assert swaps(means(np.array([[1.0, 0.0], [0.5, 0.5]])), ["a", "b"]) == []


def test_one_family_cannot_be_left_out():
    with pytest.raises(ValueError, match="two at least"):
        swaps(means(SCORES), ["bowls"] * 5)
