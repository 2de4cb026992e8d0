"""Nested resampling: against plain loops, by hand, and how often its intervals cover."""

import numpy as np
import pytest
from scipy import stats

from optbench.report.comparing import nested
from optbench.report.comparing.comparisons import comparison_frame
from optbench.report.comparing.trials_at_hand import trials_at_hand
from optbench.report.statistics.intervals import expanded_tail
from optbench.report.statistics.resampling import RESAMPLES, draw_counts
from optbench.study.objective import choose, log_objectives
from tests.report.comparing.lanes import drawn, lane_costs, pair_lanes

GRID = 100.0 * 1.3 ** np.abs(np.arange(9) - 4)
REPEATS = 150


@pytest.mark.parametrize(("on_grid", "missing"), [(True, np.exp(-1)), (False, 0.5)])
def test_a_trial_is_missing_by_its_number_whatever_others_there_are(on_grid, missing):
    there = trials_at_hand("bowl", np.array([0, 1, 2, 3, 4, -1]), on_grid)
    assert not there[:, -1].any() and there.any(axis=1).all()
    some = trials_at_hand("bowl", np.array([4, 2, 90]), on_grid)
    both = (some.sum(axis=1) < 3) & (there.sum(axis=1) < 5)  # where none was left, all are there
    assert np.array_equal(some[both, 1], there[both, 2])
    many = trials_at_hand("bowl", np.arange(50), on_grid)
    assert many.mean() == pytest.approx(1 - missing, abs=0.01)


def test_the_share_of_halves_in_which_one_of_two_equal_rules_leads_is_uniform():
    there = trials_at_hand("bowl", np.arange(40), on_grid=False)
    first = there.argmax(axis=1)  # trials by ascending cost: the best one that is there
    rng = np.random.default_rng(0)
    of_a = rng.random((4000, 40)) < 0.5
    shares = of_a[:, first].mean(axis=1)
    assert stats.kstest(shares, "uniform").statistic < 0.05
    tail = expanded_tail(20)
    beyond = np.mean((shares <= tail) | (shares >= 1 - tail))
    assert beyond <= 0.05


def test_choices_and_objectives_are_those_of_a_plain_loop():
    lanes = drawn(np.random.default_rng(0), "a", GRID, failing=0.4)
    of_tuning = draw_counts(lanes.label, "tuning", lanes.tuning_instance)
    of_scoring = draw_counts(lanes.label, "scoring", lanes.instance)
    there = trials_at_hand(lanes.label, lanes.number, lanes.on_grid)
    positions = nested.chosen_positions(lanes)
    resampled = nested.objectives(lanes, positions, "evaluations")
    for b in range(0, RESAMPLES, 25):
        draws = np.repeat(np.arange(10), of_tuning[b].astype(int))
        trials = np.flatnonzero(there[b])
        best = choose("evaluations", lanes.tuning.at(draws, trials), lanes.number[trials], True)[0]
        assert positions[b] == trials[best]
        draws = np.repeat(np.arange(20), of_scoring[b].astype(int))
        expected = log_objectives("evaluations", lanes.scoring.at(draws, trials[[best]]))[0]
        assert resampled.high[b] == resampled.low[b] == pytest.approx(expected)


def test_where_none_reached_there_is_a_lower_bound_alone():
    cost = np.full((20, 1), np.inf)
    cost[0] = 10.0
    lanes = pair_lanes("a", lane_costs(cost))
    own = nested.objectives(lanes, nested.chosen_positions(lanes), "evaluations")
    counts = draw_counts("bowl (d=2)", "scoring", 11 + np.arange(20))
    none = counts[:, 0] == 0
    assert 0.2 < none.mean() < 0.5
    assert np.isinf(own.high[none]).all() and own.low[none] == pytest.approx(np.log(20 * 1000))
    assert np.array_equal(own.low[~none], own.high[~none])


def coverage(medians, seed, **facts):
    """Return the share of nested intervals that hold the true ratio of two scaled rules."""
    rng, truth = np.random.default_rng(seed), 2.0
    lanes = [
        drawn(rng, name, factor * np.asarray(medians), label=f"bowl {i}", **facts)
        for i in range(REPEATS)
        for name, factor in [("a", truth), ("b", 1.0)]
    ]
    frame = comparison_frame(lanes)
    return np.mean((frame["nested_low"] <= truth) & (truth <= frame["nested_high"]))


@pytest.mark.soak
@pytest.mark.parametrize(
    ("medians", "spread", "scored", "least"),
    [
        ([100.0], 0.5, 20, 0.93), ([100.0], 0.5, 10, 0.91), ([100.0], 1.5, 20, 0.88),
        (GRID, 0.5, 20, 0.95), (GRID, 1.5, 10, 0.95),
    ],
)  # fmt: skip
def test_nested_intervals_cover(medians, spread, scored, least, seed):
    share = coverage(medians, seed, spread=spread, scored=scored)
    error = np.sqrt(least * (1 - least) / REPEATS)
    print(f"{len(medians)} trials, spread {spread}, {scored} lanes: {share:.1%}")
    assert share >= least - 3 * error


def test_a_wider_spread_and_fewer_lanes_make_wider_intervals():
    def width(**facts):
        rng = np.random.default_rng(3)
        pair = [drawn(rng, name, GRID, **facts) for name in "ab"]
        (row,) = comparison_frame(pair).itertuples()
        return np.log(row.nested_high / row.nested_low)

    assert width(spread=0.2) < width(spread=1.0)
    assert width(scored=80, tuned=80) < width(scored=8, tuned=8)
