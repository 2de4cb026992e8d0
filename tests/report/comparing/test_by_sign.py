"""Deciding while lanes are added: the level holds whenever one stops, and it stops in time."""

import math

import numpy as np
import pytest
from scipy import integrate, stats

from optbench.report.comparing.by_sign import chance_interval, decided_at, log_evidence

LEVEL = 0.95


def test_evidence_by_hand():
    # One win: 2 B(3/2, 1/2) / B(1/2, 1/2) = 2 (pi / 2) / pi = 1; none: 1.
    assert log_evidence(0, 0) == 0.0
    assert log_evidence(1, 0) == pytest.approx(0.0)
    # Two wins: 4 B(5/2, 1/2) / pi = 4 (3 pi / 8) / pi = 3/2.
    assert log_evidence(2, 0) == pytest.approx(math.log(1.5))


@pytest.mark.parametrize(("wins", "losses", "chance"), [(3, 1, 0.5), (10, 4, 0.3), (0, 7, 0.9)])
def test_evidence_is_the_mixture_of_likelihood_ratios(wins, losses, chance):
    weights = stats.beta(0.5, 0.5)

    def ratio(angle):  # p = sin^2 angle takes the poles of the weights away
        p = math.sin(angle) ** 2
        against = chance**wins * (1 - chance) ** losses
        slope = 2 * math.sin(angle) * math.cos(angle)
        return p**wins * (1 - p) ** losses / against * weights.pdf(p) * slope

    mixed = integrate.quad(ratio, 1e-9, math.pi / 2 - 1e-9)[0]
    assert log_evidence(wins, losses, chance) == pytest.approx(math.log(mixed), abs=1e-6)


def test_it_is_a_martingale():
    for wins, losses in [(0, 0), (5, 2), (40, 60)]:
        for chance in (0.5, 0.2):
            one, other = (
                np.exp(log_evidence(wins + i, losses + 1 - i, chance)) for i in (1, 0)
            )  # fmt: skip
            now = np.exp(log_evidence(wins, losses, chance))
            assert chance * one + (1 - chance) * other == pytest.approx(now, rel=1e-12)


def test_antisymmetric_and_ties_take_no_side():
    d = np.array([-1.0, 0.0, -1.0, 2.0, 0.0, -3.0] * 20)
    assert decided_at(d, LEVEL) == decided_at(-d, LEVEL) is not None
    without = decided_at(d[d != 0.0], LEVEL)
    assert np.sum(d[: decided_at(d, LEVEL)] != 0.0) == without
    assert decided_at(np.zeros(50), LEVEL) is None


def test_seven_wins_in_a_row_decide_and_six_do_not():
    # M of n wins is C(2n, n) / 2^n: 14.4 of six and 26.8 of seven, where 20 decide.
    assert [math.comb(2 * n, n) / 2**n >= 20 for n in (6, 7)] == [False, True]
    assert decided_at(np.full(20, -1.0), LEVEL) == 7
    assert decided_at(np.full(6, -np.inf), LEVEL) is None


def simulated(chance, lanes, repeats, seed):
    """Return when each of the repeats is decided, `lanes` + 1 where it is not."""
    rng = np.random.default_rng(seed)
    won = np.cumsum(rng.random((repeats, lanes)) < chance, axis=1)
    lost = np.arange(1, lanes + 1) - won
    past = log_evidence(won, lost) >= -math.log(1 - LEVEL)
    return np.where(past.any(axis=1), past.argmax(axis=1) + 1, lanes + 1)


@pytest.mark.soak
def test_looking_after_every_lane_keeps_the_level(seed):
    repeats, lanes = 4000, 1000
    share = np.mean(simulated(0.5, lanes, repeats, seed) <= lanes)
    assert share <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / repeats)
    # Looking at a test of fixed size as often would not: it errs in more than half of the repeats.
    rng = np.random.default_rng(seed)
    wins = np.cumsum(rng.random((500, lanes)) < 0.5, axis=1)
    n = np.arange(1, lanes + 1)
    two_sided = 2 * stats.binom.sf(np.maximum(wins, n - wins) - 1, n, 0.5)
    assert np.mean((two_sided <= 0.05).any(axis=1)) > 0.3


def test_it_stops_soon_where_one_wins_mostly():
    assert np.median(simulated(0.9, 200, 1000, 3)) <= 16
    assert np.mean(simulated(0.7, 200, 1000, 4) <= 200) > 0.9


def test_the_interval_excludes_a_half_when_it_is_decided():
    for wins, losses in [(7, 0), (6, 0), (20, 5), (12, 8), (0, 7)]:
        low, high = chance_interval(wins, losses, LEVEL)
        decided = decided_at(np.r_[np.full(wins, -1.0), np.full(losses, 1.0)], LEVEL)
        outside = not low <= 0.5 <= high
        assert outside == (log_evidence(wins, losses) >= -math.log(0.05))
        assert not outside or decided
        assert low <= wins / (wins + losses) <= high
    assert chance_interval(0, 0, LEVEL) == (0.0, 1.0)


def test_the_interval_covers_at_all_times_together():
    rng = np.random.default_rng(6)
    chance, repeats, lanes = 0.35, 2000, 300
    won = np.cumsum(rng.random((repeats, lanes)) < chance, axis=1)
    lost = np.arange(1, lanes + 1) - won
    missed = (log_evidence(won, lost, chance) >= -math.log(1 - LEVEL)).any(axis=1)
    assert missed.mean() <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / repeats)
