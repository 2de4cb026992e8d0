"""Dual numbers: every operation's slope in closed form."""

import math

import numpy as np
import pytest

from optbench.kernels.dual.slopes import SLOPES
from tests.kernels.dual.closed_forms import (
    ONE,
    POWERS,
    TWO,
    arithmetic,
    close,
    constant_exponent,
    every_dtype,
    loop_power,
)
from tests.kernels.gradients import gradient

RNG = np.random.default_rng(3)


@pytest.mark.parametrize("function", ONE, ids=lambda f: f.__name__)
def test_slopes_of_functions_of_one_number(function):
    author, slope, span = ONE[function]
    points = RNG.uniform(*span, (50, 1))
    assert close(gradient(author, points)[1], slope(points), "float64")


@pytest.mark.parametrize("function", [math.sqrt, math.exp, math.sin, math.erf])
def test_slopes_of_functions_in_single_precision(function):
    author, slope, span = ONE[function]
    points = RNG.uniform(*span, (50, 1)).astype("float32")
    computed = gradient(author, points, "float32")[1]
    assert close(computed, slope(points.astype(float)), "float32")


@every_dtype
def test_slopes_of_arithmetic(dtype):
    points = RNG.uniform(0.5, 2.0, (50, 2)).astype(dtype)
    a, b = points.T.astype(float)
    expected = np.transpose(
        [
            b / 4 + b - 1 / b + 3 - 5 / a**2 + 1 / 2 - 1,
            (a + 2 * b - 2) / 4 + a + a / b**2 - 1 + 2 + 1,
        ]
    )
    computed = gradient(arithmetic, points, dtype)[1]
    assert np.abs(computed - expected).max() <= 300 * np.finfo(dtype).eps


@every_dtype
@pytest.mark.parametrize("name", TWO)
def test_slopes_of_functions_of_two_numbers(name, dtype):
    author, slopes = TWO[name]
    points = RNG.uniform(-2.0, 2.0, (100, 2)).astype(dtype)
    expected = np.transpose(slopes(*points.T.astype(float)))
    assert close(gradient(author, points, dtype)[1], expected, dtype)


def test_every_rule_is_tested_here():
    named = {function.__name__ for function in [*SLOPES, min, max]}
    operators = {"add", "sub", "mul", "truediv", "neg", "pos"}
    elsewhere = {"single"}  # `float` of float32: test_float32
    assert (
        named - operators - elsewhere - set(TWO) - {function.__name__ for function in ONE} == set()
    )


@every_dtype
@pytest.mark.parametrize("name", POWERS)
def test_slopes_of_powers(name, dtype):
    author, slope = POWERS[name]
    points = RNG.uniform(0.3, 3.0, (50, 1)).astype(dtype)
    assert close(gradient(author, points, dtype)[1], slope(points.astype(float)), dtype)


def test_powers_by_a_variable_whole_number():
    points = np.array([[2.0, 3.0, -0.5, 2.0], [0.0, 0.0, 0.0, 0.0]])
    assert gradient(loop_power, points)[1].tolist() == [[0, 1, -1, 12], [0, 1, 0, 0]]


def test_a_constant_exponent_has_no_part_in_the_slope():
    computed = gradient(constant_exponent, np.array([[-3.0, 1.0], [0.0, 1.0]]))[1]
    assert computed.tolist() == [[-6.0, 0.0], [0.0, 0.0]]
    moving = gradient(lambda x: x[0] ** x[1], np.array([[-3.0, 2.0], [0.0, 1.5]]))[1]
    assert moving[0, 0] == -6.0 and np.isnan(moving[0, 1]) and moving[1, 1] == 0.0
