"""Hits at records, by hand."""

import math

import numpy as np
import pytest

from optbench.lanes.record_hits import record_hits

EVALUATIONS = np.array([0, 10, 20, 40])


def hits(f, *goals, f_ref=0.0):
    values = np.array([f], float)
    goals = np.array([goals], float)
    return record_hits(EVALUATIONS, values, goals, np.array([f_ref])).tolist()[0]


def test_a_target_is_hit_where_all_later_records_meet_it():
    f = [100.0, 0.5, 50.0, 0.5]  # meets 1 by luck after 10 evaluations, for good between 20 and 40
    at = 20 + 20 * math.log(50.0 / 1.0) / math.log(50.0 / 0.5)
    assert hits(f, 1.0) == [math.ceil(at) + 1]


def test_the_logarithm_of_the_gap_falls_evenly_between_records():
    assert hits([1.0, 1e-2, 1e-4, 1e-6], 1e-1, 1e-3, 1e-5) == [6, 16, 31]


def test_a_reference_is_what_gaps_are_measured_from():
    assert hits([8.0, 7.01, 7.0001, 7.000001], 7.1, f_ref=7.0) == [6]


def test_met_at_the_start_is_evaluation_1_and_never_is_0():
    assert hits([1.0, 0.5, 0.25, 0.1], 2.0, 0.01, np.nan) == [1, 0, 0]


def test_a_lane_that_is_lost_at_the_end_has_reached_nothing():
    assert hits([1.0, 0.1, 0.01, np.inf], 0.5) == [0]
    assert hits([1.0, 0.1, 0.01, np.nan], 0.5) == [0]


@pytest.mark.parametrize("last", [0.0, -1e-9])
def test_a_gap_of_nothing_has_no_logarithm_and_is_met_all_the_same(last):
    (hit,) = hits([1.0, 1.0, 1.0, last], 1e-3)
    assert 21 <= hit <= 41


def test_lanes_and_targets_do_not_see_each_other():
    rng = np.random.default_rng(0)
    f = np.minimum.accumulate(rng.lognormal(0, 2, (50, 4)), axis=1)
    goals = rng.lognormal(-1, 1, (50, 3))
    zero = np.zeros(50)
    together = record_hits(EVALUATIONS, f, goals, zero)
    for lane in range(50):
        for m in range(3):
            alone = record_hits(
                EVALUATIONS, f[lane : lane + 1], goals[lane : lane + 1, m : m + 1], zero[:1]
            )
            assert alone[0, 0] == together[lane, m]
