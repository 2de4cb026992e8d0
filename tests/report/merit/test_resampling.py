"""Keyed resamples: the same for all, uniform, and complete in every stratum."""

import math

import numpy as np
import pytest

from optbench.report.merit.resampling import (
    bca_interval,
    counts_by_problem,
    percentile_interval,
)


def test_every_resample_has_as_many_lanes_of_each_problem_as_there_are():
    instances = [np.arange(3), np.repeat(np.arange(4), 2), np.arange(1)]
    counts = counts_by_problem(["bowl", "valley", "saddle"], instances)
    np.testing.assert_array_equal(counts.sum(axis=2), np.tile([3, 8, 1], (len(counts), 1)))
    assert (counts[:, 0, 3:] == 0).all() and (counts[:, 2, 0] == 1).all()
    np.testing.assert_array_equal(counts[:, 1, ::2], counts[:, 1, 1::2])
    alone = counts_by_problem(["valley"], instances[1:2])
    np.testing.assert_array_equal(counts[:, 1], alone[:, 0])


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
    rng = np.random.default_rng(0)
    sample = rng.lognormal(0, 1, 40)
    counts = rng.multinomial(40, np.full(40, 1 / 40), 4000)
    left_out = [(sample.sum() - sample) / 39]
    bca = bca_interval(np.array(sample.mean()), counts @ sample / 40, left_out)
    plain = percentile_interval(counts @ sample / 40)
    assert bca[0] > plain[0] and bca[1] > plain[1]
