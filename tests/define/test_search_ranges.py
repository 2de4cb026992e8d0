"""Search ranges: scales against SciPy's distributions, what is declared, and what is refused."""

import math
from pathlib import Path

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

import optbench
from optbench.define import (
    Decay,
    Eps,
    Flag,
    Log,
    Momentum,
    Range,
    Search,
    SecondMoment,
    optimizer,
    search_ranges,
)
from optbench.define.draws import stream_key, uniforms
from optbench.define.search_ranges import ZERO_SHARE
from optbench.errors import DefinitionError, SettingError
from optbench.rules.wrappers_before import WRAPPERS

SHARES = np.linspace(0.0, 1.0, 41)[:-1]
SMALLEST, LARGEST = 2.0**-54, 1.0 - 2.0**-53
"""The ends of what `draws.uniform` draws."""
KINDS = {"Momentum": Momentum, "SecondMoment": SecondMoment, "Eps": Eps, "Decay": Decay}
PARTS = (*optbench.optimizers().values(), *WRAPPERS)
SEARCHED = [
    pytest.param(allowed, id=f"{part.name}-{name}")
    for part in PARTS
    for name, allowed in part.hyper.items()
    if not isinstance(allowed, Flag) and allowed.search
]


def rule(**hyper):
    """Return a rule with these hyperparameters beside a rate."""
    names = ", ".join(["x", "g", *{"lr": None, **hyper}])
    space = {}
    exec(f"def mine({names}):\n    return x - lr * g", space)
    return optimizer(**{"lr": Log(0.1), **hyper})(space["mine"])


def distribution(search):
    """Return SciPy's distribution of a search range: of 1 - v on the scale "log of 1 - v"."""
    if search.scale == "linear":
        return scipy.stats.uniform(search.low, search.high - search.low)
    if search.scale == "log of 1 - v":
        return scipy.stats.loguniform(1.0 - search.high, 1.0 - search.low)
    return scipy.stats.loguniform(search.low, search.high)


def test_shares_are_quantiles():
    linear, log = Search(-2.0, 3.0, "linear"), Search(1e-3, 10.0, "log")
    near_one, zero = Search(0.5, 0.999, "log of 1 - v"), Search(1e-6, 0.1, "log with 0")
    np.testing.assert_allclose(linear.at(SHARES), distribution(linear).ppf(SHARES), atol=1e-15)
    np.testing.assert_allclose(log.at(SHARES), distribution(log).ppf(SHARES), rtol=1e-13)
    quantiles = 1.0 - distribution(near_one).ppf(1.0 - SHARES)
    np.testing.assert_allclose(near_one.at(SHARES), quantiles, atol=1e-15)
    decayed = SHARES >= ZERO_SHARE
    assert not zero.at(SHARES[~decayed]).any() and (~decayed).sum() == 10
    of_rest = (SHARES[decayed] - ZERO_SHARE) / (1.0 - ZERO_SHARE)
    np.testing.assert_allclose(
        zero.at(SHARES[decayed]), distribution(zero).ppf(of_rest), rtol=1e-13
    )


@pytest.mark.parametrize("scale", search_ranges.SCALES)
@given(
    low=st.floats(1e-6, 0.5),
    factor=st.floats(1.001, 1.9),
    shares=st.lists(st.floats(SMALLEST, LARGEST), min_size=2, max_size=9),
)
def test_values_rise_and_stay_inside(scale, low, factor, shares):
    search = Search(low, low * factor, scale)
    values = search.at(sorted(shares))
    assert np.all(np.diff(values) >= 0.0)
    assert all(low <= v <= low * factor or (v == 0.0 and scale == "log with 0") for v in values)


@pytest.mark.parametrize(
    "search", [Search(1e-3, 10.0), *(kind(0.5).search for kind in KINDS.values())]
)
def test_draws_have_the_distribution(search):
    (shares,) = uniforms([stream_key("draws of a search range")], 2000)
    values = search.at(shares)
    if search.scale == "log with 0":
        zeros = int((values == 0.0).sum())
        assert scipy.stats.binomtest(zeros, len(values), ZERO_SHARE).pvalue > 0.01
        values = values[values > 0.0]
    values = 1.0 - values if search.scale == "log of 1 - v" else values
    assert scipy.stats.kstest(values, distribution(search).cdf).pvalue > 0.01


@pytest.mark.parametrize("allowed", SEARCHED)
def test_whatever_is_drawn_is_allowed(allowed):
    values = allowed.drawn([SMALLEST, 0.2, 0.25, 0.5, LARGEST])
    assert all(value in allowed for value in values)
    assert len(set(values)) > 2 and allowed.search.source


def test_every_rule_searches_its_rate_around_its_default():
    for part in optbench.optimizers().values():
        lr = part.hyper["lr"]
        assert lr.search == Search(lr.default / 1e3, lr.default * 1e3, "log")


def test_a_rate_is_searched_within_what_it_may_be():
    assert rule(lr=Log(1e-3, high=1e-2)).hyper["lr"].search == Search(1e-6, 1e-2)
    assert rule(lr=0.5).hyper["lr"].search == Search(5e-4, 500.0)
    assert rule(lr=Log(0.1, search=Search(0.01, 0.2))).hyper["lr"].search == Search(0.01, 0.2)
    assert rule(lr=Range(0.0, 0.0)).hyper["lr"].search is None
    lr = rule(lr=Range(1.0, 0.5, 2.0, open_low=True, open_high=True)).hyper["lr"]
    assert lr.search.low in lr and lr.search.high in lr
    assert lr.search.low == pytest.approx(0.5) and lr.search.high == pytest.approx(2.0)


def test_well_known_names_say_of_which_kind_a_plain_number_is():
    hyper = rule(momentum=0.8, beta1=0.7, beta2=0.9, eps=1e-6, weight_decay=0.0, mine=0.9).hyper
    assert hyper["momentum"].search == hyper["beta1"].search == search_ranges.MOMENTUM
    assert hyper["beta2"].search == search_ranges.SECOND_MOMENT
    assert hyper["eps"].search == search_ranges.EPS
    assert hyper["weight_decay"].search == search_ranges.DECAY
    assert hyper["mine"].search is None
    assert (hyper["beta2"].low, hyper["beta2"].high) == (-math.inf, math.inf)


def test_a_well_known_name_with_another_meaning_is_not_searched():
    hyper = rule(momentum=3.0, beta1=-0.5, eps=0.0, weight_decay=-1.0, beta2=Range(0.9)).hyper
    assert [hyper[name].search for name in hyper if name != "lr"] == [None] * 5


def test_whole_numbers_are_drawn_whole():
    allowed = rule(every=Range(5.0, 1.0, whole=True, search=Search(1.0, 20.0))).hyper["every"]
    values = allowed.drawn(SHARES)
    assert all(value in allowed for value in values) and {1.0, 2.0, 5.0} < set(values)


def test_without_a_search_range_nothing_is_drawn():
    with pytest.raises(SettingError, match="without a search range cannot be drawn"):
        Range(1.0).drawn([0.5])


@pytest.mark.parametrize(
    ("allowed", "message"),
    [
        (Range(1.0, search=(0.1, 1.0)), r"search=\(0.1, 1.0\) for mine: write Search\("),
        (Range(1.0, search=Search(0.1, 1.0, "ln")), "scale 'ln'; it is one of log, log of 1 - v"),
        (Range(1.0, search=Search("a", 1.0)), "low of the search range of mine = 'a' must be a nu"),
        (Range(1.0, search=Search(0.1, math.inf)), "must be a finite number"),
        (Range(1.0, search=Search(0.0, 1.0)), r"'log' needs low < high within \(0, inf\); got 0 a"),
        (Range(1.0, search=Search(2.0, 1.0, "linear")), "'linear' needs low < high; got 2 and 1"),
        (Range(0.5, search=Search(0.5, 1.0, "log of 1 - v")), r"within \(-inf, 1\); got 0.5 and 1"),
        (Range(1.0, 0.5, search=Search(0.1, 1.0)), r"holds 0.1, which is outside its range \[0.5,"),
        (Log(1.0, search=Search(0.1, 1.0, "log with 0")), r"holds 0, which is outside its range"),
        (Momentum(0.5, Search(0.5, 1.0, "linear")), r"holds 1, which is outside its range \[0"),
        (Range(1.0, search=Search(0.1, 1.0, "log", 3)), "source of the search range of mine must"),
    ],
)  # fmt: skip
def test_a_wrong_search_range_is_refused_where_it_is_declared(allowed, message):
    with pytest.raises(DefinitionError, match=message) as error:
        rule(mine=allowed)
    assert "mine" in str(error.value)


@pytest.mark.parametrize("name", KINDS)
def test_the_table_of_kinds_in_the_docs_is_that_of_the_code(name):
    page = (Path(__file__).parents[2] / "docs" / "numbers.md").read_text("utf-8")
    (row,) = (line for line in page.splitlines() if f"`{name}(" in line)
    search = KINDS[name](0.5).search
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert str(search) in cells and search.scale in cells
