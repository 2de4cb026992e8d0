"""Intervals against SciPy, published values and simulated coverage."""

import math

import numpy as np
import pytest
from scipy import stats

from optbench.report.statistics.intervals import (
    attained_level,
    median,
    median_interval,
    median_intervals,
    medians,
    over_lanes,
    quartiles,
    wilson_intervals,
)


@pytest.mark.parametrize("n", [6, 8, 10, 16, 20, 25, 50])
def test_the_median_interval_is_the_narrowest_that_covers(n):
    values = np.arange(1.0, n + 1)
    middle, low, high = median_interval(np.random.default_rng(0).permutation(values))
    k = int(low)
    assert middle == (n + 1) / 2 and high == n + 1 - k
    assert 1 - 2 * stats.binom.cdf(k - 1, n, 0.5) >= 0.95
    assert 1 - 2 * stats.binom.cdf(k, n, 0.5) < 0.95


@pytest.mark.parametrize(("n", "k"), [(8, 1), (10, 2), (16, 4), (20, 6)])
def test_published_order_statistics(n, k):
    """Conover 1999, table A3 (binomial, p = 1/2)."""
    assert median_interval(np.arange(1.0, n + 1))[1] == k


@pytest.mark.parametrize("n", [6, 7, 10, 19, 20, 31, 200])
@pytest.mark.parametrize("level", [0.5, 0.95, 0.99])
def test_the_attained_level_is_what_the_binomial_distribution_says(n, level):
    attained = attained_level(n, level)
    if math.isnan(attained):
        assert 1 - 2 * 0.5**n < level
        return
    k = int(median_interval(np.arange(1.0, n + 1), level)[1])
    expected = stats.binom.cdf(n - k, n, 0.5) - stats.binom.cdf(k - 1, n, 0.5)
    assert attained == pytest.approx(expected, abs=1e-13) and attained >= level


def test_published_levels():
    """Conover 1999, table A3: 10 values leave 0.0107 on either side, 20 leave 0.0207."""
    assert attained_level(10) == pytest.approx(1 - 2 * 0.0107, abs=1e-4)
    assert attained_level(20) == pytest.approx(1 - 2 * 0.0207, abs=1e-4)


@pytest.mark.parametrize("n", range(6))
def test_below_six_values_there_is_no_interval(n):
    """The extremes of five cover the median in 15 of 16 samples, and would be called 95 %."""
    middle, low, high = median_interval(np.arange(float(n)))
    assert math.isnan(low) and math.isnan(high) and math.isnan(attained_level(n))
    assert middle == (n - 1) / 2 if n else math.isnan(middle)


def test_an_interval_of_less_needs_fewer_values():
    assert median_interval([1.0, 2.0, 3.0], 0.75) == (2.0, 1.0, 3.0)
    assert attained_level(3, 0.75) == 0.75 and math.isnan(attained_level(3, 0.76))


def test_failures_are_values():
    assert median_interval([1.0, 2.0, 3.0, *[math.inf] * 3])[1:] == (1.0, math.inf)
    assert median_interval([1.0, *[math.inf] * 5]) == (math.inf, 1.0, math.inf)


@pytest.mark.parametrize(("hits", "n"), [(0, 16), (3, 16), (16, 16), (5, 10)])
def test_wilson_equals_scipy(hits, n):
    expected = stats.binomtest(hits, n).proportion_ci(method="wilson")
    share, low, high = wilson_intervals(hits, n)
    assert share == hits / n
    assert (low, high) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_medians_take_infinities_for_values_and_large_numbers_for_finite():
    assert math.isnan(median([]))
    assert median([3.0, 1.0, 2.0]) == 2.0 and median([4.0, 1.0]) == 2.5
    assert median([1.0, math.inf]) == math.inf and median([-math.inf, 1.0]) == -math.inf
    assert median([1.5e308, 1.7e308]) == 1.6e308
    with np.errstate(all="raise"):
        assert math.isnan(median([-math.inf, math.inf]))
    assert median([1.0, 2.0, math.nan]) == 2.0 and math.isnan(median([1.0, math.nan]))


def test_quartiles_are_order_statistics_and_the_median_averages_the_middle():
    low, middle, high = quartiles(np.array([[7.0, 1.0, 5.0, 3.0, 2.0, 4.0, 8.0, 6.0]]))
    assert (low[0], middle[0], high[0]) == (2.0, 4.5, 7.0)


@pytest.mark.parametrize(
    ("lanes", "expected"),
    [
        ([1, 2, 3, math.inf], (1, 2.5, math.inf)),
        ([1, 2, math.inf, math.inf], (1, math.inf, math.inf)),
        ([math.inf] * 4, (math.inf,) * 3),
        ([5.0], (5.0, 5.0, 5.0)),
    ],
)
def test_quartiles_treat_infinity_as_the_largest_value(lanes, expected):
    with np.errstate(all="raise"):
        points = quartiles(np.array([lanes], dtype=float))
    assert tuple(float(part[0]) for part in points) == expected


def test_quartiles_of_a_row_with_nan_are_nan():
    assert all(math.isnan(part[0]) for part in quartiles(np.array([[1.0, math.nan]])))


@pytest.mark.parametrize("n", [1, 2, 5, 8, 21])
def test_many_groups_at_once_give_what_each_gives_by_itself(n):
    rng = np.random.default_rng(n)
    values = rng.normal(size=(6, 4, n))
    values[rng.random(values.shape) < 0.2] = np.inf
    values[0, 0] = -np.inf
    middle, low, high = median_intervals(values)
    for group in np.ndindex(6, 4):
        expected = median_interval(values[group].tolist())
        np.testing.assert_equal((middle[group], low[group], high[group]), expected)
        assert medians(values)[group] == median(values[group])
        if np.isfinite(values[group]).all():
            assert middle[group] == pytest.approx(np.median(values[group]))
    counts = rng.integers(0, n + 1, 9)
    columns = np.transpose(wilson_intervals(counts.astype(float), np.full(9, float(n))))
    np.testing.assert_equal(columns, [wilson_intervals(int(count), n) for count in counts])


def test_no_lanes_have_no_share_and_no_median():
    share, low, high = wilson_intervals(np.zeros(2), np.array([0.0, 4.0]))
    assert np.isnan([share[0], low[0], high[0]]).all() and share[1] == low[1] == 0.0
    assert np.isnan(medians(np.zeros((3, 0)))).all()


def test_groups_of_several_sizes_come_back_in_their_places():
    groups = [np.arange(n, dtype=float) for n in (3, 1, 0, 3, 2)]
    np.testing.assert_equal(over_lanes(medians, groups), [1.0, 0.0, np.nan, 1.0, 0.5])
    low = over_lanes(median_intervals, groups)[1]
    np.testing.assert_equal(low, [np.nan] * 5)
    low = over_lanes(median_intervals, [np.arange(n, dtype=float) for n in (6, 2, 6)])[1]
    np.testing.assert_equal(low, [0.0, np.nan, 0.0])
