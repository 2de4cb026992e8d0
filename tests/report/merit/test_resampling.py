"""Keyed resamples: the same for all, uniform, and complete in every stratum."""

import math

import numpy as np
import pytest
from scipy import stats

from optbench.report.merit.resampling import (
    bca_interval,
    counts_of,
    generator,
    percentile_interval,
)


def test_draws_depend_on_names_alone():
    first = generator("a", "problem").random(5)
    np.testing.assert_array_equal(first, generator("a", "problem").random(5))
    assert not (first == generator("ap", "roblem").random(5)).any()
    assert generator("a").random() == pytest.approx(0.16441050396696144, abs=0)  # on any machine


def test_every_resample_has_as_many_lanes_of_each_problem_as_there_are():
    lanes = np.array([3, 7, 1])
    counts = counts_of(generator("counts"), lanes, 4000)
    np.testing.assert_array_equal(counts.sum(axis=2), np.tile(lanes, (4000, 1)))
    assert (counts[:, 0, 3:] == 0).all() and (counts[:, 2, 0] == 1).all()
    observed = np.bincount(counts[:, 1, 0], minlength=8)[:5]
    expected = 4000 * stats.binom.pmf(np.arange(5), 7, 1 / 7)
    assert stats.chi2.sf(np.sum((observed - expected) ** 2 / expected), 4) > 1e-3


def test_intervals_of_lanes_that_are_all_alike_are_a_point():
    same = np.full(50, 2.0)
    for ends in (percentile_interval(same), bca_interval(np.array(2.0), same, [np.full(5, 2.0)])):
        assert [float(end) for end in ends] == [2.0, 2.0]


def test_intervals_reach_infinity_where_resamples_do():
    values = np.concatenate([np.arange(90.0), np.full(10, math.inf)])
    low, high = percentile_interval(values)
    assert low == pytest.approx(2.475) and high == math.inf
    low, high = percentile_interval(np.full(10, math.inf))
    assert low == high == math.inf


def test_bca_moves_towards_the_long_tail():
    """Of a skewed sample both ends lie higher than those of percentiles (Efron 1987)."""
    sample = np.random.default_rng(0).lognormal(0, 1, 40)
    counts = counts_of(generator("skew"), np.array([40]), 4000)[:, 0]
    left_out = [(sample.sum() - sample) / 39]
    bca = bca_interval(np.array(sample.mean()), counts @ sample / 40, left_out)
    plain = percentile_interval(counts @ sample / 40)
    assert bca[0] > plain[0] and bca[1] > plain[1]
