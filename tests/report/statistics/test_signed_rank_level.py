"""Wilcoxon's test keeps its level on skewed, bimodal and heavy-tailed lanes with failures.

And so the interval that is got by inverting it, of all shifts that it does not reject, covers.
"""

import numpy as np
import pytest

from optbench.report.comparing.signed_ranks import signed_rank_test
from tests.report.coverage import REPEATS, generator, share_of
from tests.report.gap_distributions import KINDS

LANES = (10, 20)
FAILURES = (0.0, 0.1, 0.3, 0.6)
LEVEL = 0.05
INSTANCE = 1.5
"""Standard deviation of what an instance adds to the logarithm of both costs."""


def differences(kind, failures, rng, shape, shift=0.0):
    """Return ln(cost of A / cost of B) of pairs of lanes on the same instances."""
    instance = INSTANCE * rng.standard_normal(shape)
    draw = KINDS[kind](failures).draw
    first, second = (np.log(draw(rng, shape)) + instance for _ in range(2))
    both = np.isinf(first) & np.isinf(second)
    with np.errstate(invalid="ignore"):
        return np.where(both, 0.0, first - second + shift)


@pytest.mark.soak
@pytest.mark.parametrize("kind", KINDS)
def test_the_test_keeps_its_level_and_its_interval_covers(kind, seed):
    for failures in FAILURES:
        for n in LANES:
            rng = generator("signed ranks", seed, n)
            d = differences(kind, failures, rng, (REPEATS, n))
            rejected = share_of(signed_rank_test(d)[1] <= LEVEL)
            print(f"{kind:10s} {failures:4.0%} fail  n = {n}  rejected {rejected}")
            assert rejected.at_most(LEVEL)
            # Shares of ranks are discrete: of many untied lanes the level is nearly used up.
            if n == 20 and failures <= 0.3:
                assert rejected.at_least(0.04)


@pytest.mark.soak
@pytest.mark.parametrize("kind", KINDS)
def test_the_inverted_interval_covers_the_shift(kind, seed):
    """A shift is in the interval if the test does not reject the differences without it."""
    shift = np.log(1.2)
    for failures in (0.0, 0.1):
        for n in LANES:
            rng = generator("inverted", seed, n)
            d = differences(kind, failures, rng, (REPEATS, n), shift)
            untied = np.where(d == 0.0, 0.0, d - shift)
            covered = share_of(signed_rank_test(untied)[1] > LEVEL)
            print(f"{kind:10s} {failures:4.0%} fail  n = {n}  covered {covered}")
            assert covered.at_least(1 - LEVEL)


@pytest.mark.soak
def test_a_difference_is_seen(seed):
    """One standard deviation in 20 lanes: a t test would see it in 98.9 % of all samples."""
    d = generator("power", seed).standard_normal((REPEATS, 20)) + 1.0
    assert share_of(signed_rank_test(d)[1] <= LEVEL).at_least(0.97)
