"""Dual numbers: every operation's slope in closed form, the laws, kinks, branches, precision."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from optbench.define import where
from optbench.errors import DefinitionError
from optbench.kernels.authors import blocks
from optbench.kernels.dual.slopes import SLOPES
from tests.kernels.gradients import gradient
from tests.kernels.lanes import PRECISIONS
from tests.problems import twins

every_dtype = pytest.mark.parametrize("dtype", PRECISIONS)
RNG = np.random.default_rng(3)


def close(computed, expected, dtype, units=64):
    """Whether numbers agree to some units in the last place of the largest."""
    scale = np.maximum(np.abs(expected), 1e-3 * np.abs(expected).max())
    return (np.abs(computed - expected) <= units * np.finfo(dtype).eps * scale).all()


# ------------------------------------------------------------------------ functions of one number

ONE = {
    math.sqrt: (lambda x: math.sqrt(x[0]), lambda x: 1 / (2 * np.sqrt(x)), (0.1, 9.0)),
    math.exp: (lambda x: math.exp(x[0]), np.exp, (-3.0, 3.0)),
    math.expm1: (lambda x: math.expm1(x[0]), np.exp, (-3.0, 3.0)),
    math.log: (lambda x: math.log(x[0]), np.reciprocal, (0.1, 9.0)),
    math.log1p: (lambda x: math.log1p(x[0]), lambda x: 1 / (1 + x), (-0.9, 9.0)),
    math.log2: (lambda x: math.log2(x[0]), lambda x: np.log2(np.e) / x, (0.1, 9.0)),
    math.log10: (lambda x: math.log10(x[0]), lambda x: np.log10(np.e) / x, (0.1, 9.0)),
    math.sin: (lambda x: math.sin(x[0]), np.cos, (-6.0, 6.0)),
    math.cos: (lambda x: math.cos(x[0]), lambda x: -np.sin(x), (-6.0, 6.0)),
    math.tan: (lambda x: math.tan(x[0]), lambda x: 1 / np.cos(x) ** 2, (-1.2, 1.2)),
    math.sinh: (lambda x: math.sinh(x[0]), np.cosh, (-3.0, 3.0)),
    math.cosh: (lambda x: math.cosh(x[0]), np.sinh, (-3.0, 3.0)),
    math.tanh: (lambda x: math.tanh(x[0]), lambda x: 1 / np.cosh(x) ** 2, (-2.0, 2.0)),
    math.asin: (lambda x: math.asin(x[0]), lambda x: 1 / np.sqrt(1 - x * x), (-0.9, 0.9)),
    math.acos: (lambda x: math.acos(x[0]), lambda x: -1 / np.sqrt(1 - x * x), (-0.9, 0.9)),
    math.atan: (lambda x: math.atan(x[0]), lambda x: 1 / (1 + x * x), (-3.0, 3.0)),
    math.asinh: (lambda x: math.asinh(x[0]), lambda x: 1 / np.sqrt(1 + x * x), (-3.0, 3.0)),
    math.acosh: (lambda x: math.acosh(x[0]), lambda x: 1 / np.sqrt(x * x - 1), (1.5, 9.0)),
    math.atanh: (lambda x: math.atanh(x[0]), lambda x: 1 / (1 - x * x), (-0.9, 0.9)),
    math.erf: (lambda x: math.erf(x[0]), lambda x: _bell(x), (-2.0, 2.0)),
    math.erfc: (lambda x: math.erfc(x[0]), lambda x: -_bell(x), (-2.0, 2.0)),
    abs: (lambda x: abs(x[0]), np.sign, (-3.0, 3.0)),
    math.fabs: (lambda x: math.fabs(x[0]), np.sign, (-3.0, 3.0)),
    math.floor: (lambda x: math.floor(x[0]) + 0 * x[0], np.zeros_like, (-3.0, 3.0)),
    math.ceil: (lambda x: math.ceil(x[0]) + 0 * x[0], np.zeros_like, (-3.0, 3.0)),
    float: (lambda x: float(x[0]), np.ones_like, (-3.0, 3.0)),
}


def _bell(x):
    return 2 / np.sqrt(np.pi) * np.exp(-x * x)


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


def arithmetic(x):
    """A sum whose slopes are read off below; every operator, with numbers on either side."""
    a, b = x[0], x[1]
    c = a
    c += b
    c -= 2
    c *= b
    c /= 4
    return c + (+a) * b - a / b + (-b) + 3 * a + b * 2 + 5 / a + a / 2 + (1 - a) + (b - 1)


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


TWO = {
    "hypot": (
        lambda x: math.hypot(x[0], x[1]),
        lambda a, b: (a / np.hypot(a, b), b / np.hypot(a, b)),
    ),
    "atan2": (
        lambda x: math.atan2(x[0], x[1]),
        lambda a, b: (b / (a * a + b * b), -a / (a * a + b * b)),
    ),
    "copysign": (
        lambda x: math.copysign(x[0], x[1]),
        lambda a, b: (np.sign(a) * np.sign(b), np.zeros_like(b)),
    ),
    "mod": (lambda x: x[0] % x[1], lambda a, b: (np.ones_like(a), -np.floor(a / b))),
    "fmod": (lambda x: math.fmod(x[0], x[1]), lambda a, b: (np.ones_like(a), -np.trunc(a / b))),
    "min": (lambda x: min(x[0], x[1]), lambda a, b: (1.0 * (a <= b), 1.0 * (a > b))),
    "max": (
        lambda x: max(0.5, x[0], x[1]),
        lambda a, b: (1.0 * ((a > 0.5) & (a >= b)), 1.0 * ((b > 0.5) & (b > a))),
    ),
    "where": (
        lambda x: where(x[0] < x[1], x[0] * x[1], where(x[0] > 1, 1, x[1])),
        lambda a, b: (np.where(a < b, b, 0), np.where(a < b, a, np.where(a > 1, 0.0, 1.0))),
    ),
}


@every_dtype
@pytest.mark.parametrize("name", TWO)
def test_slopes_of_functions_of_two_numbers(name, dtype):
    author, slopes = TWO[name]
    points = RNG.uniform(-2.0, 2.0, (100, 2)).astype(dtype)
    expected = np.transpose(slopes(*points.T.astype(float)))
    assert close(gradient(author, points, dtype)[1], expected, dtype)


def test_every_rule_is_tested_here():
    named = {function.__name__ for function in [*SLOPES, min, max]}
    arithmetic = {"add", "sub", "mul", "truediv", "neg", "pos"}
    elsewhere = {"single"}  # `float` of float32: test_float32
    assert (
        named - arithmetic - elsewhere - set(TWO) - {function.__name__ for function in ONE} == set()
    )


# ------------------------------------------------------------------------------------------ powers

POWERS = {
    "whole": (lambda x: x[0] ** 5 + x[0] ** 1 + x[0] ** 0, lambda x: 5 * x**4 + 1),
    "inverse": (lambda x: x[0] ** -2, lambda x: -2 / x**3),
    "real": (lambda x: x[0] ** 2.5 + math.pow(x[0], 0.5), lambda x: 2.5 * x**1.5 + 0.5 / x**0.5),
    "exponent": (lambda x: 2.0 ** x[0], lambda x: np.log(2.0) * 2.0**x),
    "both": (lambda x: x[0] ** x[0], lambda x: x**x * (1 + np.log(x))),
}


@every_dtype
@pytest.mark.parametrize("name", POWERS)
def test_slopes_of_powers(name, dtype):
    author, slope = POWERS[name]
    points = RNG.uniform(0.3, 3.0, (50, 1)).astype(dtype)
    assert close(gradient(author, points, dtype)[1], slope(points.astype(float)), dtype)


def loop_power(x):
    f = 0.0
    for i in range(len(x)):
        f += x[i] ** i
    return f


def test_powers_by_a_variable_whole_number():
    points = np.array([[2.0, 3.0, -0.5, 2.0], [0.0, 0.0, 0.0, 0.0]])
    assert gradient(loop_power, points)[1].tolist() == [[0, 1, -1, 12], [0, 1, 0, 0]]


def constant_exponent(x):
    p = 2.0
    p += 0 * x[1]
    return x[0] ** p


def test_a_constant_exponent_has_no_part_in_the_slope():
    computed = gradient(constant_exponent, np.array([[-3.0, 1.0], [0.0, 1.0]]))[1]
    assert computed.tolist() == [[-6.0, 0.0], [0.0, 0.0]]
    moving = gradient(lambda x: x[0] ** x[1], np.array([[-3.0, 2.0], [0.0, 1.5]]))[1]
    assert moving[0, 0] == -6.0 and np.isnan(moving[0, 1]) and moving[1, 1] == 0.0


# ------------------------------------------------------------------------------------------- kinks


def kinks(x):
    tip = math.sqrt(x[0] * x[0] + x[1] * x[1]) + math.hypot(x[0], x[1]) + x[0] ** 0.5
    return abs(x[0]) + tip + max(2 * x[0], 3 * x[1]) + min(5 * x[1], 7 * x[0])


def test_slopes_at_kinks_are_the_documented_ones():
    value, slope = gradient(kinks, np.zeros((1, 2)))
    assert value[0] == 0.0
    assert slope[0].tolist() == [2.0, 5.0]


def test_slopes_at_ends_are_those_of_ieee_arithmetic():
    assert gradient(lambda x: math.log(x[0]), np.zeros((1, 1)))[1][0, 0] == math.inf
    assert np.isnan(gradient(lambda x: math.sqrt(x[0]), -np.ones((1, 1)))[1][0, 0])


# -------------------------------------------------------------------------------------------- laws


def u(v):
    return math.sin(v) + v * v


def w(v):
    return math.exp(0.3 * v) + 1.0


LAWS = {
    "sum": lambda x: 2 * u(x[0]) - 3 * w(x[0]),
    "product": lambda x: u(x[0]) * w(x[0]),
    "quotient": lambda x: u(x[0]) / w(x[0]),
    "chain": lambda x: u(w(x[0])),
}


@settings(max_examples=60)
@given(arrays.arrays(float, (9, 1), elements=st.floats(-5, 5)))
def test_sum_product_quotient_and_chain(points):
    (fu, du), (fw, dw) = gradient(lambda_u, points), gradient(lambda_w, points)
    fu, fw = fu[:, None], fw[:, None]
    outer = gradient(lambda_u, fw)[1]
    expected = {
        "sum": 2 * du - 3 * dw,
        "product": du * fw + fu * dw,
        "quotient": (du * fw - fu * dw) / fw**2,
        "chain": outer * dw,
    }
    for name, author in LAWS.items():
        computed = gradient(author, points)[1]
        scale = 1 + np.abs(du * fw) + np.abs(fu * dw) + np.abs(outer * dw)
        assert (np.abs(computed - expected[name]) <= 1e-14 * scale).all(), name


def lambda_u(x):
    return u(x[0])


def lambda_w(x):
    return w(x[0])


# ------------------------------------------------------- branches, passes, precision, and refusals


@every_dtype
@pytest.mark.parametrize("d", [1, 2, 5, 17])
def test_branching_code_and_its_simd_twin_agree(d, dtype):
    points = RNG.uniform(-3, 3, (40, d)).astype(dtype)
    assert blocks.problem_block(twins.branching, np.dtype(dtype), d).lanes == 1
    assert blocks.problem_block(twins.branch_free, np.dtype(dtype), d).lanes > 1
    x = points.astype(float)
    inner = np.where((points < 0.5) | (points > 1.5), np.exp(x), 2.0)
    expected = np.where(points < -1, -1.5 * np.sqrt(np.abs(x)), inner)
    for author in (twins.branching, twins.branch_free):
        assert close(gradient(author, points, dtype)[1], expected, dtype)


def test_200_coordinates_and_no_more():
    points = RNG.uniform(-1, 1, (3, 200))
    computed = gradient(twins.sphere, points)[1]
    assert np.array_equal(computed, 2 * points)
    with pytest.raises(DefinitionError, match=r"twins\.py:\d+: sphere has 201 .* fill g\[i\]"):
        blocks.problem_block(twins.sphere, np.dtype("float64"), 201)


def test_literals_and_whole_numbers_keep_float32():
    author = twins.ackley
    block = blocks.problem_block(author, np.dtype("float32"), 2)
    (code,) = block.inspect_llvm().values()
    assert "<16 x float>" in code and "double" not in code


def constant(x):
    return 3


def test_a_constant_has_no_slope():
    f, g = gradient(constant, np.ones((2, 3)))
    assert f.tolist() == [3, 3] and not g.any()


def from_the_end(x):
    return x[-1] * x[-2]


def test_coordinates_count_from_the_end_too():
    assert gradient(from_the_end, np.array([[5.0, 2.0, 3.0]]))[1].tolist() == [[0.0, 3.0, 2.0]]


def lookup(x):
    return x[0] * (10.0, 20.0)[int(x[1])]


def test_whole_numbers_of_coordinates_choose_and_have_no_slope():
    values, gradients = gradient(lookup, np.array([[2.0, 0.5], [2.0, 1.5]]))
    assert values.tolist() == [20.0, 40.0] and gradients.tolist() == [[10.0, 0.0], [20.0, 0.0]]


def unknown(x):
    y = x[0] * x[0]
    return math.gamma(y)


def changes(x):
    x[0] = 1.0
    return x[0]


def returns_nothing(x):
    x[0] * 2  # noqa: B018


@pytest.mark.parametrize(
    ("author", "line", "message"),
    [
        (unknown, 2, "uses 'gamma' here, whose derivative dual numbers do not know"),
        (changes, 1, "changes x, which it may only read"),
        (returns_nothing, 0, "must return a value on every way through it: a return is missing"),
        (lambda x: np.sin(x[0]), 0, r"uses NumPy's 'sin' here: write math\.sin instead"),
        (lambda x: undefined * x[0], 0, "uses 'undefined', a name that is not defined"),  # noqa: F821
    ],
)
def test_what_cannot_be_differentiated_is_named_with_its_line(author, line, message):
    place = rf"test_dual\.py:{author.__code__.co_firstlineno + line}: "
    with pytest.raises(DefinitionError, match=place + rf"[\w<>]+ .*{message}"):
        gradient(author, np.ones((1, 1)))
