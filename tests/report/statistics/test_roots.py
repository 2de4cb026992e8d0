"""Roots against scipy's, and what has none."""

import math

import pytest
from scipy.optimize import brentq

from optbench.report.statistics.roots import root

CASES = {
    "cube": (lambda x: x**3 - 2.0, 0.0, 5.0),
    "steep": (lambda x: math.exp(x) - 1e5, -3.0, 50.0),
    "flat": (lambda x: math.tanh(50.0 * (x - 0.3)), -1.0, 2.0),
    "falling": (lambda x: 1.0 - x, -8.0, 3.0),
    "step": (lambda x: -1.0 if x < 0.1 else 1.0, -1.0, 1.0),
}


@pytest.mark.parametrize("name", CASES)
def test_the_root_is_scipys(name):
    function, low, high = CASES[name]
    expected = brentq(function, low, high, xtol=1e-14)
    assert root(function, low, high) == pytest.approx(expected, rel=1e-12, abs=2e-12)


def test_an_end_may_be_the_root():
    assert root(lambda x: x, 0.0, 3.0) == 0.0
    assert root(lambda x: x - 3.0, 0.0, 3.0) == 3.0


@pytest.mark.parametrize("function", [lambda x: 1.0 + x * x, lambda x: math.nan])
def test_what_does_not_change_sign_has_no_root(function):
    with pytest.raises(ValueError, match="no root between"):
        root(function, -1.0, 2.0)
