"""One set of resamples: by instance, alike for all, and intervals of order statistics."""

import numpy as np
import pytest
from scipy import stats

from optbench.report.statistics.intervals import expanded_tail
from optbench.report.statistics.resampling import (
    RESAMPLES,
    draw_counts,
    halves_of,
    resampled_interval,
)


def test_draws_are_resampled_by_instance_and_alike_for_all():
    instances = np.repeat([11, 12, 13, 14], 3)
    counts = draw_counts("bowl", "scoring", instances)
    assert counts.shape == (RESAMPLES, 12) and (counts.sum(axis=1) == 12).all()
    assert np.array_equal(counts[:, ::3], counts[:, 2::3])
    assert np.array_equal(draw_counts("bowl", "scoring", instances + 10), counts)
    assert not np.array_equal(draw_counts("bowl", "tuning", instances), counts)
    assert not np.array_equal(draw_counts("valley", "scoring", instances), counts)


def test_seeds_in_any_order_meet_the_counts_of_their_instance():
    counts = draw_counts("bowl", "scoring", np.array([11, 12, 13]))
    mixed = draw_counts("bowl", "scoring", np.array([13, 11, 12, 13, 12, 11]))
    assert np.array_equal(mixed, counts[:, [2, 0, 1, 2, 1, 0]])


def test_how_often_an_instance_is_drawn_is_binomial():
    n = 7
    counts = draw_counts("bowl", "scoring", np.arange(n))[:, 0].astype(int)
    observed = np.bincount(counts, minlength=n + 1)
    expected = RESAMPLES * stats.binom.pmf(np.arange(n + 1), n, 1 / n)
    observed, expected = (np.append(own[:3], own[3:].sum()) for own in (observed, expected))
    assert stats.chisquare(observed, expected).pvalue > 1e-3


def test_the_interval_is_of_order_statistics_and_of_no_bound_where_there_is_none():
    ratios = np.random.default_rng(0).permutation(np.arange(RESAMPLES, dtype=float))
    k = int(RESAMPLES * expanded_tail(20))
    assert k == 7  # 1.6 % of 500
    assert resampled_interval(ratios, 20) == (k, RESAMPLES - 1 - k)
    assert resampled_interval(ratios, 20, upper=ratios + 1000) == (k, 1000 + RESAMPLES - 1 - k)
    unknown = np.where(ratios < 100, np.nan, ratios)
    assert resampled_interval(unknown, 20) == (-np.inf, np.inf)
    assert np.isnan(resampled_interval(ratios, 1)).all()


def test_of_the_mean_of_normal_values_it_is_students():
    n, rng = 20, np.random.default_rng(1)
    values = rng.standard_normal((n, 400))
    resampled = np.einsum("bn,nr->rb", draw_counts("normal", "scoring", np.arange(n)), values) / n
    low, high = resampled_interval(resampled, n)
    half = stats.t.ppf(0.975, n - 1) * values.std(axis=0, ddof=1) / np.sqrt(n)
    assert np.median((high - low) / (2 * half)) == pytest.approx(1.0, abs=0.06)


def test_halves_keep_the_seeds_of_an_instance_together():
    assert halves_of(np.array([11, 11, 14, 20])).tolist() == [[1, 1, 0, 1], [0, 0, 1, 0]]
    assert halves_of(np.array([11, 11])) is None
