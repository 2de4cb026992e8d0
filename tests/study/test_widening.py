"""Wider ranges hold the ranges themselves, on every scale, and nothing that is not allowed."""

import math

import numpy as np
import pytest

from optbench.define import Momentum, Range, Search
from optbench.rules import compose
from optbench.study.fields import StudyError
from optbench.study.schema import Grid, Study
from optbench.study.trials import ALL, DEFAULT, searched
from optbench.study.tuning import search_of, trials_of

ADAM = compose.optimizer("adam")


def study(**fields):
    return Study(name="s", optimizers=["adam"], problems=["sphere"], **fields)


@pytest.mark.parametrize("count", [7, 13, 31])
def test_a_wider_grid_has_the_rates_of_the_grid_and_its_spacing(count):
    grid = Grid(low=1e-5, high=10.0, count=count)
    wide = grid.widened(10.0).rates()
    at = np.searchsorted(wide, grid.rates() * (1 - 1e-9))
    np.testing.assert_allclose(wide[at], grid.rates(), rtol=1e-13)
    assert np.diff(at).tolist() == [1] * (count - 1)
    assert wide[0] <= 1e-5 / math.sqrt(10) * (1 + 1e-9)
    assert wide[-1] >= 10 * math.sqrt(10) * (1 - 1e-9)
    np.testing.assert_allclose(np.diff(np.log(wide)), np.log(wide[1] / wide[0]), rtol=1e-9)


def test_by_hand_six_decades_and_five_rates_a_decade_get_three_rates_at_each_end():
    wide = Grid(low=1e-5, high=10.0, count=31).widened(10.0)
    assert wide.count == 37
    assert (wide.low, wide.high) == pytest.approx((10**-5.6, 10**1.6))


def test_one_rate_and_a_factor_of_one_change_nothing():
    assert Grid(low=0.1, high=0.1, count=1).widened(10.0).count == 1
    assert Grid().widened(1.0) == Grid()
    assert study().grid == study().lr and study(widen=10).grid == Grid().widened(10.0)


@pytest.mark.parametrize(
    ("search", "low", "high"),
    [
        (Search(1e-3, 1.0), 1e-3 / math.sqrt(10), math.sqrt(10)),
        (Search(0.9, 0.999, "log of 1 - v"), 1 - math.sqrt(0.1), 1 - 1e-3 / math.sqrt(10)),
        (Search(0.5, 0.999, "log of 1 - v"), 0.0, 1 - 1e-3 / math.sqrt(10)),
        (Search(1e-6, 1e-1, "log with 0"), 1e-6 / math.sqrt(10), math.sqrt(0.1)),
        (Search(0.0, 1.0, "linear"), 0.0, 1.0),
        (Search(0.3, 0.3), 0.3, 0.3),
    ],
)
def test_ranges_grow_by_half_a_decade_at_each_end_of_their_scale(search, low, high):
    wide = search.widened(10.0)
    assert (wide.low, wide.high) == pytest.approx((low, high), rel=1e-12, abs=1e-15)
    assert wide.scale == search.scale and wide.source == search.source
    assert search.widened(1.0) == search


def test_narrowing_undoes_widening_and_leaves_half_of_a_short_range():
    search = Search(1e-6, 1.0)
    back = search.widened(10.0).widened(0.1)
    assert (back.low, back.high) == pytest.approx((search.low, search.high))
    short = Search(1.0, 10.0).widened(1e-6)  # one decade: a quarter of it off each end
    assert (short.low, short.high) == pytest.approx((10**0.25, 10**0.75))


def test_what_is_not_allowed_is_not_searched():
    wide = Range(1.0, 0.5, 2.0, search=Search(0.5, 1.5)).widened(10.0).search
    assert (wide.low, wide.high) == (0.5, 2.0)
    bounded = Range(1.0, 0.5, 2.0, open_low=True, open_high=True, search=Search(0.6, 1.9))
    assert (bounded.widened(10.0).search.low, bounded.widened(10.0).search.high) == (0.6, 1.9)
    assert Momentum(0.9).widened(100.0).search.low == 0.0
    assert Range(1.0).widened(10.0) == Range(1.0)


def test_a_space_is_searched_in_wider_ranges():
    plain, wide = searched(ADAM, ALL), searched(ADAM, ALL, widen=10.0)
    for name in ("lr", "beta1", "beta2", "eps"):
        assert wide[name].search == plain[name].search.widened(10.0)
    trials = trials_of(ADAM, study(space="all", trials=400, widen=10))
    eps = trials.values["eps"][trials.number != DEFAULT]
    assert eps.min() < 1e-12 < 1e-1 < eps.max() < math.sqrt(0.1)


def test_the_trials_of_a_wider_study_hold_those_of_the_study():
    rates = (trials_of(ADAM, study(**wider)).values["lr"] for wider in ({}, {"widen": 10}))
    own, wide = (np.log10(each) for each in rates)
    assert len(own) == 32 and len(wide) == 38
    assert all(np.abs(wide - rate).min() < 1e-12 for rate in own)


def test_a_pair_says_where_it_was_searched():
    low, high = 10**-5.6, 10**1.6
    lr = search_of(ADAM, study(widen=10))["lr"]
    assert (lr.low, lr.high, lr.scale) == (pytest.approx(low), pytest.approx(high), "log")
    assert search_of(compose.optimizer("adam[lr=0.1]"), study()) == {}
    assert search_of(ADAM, study(lr=0.1)) == {}
    assert list(search_of(ADAM, study(space=["eps"], trials=3))) == ["eps"]


@pytest.mark.parametrize("factor", [0.5, 0, -1, math.inf, "ten", True])
def test_what_widens_nothing_is_refused(factor):
    with pytest.raises(StudyError, match="field widen"):
        study(widen=factor)


def test_rates_too_wide_for_the_dtype_are_refused():
    with pytest.raises(StudyError, match="lr"):
        study(dtype="float32", widen=1e80)
