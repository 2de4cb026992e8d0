"""Author code takes the kernel's dtype: every kind of constant that Python code can hold."""

import math
import re
import types
from typing import NamedTuple

import numba
import numpy as np
import pytest

from optbench.kernels.authors import blocks
from optbench.kernels.authors.retype import retype

SCALE = 2.5
TABLE = (0.25, 0.75)
ROUNDED, ARRAY = np.float64(0.7), np.array([0.1, 0.9])


class Pair(NamedTuple):
    low: float
    high: float


PAIR = Pair(0.3, 0.6)
constants = types.ModuleType("constants")
constants.SCALE, constants.deeper = 1.1, types.ModuleType("deeper")
exec("OFFSET = 0.2\ndef shifted(v):\n    return v + OFFSET", vars(constants.deeper))


def helper(v):
    return v * 0.1 + SCALE


def with_defaults(v, scale=0.1, *, shift=0.2):
    return v * scale + shift


def every_kind(x, g):
    """Constants of every kind, and integers that meet floats in every way."""
    n, total = len(x), 0.0
    for i in range(n):
        g[i] = float(i) / (n + 1) * ROUNDED + ARRAY[i % 2] + PAIR.high
        total += with_defaults(x[i]) + constants.deeper.shifted(x[i]) * constants.SCALE
        total += np.pi * (1 / n) + math.sqrt(n) + max(0.5, i) + 2**0.5 + (n % 2) * 0.1 + n // 0.7
    scale = math.log(0.7 * n) * n - n / 0.3
    return total * scale


def make(factor):
    def author(x, g):
        total = 0.0
        for i in range(x.shape[0]):
            total += factor * x[i] + TABLE[1] * math.pi * helper(x[i])
            g[i] = 0.3
        return total

    return author


@pytest.mark.parametrize("author", [make(1.7), every_kind])
def test_float32_code_holds_no_float64_arithmetic(author):
    function = blocks.problem_block(author, np.dtype("float32"))
    (assembly,) = function.inspect_asm().values()
    doubles = re.findall(
        r"\bv?(?:add|sub|mul|div|sqrt|fmadd\d+|fnmadd\d+|fmsub\d+)[sp]d\b", assembly
    )
    assert not doubles
    assert not re.search(r"\bv?cvtss2sd\b", assembly)


@pytest.mark.parametrize("author", [make(1.7), every_kind])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_retyped_code_computes_the_same(dtype, author):
    block = blocks.problem_block(author, np.dtype(dtype))
    x = np.linspace(-1, 1, 3 * 64).reshape(3, 64).astype(dtype)
    g, f = np.empty_like(x), np.empty(64, dtype)
    empty = np.empty(0, dtype)
    block(x, g, f, empty, np.empty(0, np.int64), empty, np.zeros(64, np.uint64), 0, 1)
    slopes = np.empty(3)
    expected = [author(x[:, lane].astype(float), slopes) for lane in range(64)]
    eps = np.finfo(dtype).eps
    # A dozen roundings of terms of at most the size of the sum; near 0 terms of 1 are left.
    assert np.allclose(f, expected, rtol=20 * eps, atol=20 * eps)
    assert np.allclose(g.T, slopes, rtol=5 * eps, atol=0)


def test_integers_meet_floats_as_before_everywhere_else():
    @numba.njit
    def product(v, n):
        return v * n, 1 / n

    blocks.problem_block(every_kind, np.dtype("float32"))
    product(np.float32(0.1), 3)
    (compiled,) = product.overloads.values()
    assert str(compiled.signature.return_type) == "UniTuple(float64 x 2)"
    assert product(np.float32(0.1), 3)[1] == 1 / 3

    def third(x, g):
        g[0] = 1 / (len(x) + 2)
        return 1 / (len(x) + 2) + 0.0 * x[0]

    for dtype in ("float32", "float64"):  # in this order: what is cached of the first is not reused
        block = blocks.problem_block(third, np.dtype(dtype))
        x, f, empty = np.zeros((1, 16), dtype), np.empty(16, dtype), np.empty(0, dtype)
        block(x, x.copy(), f, empty, np.empty(0, np.int64), empty, np.zeros(16, np.uint64), 0, 1)
        assert f[0] == np.dtype(dtype).type(1 / 3)


def test_draws_are_the_same_numbers_in_both_dtypes():
    from optbench.define.draws import normal, uniform

    def noisy(x, key):
        return x[0] * normal(key, 3) + uniform(key, 1)

    values = {}
    for dtype in ("float64", "float32"):
        block = blocks.problem_block(noisy, np.dtype(dtype), 1)
        x, f, empty = np.ones((1, 32), dtype), np.empty(32, dtype), np.empty(0, dtype)
        values[dtype] = []
        for key in np.arange(16, dtype=np.uint64):  # a block is one draw
            stream = np.array([key])
            block(x, x.copy(), f, empty, np.empty(0, np.int64), empty, stream, 0, 0)
            assert (f == f[0]).all()
            values[dtype].append(f[0])
        if dtype == "float32":  # the draws are float64, and rounded at once
            assert not any("fpext float" in text for text in block.inspect_llvm().values())
    assert np.allclose(values["float32"], values["float64"], rtol=0, atol=4e-7)


def test_retype_leaves_the_original_alone():
    author = make(1.7)
    copy = retype(author, "float32")
    assert author.__closure__[0].cell_contents == 1.7
    assert type(copy.__closure__[0].cell_contents) is np.float32
    assert type(copy.__globals__["TABLE"][0]) is np.float32
    assert type(copy.__globals__["math"].pi) is np.float32 and copy.__globals__["math"].sqrt(4) == 2
    assert {type(c) for c in copy.__code__.co_consts} >= {np.float32}


def test_nan_and_inf_are_seen_under_the_flags_in_use():
    from optbench.kernels.compiling.options import jit

    @jit
    def finite(v):
        return np.isnan(v), np.isfinite(v), abs(v) < np.inf

    assert finite(math.nan) == (True, False, False)
    assert finite(math.inf) == (False, False, False)
    assert finite(1.0) == (False, True, True)
