"""Bands and curves against opda, simulation and what can be worked out by hand."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from opda import nonparametric
from opda.nonparametric import EmpiricalDistribution

from optbench.report.tuning.bands import distribution_band, simultaneous_probability
from optbench.report.tuning.best_of_k import BEYOND, BestOfK, best_of_k
from optbench.report.tuning.tuning_curves import tuning_curve

LEVEL = 0.95


def opda_bands(monkeypatch, scores):
    """Return opda's distributions, given our weights in place of its simulated ones."""
    band = distribution_band(len(scores), LEVEL)
    monkeypatch.setattr(nonparametric, "_ld_band_weights", lambda *args, **options: band)
    return EmpiricalDistribution.confidence_bands(scores, LEVEL, method="ld_equal_tailed", n_jobs=1)


def test_one_interval_holds_with_its_own_probability():
    assert simultaneous_probability(np.array([0.2]), np.array([0.7])) == pytest.approx(0.5)
    low, high = distribution_band(1, LEVEL)
    np.testing.assert_allclose([low, high], [[0.0, 0.025], [0.975, 1.0]], rtol=1e-12)


def test_two_draws_by_hand():
    # min in [0.1, 0.6] and max in [0.3, 0.9]: both in [0.1, 0.9], one at most 0.6, one at least 0.3
    inside, above, below = 0.8**2, 0.3**2, 0.2**2
    value = simultaneous_probability(np.array([0.1, 0.3]), np.array([0.6, 0.9]))
    assert value == pytest.approx(inside - above - below, rel=1e-12)


@pytest.mark.parametrize("n", [2, 5, 31, 200])
def test_all_of_a_band_holds_as_often_as_it_says(n):
    low, high = distribution_band(n, LEVEL)
    draws = np.sort(np.random.default_rng(n).random((20_000, n)), axis=1)
    share = ((draws >= low[1:]) & (draws <= high[:-1])).all(axis=1).mean()
    assert abs(share - LEVEL) < 4 * math.sqrt(LEVEL * (1 - LEVEL) / 20_000)


@given(n=st.integers(1, 12), seed=st.integers(0, 1000))
def test_the_probability_of_nested_intervals_grows(n, seed):
    random = np.random.default_rng(seed)
    low, high = np.sort(np.sort(random.random((2, n)), axis=1), axis=0)
    wide = simultaneous_probability(low / 2, (1 + high) / 2)
    assert 0.0 <= simultaneous_probability(low, high) <= wide <= 1.0 + 1e-12
    assert simultaneous_probability(np.zeros(n), np.ones(n)) == pytest.approx(1.0, rel=1e-12)


def test_what_cannot_hold_has_no_probability():
    assert simultaneous_probability(np.array([0.5, 0.6]), np.array([0.55, 0.55])) == 0.0


@pytest.mark.parametrize(("n", "level"), [(0, 0.9), (-1, 0.9), (3, 0.0), (3, 1.0)])
def test_without_trials_or_level_there_is_no_band(n, level):
    with pytest.raises(ValueError, match="a band needs trials and a level"):
        distribution_band(n, level)


def test_opda_simulates_the_same_band():
    stored = json.loads((Path(__file__).parents[2] / "oracles" / "tuning.json").read_text())
    for n, (low, high) in stored["bands"].items():
        # 100,000 samples leave a twentieth of the 5 % open, which moves ends by 2 % of an interval.
        own_low, own_high = distribution_band(int(n), LEVEL)
        width = np.maximum(own_high - own_low, 1e-3)
        assert (np.abs(own_low - low) < 0.02 * width).all()
        assert (np.abs(own_high - high) < 0.02 * width).all()


@pytest.mark.parametrize("n", [1, 2, 7, 31, 101])
def test_curves_of_scores_that_tuning_saw_are_those_of_opda(n, monkeypatch):
    scores = np.random.default_rng(n).lognormal(size=n)
    lower, point, upper = opda_bands(monkeypatch, scores)
    best = best_of_k(n, LEVEL)
    curve = tuning_curve(np.sort(scores), best)
    for own, theirs in zip(curve, (point, upper, lower), strict=True):
        expected = theirs.quantile_tuning_curve(best.trials, minimize=True)
        np.testing.assert_allclose(own, expected, rtol=1e-12)


@pytest.mark.parametrize("n", [12, 20, 100])
def test_half_is_reached_where_half_of_an_even_number_is(n):
    # The median of one draw is the n / 2-th: opda adds 1 / n up, and takes the next by rounding.
    assert best_of_k(n, LEVEL).place[0] == n // 2 - 1


def test_the_median_best_of_four_by_hand():
    # F(y) = 1 - (1/2)^(1/k) is 0.5, 0.293, 0.206, 0.159: the 2nd, 2nd, 1st and 1st of four.
    best = best_of_k(4, LEVEL)
    assert best.trials.tolist() == [1, 2, 3, 4]
    assert best.place.tolist() == [1, 1, 0, 0]
    low, high = distribution_band(4, LEVEL)
    assert low[4] < 0.5 < high[0]  # so that four trials bound no median
    assert best.low.tolist() == [BEYOND] * 4 and best.high[0] == 4


@pytest.mark.parametrize("n", [1, 5, 31, 500])
def test_more_trials_are_never_worse(n):
    best = best_of_k(n, LEVEL)
    assert best.trials[0] == 1 and best.trials[-1] == n
    for places in (best.place, best.low, best.high):
        assert (np.diff(places) <= 0).all()
    assert (best.low <= best.place).all() and (best.place <= best.high).all()


def test_the_curve_shows_other_lanes_than_those_that_chose():
    places = ([1, 2, 3], [2, 1, 0], [1, 0, BEYOND], [4, 3, 1])
    best = BestOfK(*map(np.array, places))
    score, low, high = tuning_curve(np.array([3.0, 1.0, 2.0, math.inf]), best)
    assert score.tolist() == [2.0, 1.0, 3.0]  # the best by tuning scores 3 elsewhere
    assert low.tolist() == [1.0, 1.0, -math.inf]
    assert high.tolist() == [math.inf, math.inf, 3.0]


@pytest.mark.parametrize("shift", [0.0, 2.0])
def test_the_band_holds_at_all_numbers_of_trials_at_once(shift):
    """Simulated: the median best of k exponential draws is ln 2 / k."""
    n, runs, held = 12, 2000, 0
    best = best_of_k(n, LEVEL)
    truth = math.log(2) / best.trials * (1 + shift)
    random = np.random.default_rng(7)
    for _ in range(runs):
        _, low, high = tuning_curve(np.sort(random.exponential(size=n)), best)
        held += bool(((low <= truth) & (truth <= high)).all())
    if shift:  # a wrong curve is outside more often
        assert held / runs < 0.9
    else:
        assert held / runs > LEVEL - 4 * math.sqrt(0.05 * 0.95 / runs)


@pytest.mark.conformance
def test_the_stored_bands_are_what_opda_simulates_now():
    random = np.random.default_rng(11)
    low, high = nonparametric._ld_band_weights(20, LEVEL, "equal_tailed", random, n_jobs=1)
    own_low, own_high = distribution_band(20, LEVEL)
    assert np.abs(own_low - low).max() < 0.005 and np.abs(own_high - high).max() < 0.005
