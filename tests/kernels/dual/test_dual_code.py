"""Dual numbers of authors' code: kinks, laws, branches, precision, and what is refused."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from optbench.errors import DefinitionError
from optbench.kernels.authors import blocks
from tests.kernels.dual.closed_forms import (
    close,
    constant,
    every_dtype,
    from_the_end,
    kinks,
    lookup,
)
from tests.kernels.gradients import gradient
from tests.problems import twins

RNG = np.random.default_rng(3)


def test_slopes_at_kinks_are_the_documented_ones():
    value, slope = gradient(kinks, np.zeros((1, 2)))
    assert value[0] == 0.0
    assert slope[0].tolist() == [2.0, 5.0]


def test_slopes_at_ends_are_those_of_ieee_arithmetic():
    assert gradient(lambda x: math.log(x[0]), np.zeros((1, 1)))[1][0, 0] == math.inf
    assert np.isnan(gradient(lambda x: math.sqrt(x[0]), -np.ones((1, 1)))[1][0, 0])


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


def test_a_constant_has_no_slope():
    f, g = gradient(constant, np.ones((2, 3)))
    assert f.tolist() == [3, 3] and not g.any()


def test_coordinates_count_from_the_end_too():
    assert gradient(from_the_end, np.array([[5.0, 2.0, 3.0]]))[1].tolist() == [[0.0, 3.0, 2.0]]


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
    place = rf"test_dual_code\.py:{author.__code__.co_firstlineno + line}: "
    with pytest.raises(DefinitionError, match=place + rf"[\w<>]+ .*{message}"):
        gradient(author, np.ones((1, 1)))
