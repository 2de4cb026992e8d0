"""Intervals cover as often as they say: on skewed, bimodal and heavy-tailed gaps, with failures.

`make soak` draws other samples every time. ``pytest -s`` shows the table of what was covered.
"""

import numpy as np
import pytest
from scipy import stats

from optbench.report.statistics.intervals import (
    attained_level,
    median_intervals,
    wilson_intervals,
)
from tests.report.coverage import REPEATS, share_of, simulate
from tests.report.gap_distributions import KINDS

LANES = (10, 20)
FAILURES = (0.0, 0.1, 0.3, 0.6)
"""Share of the lanes that fail; with 0.6 the median itself is a failure."""


def ends(samples):
    return median_intervals(samples)[1:]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.soak
def test_intervals_of_the_median_cover_it(kind, seed):
    for failures in FAILURES:
        gaps = KINDS[kind](failures)
        for n in LANES:
            covered = simulate(ends, gaps.median, gaps.draw, n, REPEATS, seed)
            print(f"{kind:10s} {failures:4.0%} fail  n = {n}  covered {covered}")
            assert covered.at_least(0.95)
            if np.isfinite(gaps.median):  # no two finite gaps are equal: the level is exact
                assert covered.at_most(attained_level(n))
                assert covered.at_least(attained_level(n))


@pytest.mark.soak
def test_intervals_of_paired_differences_with_ties_cover_their_median(seed):
    """Costs in whole evaluations tie, and a lane that only one of two fails is infinitely far."""

    def differences(rng, shape):
        cost = [np.ceil(100 * rng.lognormal(0, 0.02, shape)) for _ in range(2)]
        cost = [np.where(rng.random(shape) < 0.2, np.inf, one) for one in cost]
        both = np.isinf(cost[0]) & np.isinf(cost[1])
        with np.errstate(invalid="ignore"):
            return np.where(both, 0.0, np.log(cost[0]) - np.log(cost[1]))

    for n in LANES:
        covered = simulate(ends, 0.0, differences, n, REPEATS, seed)
        print(f"paired with ties  n = {n}  covered {covered}")
        assert covered.at_least(0.95)


@pytest.mark.soak
def test_the_simulation_sees_an_interval_that_is_too_narrow(seed):
    """The quartiles of 20 lanes are no interval of 95 %: so the tests above can fail."""
    gaps = KINDS["lognormal"](0.0)

    def one_rank_narrower(samples):
        ordered = np.sort(samples, axis=-1)
        return ordered[:, 6], ordered[:, -7]

    covered = simulate(one_rank_narrower, gaps.median, gaps.draw, 20, REPEATS, seed)
    expected = 1 - 2 * stats.binom.cdf(6, 20, 0.5)
    assert covered.at_least(expected) and covered.at_most(expected) and not covered.at_least(0.93)


def wilson_coverage(n, shares):
    """Return how often Wilson's interval of n lanes covers `shares` [k], exactly."""
    counts = np.arange(n + 1.0)
    _, low, high = wilson_intervals(counts, np.full(n + 1, float(n)))
    covers = (low[:, None] <= shares) & (shares <= high[:, None])
    return (stats.binom.pmf(counts[:, None], n, shares) * covers).sum(axis=0)


@pytest.mark.parametrize("n", LANES)
def test_wilsons_intervals_cover_on_average(n):
    """Brown, Cai and DasGupta 2001, sec. 4.1: the level on average, less for some shares.

    Coverage jumps with the share, since lanes are few: of 10 lanes it is 92.4 % at 30 %, and within
    1 / (5 n) of 0 or 1 it falls to 84 %.
    """
    shares = np.arange(1, 4000) / 4000
    covered = wilson_coverage(n, shares)
    inner = (shares > 0.1) & (shares < 0.9)
    least = shares[covered.argmin()]
    print(
        f"Wilson  n = {n}  mean {covered.mean():.2%}  least {covered.min():.2%} at {least:.2%}  "
        f"least between 10 and 90 %: {covered[inner].min():.2%}"
    )
    assert covered.mean() >= 0.95 and covered[inner].mean() >= 0.945
    assert covered[inner].min() >= 0.91 and covered.min() >= 0.83


@pytest.mark.parametrize("n", LANES)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.soak
def test_wilsons_intervals_cover_the_share_of_lanes_that_fail(kind, n, seed):
    for failures in FAILURES[1:]:

        def failed(samples):
            count = np.isinf(samples).sum(axis=-1).astype(float)
            return wilson_intervals(count, np.full(len(count), float(n)))[1:]

        covered = simulate(failed, failures, KINDS[kind](failures).draw, n, REPEATS, seed)
        exact = wilson_coverage(n, np.array([failures]))[0]
        print(f"{kind:10s} {failures:4.0%} fail  n = {n}  Wilson covered {covered}")
        assert covered.at_least(exact) and covered.at_most(exact)


def test_a_share_of_nothing_but_hits_has_an_error():
    every, half = share_of(np.ones(100, bool)), share_of(np.arange(100) < 50)
    assert every.share == 1.0 and 0.0 < every.error < half.error == pytest.approx(0.05)
    assert every.at_most(0.99) and not every.at_most(0.9)
