"""Signed ranks and Holm's adjustment against hand-worked cases, scipy and statsmodels."""

import itertools

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from optbench.report.comparing.holm import could_pass, holm
from optbench.report.comparing.signed_ranks import doubled_ranks, least_p, signed_rank_test


def signed_rank_p(d):
    return signed_rank_test(d)[1]


def test_five_wins_of_five_are_two_of_32_sign_patterns():
    assert signed_rank_p(np.array([1.0, 2.0, 3.0, 4.0, 5.0])) == pytest.approx(2 / 32)


def test_a_zero_takes_the_lowest_rank_and_no_side():
    # Ranks of 1 and -2 are 2 and 3 beside the zero: 3 - 2 is the least that signs can make.
    assert signed_rank_p(np.array([0.0, 1.0, -2.0])) == 1.0
    # All of one sign are 2 of 4 patterns of two signs, and 2 of 8 of three.
    assert signed_rank_p(np.array([0.0, 1.0, 2.0])) == pytest.approx(2 / 4)
    assert signed_rank_p(np.array([0.5, 1.0, 2.0])) == pytest.approx(2 / 8)


@pytest.mark.parametrize("n", [1, 2, 7, 40])
def test_ranks_are_scipys_with_ties_and_infinities(n):
    values = np.random.default_rng(n).integers(0, 6, size=(50, n)).astype(float)
    values[values == 5.0] = np.inf
    assert np.array_equal(doubled_ranks(values), 2 * stats.rankdata(values, axis=1))


def test_all_tied_is_no_evidence():
    assert signed_rank_p(np.zeros((3, 8))).tolist() == [1.0, 1.0, 1.0]
    assert signed_rank_p(np.zeros((2, 0))).tolist() == [1.0, 1.0]


def patterns(d):
    """Return the p-value by going through all signs."""
    ranks = np.where(d == 0, 0, stats.rankdata(np.abs(d)))
    signs = np.array(list(itertools.product([-1, 1], repeat=len(d))))
    sums = np.abs(signs @ ranks)
    return np.mean(sums >= abs(np.sign(d) @ ranks) - 1e-9)


@pytest.mark.parametrize("n", [1, 2, 5, 9, 12])
def test_exact_with_ties_zeros_and_failures_as_by_counting_all_signs(n):
    d = np.random.default_rng(n).integers(-3, 4, size=(40, n)).astype(float)
    d[np.abs(d) == 3] *= np.inf
    expected = [patterns(np.where(np.isinf(row), 9.0 * np.sign(row), row)) for row in d]
    assert signed_rank_p(d) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("n", [3, 10, 20, 50])
def test_scipy_agrees_where_it_is_exact(n):
    d = np.random.default_rng(n).standard_normal((30, n))
    ours = stats.wilcoxon(d, zero_method="pratt", method="exact", axis=1).pvalue
    assert signed_rank_p(d) == pytest.approx(ours, rel=1e-9)


def test_scipy_agrees_where_both_approximate():
    d = np.random.default_rng(7).integers(-5, 7, size=(30, 80)).astype(float)
    theirs = stats.wilcoxon(d, zero_method="pratt", method="approx", axis=1, correction=False)
    assert signed_rank_p(d) == pytest.approx(theirs.pvalue, rel=1e-9)


def test_the_two_ways_meet_where_one_ends():
    d = np.random.default_rng(8).standard_normal((200, 51)) + 0.2
    exact = stats.wilcoxon(d, method="exact", axis=1).pvalue
    assert np.abs(signed_rank_p(d) - exact).max() < 0.01


def test_signs_and_the_order_of_lanes_change_nothing():
    rng = np.random.default_rng(3)
    d = np.round(rng.standard_normal((50, 20)), 1)
    assert np.array_equal(signed_rank_p(-d), signed_rank_p(d))
    assert np.array_equal(signed_rank_test(-d)[0], -signed_rank_test(d)[0])
    assert np.array_equal(signed_rank_p(d[:, rng.permutation(20)]), signed_rank_p(d))


def test_its_level_holds_on_ties_and_heavy_tails():
    rng = np.random.default_rng(5)
    d = np.round(rng.standard_t(1, size=(4000, 20)), 0)
    assert np.mean(signed_rank_p(d) <= 0.05) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 4000)


def test_least_p_is_that_of_wins_in_all_untied_pairs():
    d = np.array([[0.0, 0.0, 1, 2, 3, 4], [1.0, 2, 3, 4, 5, 6]])
    assert signed_rank_p(d) == pytest.approx(least_p(np.array([4, 6])))
    assert least_p(np.array([0])) == 1.0


@pytest.mark.parametrize("count", [1, 2, 91, 1326])
def test_holm_is_that_of_statsmodels(count):
    p = np.random.default_rng(count).beta(0.3, 2.0, size=count)
    assert holm(p) == pytest.approx(multipletests(p, method="holm")[1], rel=1e-12, abs=0)


def test_holm_by_hand():
    assert holm(np.array([0.01, 0.04, 0.03])) == pytest.approx([0.03, 0.06, 0.06])


def test_what_could_pass_is_what_passes_with_its_least_value():
    rng = np.random.default_rng(11)
    for _ in range(300):
        p = rng.choice([1e-6, 0.001, 0.004, 0.01, 0.02, 0.3, 0.7], size=8)
        least = np.minimum(p, rng.choice([1e-6, 0.005, 0.0078, 0.0125, 0.03], size=8))
        passes = []
        for i in range(8):
            own = p.copy()
            own[i] = least[i]
            passes.append(holm(own)[i] <= 0.05)
        assert could_pass(p, least).tolist() == passes


def test_six_pairs_of_lanes_cannot_decide_among_fourteen_optimizers():
    p = np.full(91, least_p(np.array([6]))[0])
    assert not could_pass(np.ones(91), p).any()
    assert could_pass(np.ones(91), least_p(np.full(91, 20))).all()
