"""Records: a log-spaced grid of evaluations, and the steps that are looked at for it."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import optbench
from optbench.lanes.records import (
    NET_RECORDS,
    RECORDS,
    record_evaluations,
    record_steps,
    records_of,
    steps_at,
)


@pytest.mark.parametrize("count", [NET_RECORDS, RECORDS])
def test_records_are_log_spaced_evaluations_with_both_ends(count):
    grid = record_evaluations(10**6, count)
    assert grid[0] == 0 and grid[-1] == 10**6 and 0.75 * count <= len(grid) <= count
    ratios = grid[2:] / grid[1:-1]
    apart = 10 ** (6 / (count - 2))
    wide = grid[1:-1] > 20  # below that rounding to whole numbers shows
    np.testing.assert_allclose(ratios[wide], apart, rtol=0.05)


@given(budget=st.integers(1, 10**9), count=st.integers(1, 200))
def test_records_rise_and_begin_and_end_with_the_lane(budget, count):
    grid = record_evaluations(budget, count)
    assert grid[0] == 0 and grid[-1] == budget and (np.diff(grid) > 0).all()
    assert len(grid) <= max(count, 3)
    np.testing.assert_array_equal(record_steps(budget, count), grid)


@given(
    evaluations=st.integers(0, 10**7),
    full=st.integers(1, 100_000),
    batch=st.integers(1, 4096),
    gradients=st.sampled_from([1, 2]),
)
def test_a_record_takes_the_last_point_that_costs_no_more(evaluations, full, batch, gradients):
    cost = gradients * Fraction(full, batch)
    (step,) = steps_at([evaluations], gradients * (full / batch))
    assert step * cost <= evaluations < (step + 1) * cost


def test_sam_and_full_batches_are_seen_at_the_evaluations_of_all_others():
    grid = record_evaluations(1000, 10)
    np.testing.assert_array_equal(steps_at(grid, 1), grid)
    np.testing.assert_array_equal(steps_at(grid, 2), grid // 2)
    np.testing.assert_array_equal(steps_at(grid, 12.5), (2 * grid) // 25)


def test_nets_are_recorded_at_about_20_steps_and_surfaces_at_64():
    net = optbench.minimize("sgd", "xor_sigmoid", steps=500, lr=0.1)
    surface = optbench.minimize("gd", "sphere", steps=500, lr=0.1)
    np.testing.assert_array_equal(net.records.steps, record_steps(500, 20))
    np.testing.assert_array_equal(surface.records.steps, record_steps(500, 64))
    assert net.records.metrics.shape[1] == len(net.records.steps) <= 20
    assert (records_of("net"), records_of("data")) == (20, 64)
