"""Vecs: everything that author code may write equals NumPy, lane by lane."""

import math
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from optbench.define import where
from tests.kernels.lanes import PRECISIONS, compiled, on_lanes, pairs

WIDTHS = {"float64": (1, 8, 32), "float32": (1, 16, 64)}
CASES = [(dtype, width) for dtype in PRECISIONS for width in WIDTHS[dtype]]
every_width = pytest.mark.parametrize(("dtype", "width"), CASES)


def same(computed, expected):
    """Equal, with NaN equal to NaN and 0 different from -0."""
    nan = np.isnan(expected)
    equal = (computed == expected) & (np.signbit(computed) == np.signbit(expected))
    return (equal | (nan & np.isnan(computed))).all()


def check(author, numpy, dtype, width, x, y):
    """Compare the outputs of a function with those of its counterpart on arrays, bit by bit."""
    with np.errstate(all="ignore"):
        expected = [np.broadcast_to(np.asarray(e, dtype), x.shape) for e in numpy(x, y)]
    computed = on_lanes(author, dtype, width, len(expected))(x, y)
    for number, (a, b) in enumerate(zip(computed, expected, strict=True)):
        assert same(a, b), f"output {number}: {x[a != b]} {y[a != b]} -> {a[a != b]} {b[a != b]}"


def arithmetic(x, y):
    a = x
    a += y
    b = x
    b -= 2
    c = x
    c *= y
    d = x
    d /= 3
    return (
        x + y, x - y, x * y, x / y, -x, +x, abs(x), math.fabs(x), math.sqrt(x), math.copysign(x, y),
        math.floor(x), math.ceil(x), x + 2, 2 - x, x * 3, 7 / x, x / 4, x + 0.5, 1.5 - x, float(x),
        a, b, c, d,
    )  # fmt: skip


def numpy_arithmetic(x, y):
    half, more = x.dtype.type(0.5), x.dtype.type(1.5)
    return (
        x + y, x - y, x * y, x / y, -x, +x, abs(x), abs(x), np.sqrt(x), np.copysign(x, y),
        np.floor(x), np.ceil(x), x + 2, 2 - x, x * 3, 7 / x, x / 4, x + half, more - x, x,
        x + y, x - 2, x * y, x / 3,
    )  # fmt: skip


@every_width
def test_arithmetic(dtype, width):
    check(arithmetic, numpy_arithmetic, dtype, width, *pairs(dtype))


def extremes(x, y):
    return min(x, y), max(x, y), min(x, 1), max(0.5, y), min(x, y, 2.0), max(x, 1, y, 0.25)


def python_extremes(x, y):
    """Python's own min and max: a NaN that comes first stays, one that comes later is ignored."""
    return zip(*[extremes(float(a), float(b)) for a, b in zip(x, y, strict=True)], strict=True)


@every_width
def test_min_and_max_are_pythons(dtype, width):
    check(extremes, python_extremes, dtype, width, *pairs(dtype))


def decisions(x, y):
    low, high = x < y, x > 1
    flag = 2 > 1
    inner = where(high, x, where(low, -1.0, 2))
    return (
        where(x < y, 1.0, 0.0), where(x <= y, 1, 0), where(x > y, x, 0), where(x >= y, x, y),
        where(x == y, 1.0, 2), where(x != y, 1.0, 2), where(0.5 < x, 1, 0), where(x >= 2, 1, 0),
        inner, where(low & high, 1, 0), where(low | high, 1, 0), where(low ^ high, 1, 0),
        where(~low, 1, 0), where(low & flag, 1, 0), where(flag, x, 3.0), where(flag, 1.0, x),
        where(math.isnan(x), 1, 0), where(math.isinf(x), 1, 0), where(math.isfinite(x), 1, 0),
        where(x != x, 1.0, 0.0), where(abs(x) < math.inf, 1.0, 0.0),
    )  # fmt: skip


def numpy_decisions(x, y):
    low, high = x < y, x > 1
    inner = np.where(high, x, np.where(low, -1.0, 2))
    return (
        low, x <= y, np.where(x > y, x, 0), np.where(x >= y, x, y), np.where(x == y, 1, 2),
        np.where(x != y, 1, 2), x > 0.5, x >= 2, inner, low & high, low | high, low ^ high, ~low,
        low, x, np.ones_like(x), np.isnan(x), np.isinf(x), np.isfinite(x), np.isnan(x),
        np.isfinite(x),
    )  # fmt: skip


@every_width
def test_comparisons_and_where_and_that_nan_and_inf_are_seen(dtype, width):
    check(decisions, numpy_decisions, dtype, width, *pairs(dtype))


@every_width
def test_remainder_is_pythons(dtype, width):
    x, y = pairs(dtype)
    keep = np.isfinite(x) & np.isfinite(y) & (y != 0)

    def author(x, y):
        a = x
        a %= 2
        return x % y, x % 3, a

    check(author, lambda x, y: (x % y, x % 3, x % 2), dtype, width, x[keep], y[keep])


# --------------------------------------------------------------------------------------- powers


def powers(x, y):
    n = 3
    for _ in range(2):
        n += 1
    a = x
    a **= 2
    return x**0, x**1, x**2, x**3, x**10, x**-1, x**-3, a, x**0.5, x**1.5, x**n, 2**y, x**y


def numpy_powers(x, y):
    return (
        x**0, x, x**2, x**3, x**10, 1 / x, 1 / x**3, x**2, np.sqrt(x), x**1.5, x**5, 2**y, x**y,
    )  # fmt: skip


@every_width
def test_powers(dtype, width):
    rng = np.random.default_rng(0)
    x, y = rng.uniform(0.1, 5, 256).astype(dtype), rng.uniform(-4, 4, 256).astype(dtype)
    expected = numpy_powers(x.astype(np.longdouble), y.astype(np.longdouble))
    computed = on_lanes(powers, dtype, width, len(expected))(x, y)
    for a, b in zip(computed, expected, strict=True):
        assert (abs(a - b) <= 6 * np.finfo(dtype).eps * abs(b)).all()


@every_width
def test_whole_powers_of_zeros_and_negative_numbers(dtype, width):
    def author(x, y):
        return x**0, x**2, x**3, x**-1, x**-2

    def numpy(x, y):
        return np.ones_like(x), x * x, x * x * x, 1 / x, 1 / (x * x)

    check(author, numpy, dtype, width, *pairs(dtype))


# ----------------------------------------------------------------------------------- precision


def mixed(x, y):
    total = 0
    pair = (x, y)
    for i in range(3):
        total += i * x + 2
        total -= 1 / y
    for v in pair:
        total += v * 0.1
    k = 2
    total *= k
    return min(total, 3) + max(1.5, total) ** 2 - where(x > 1, 2, 0.5) + math.pi + math.sqrt(x)


@pytest.mark.parametrize("width", WIDTHS["float32"])
def test_numbers_that_meet_float32_stay_float32(width):
    block = compiled(mixed, "float32", width)
    x = np.ones(64, np.float32)
    block(x, x, np.empty((1, 64), np.float32))
    (code,) = block.inspect_llvm().values()
    assert "float" in code and not re.search(r"\bdouble\b", code)


@every_width
def test_mixed_code_equals_plain_python(dtype, width):
    rng = np.random.default_rng(1)
    x, y = rng.uniform(0.5, 3, (2, 128)).astype(dtype)
    computed = on_lanes(mixed, dtype, width)(x, y)
    expected = [mixed(float(a), float(b)) for a, b in zip(x, y, strict=True)]
    np.testing.assert_allclose(computed, expected, rtol=20 * np.finfo(dtype).eps)


# ------------------------------------------------------------------------------------------ laws

finite = st.floats(-(2.0**100), 2.0**100, width=32)
vectors = arrays.arrays(np.float64, 8, elements=finite)


def laws(x, y):
    return (
        x + y, y + x, min(x, y), max(x, y), where(x < y, x, y), -(x - y), y - x,
        abs(x * y), abs(x) * abs(y), where(~(x < y), 1, 0), where(x >= y, 1, 0),
    )  # fmt: skip


@pytest.fixture(scope="module")
def lawful():
    return on_lanes(laws, "float64", 8, 11)


@settings(max_examples=200)
@given(x=vectors, y=vectors)
def test_laws(lawful, x, y):
    a, b, low, high, least, c, d, e, f, g, h = lawful(x, y)
    assert (a == b).all() and (c == d).all() and (e == f).all() and (g == h).all()
    assert (low + high == a).all() and (low <= high).all() and (least == low).all()


@settings(max_examples=50)
@given(x=vectors, y=vectors, order=st.permutations(range(8)))
def test_lanes_do_not_see_each_other(lawful, x, y, order):
    order = list(order)
    assert same(lawful(x[order], y[order]), lawful(x, y)[:, order])
