"""Author code takes the kernel's dtype: every kind of constant that Python code can hold."""

import math
import re

import numpy as np
import pytest

from optbench.kernels import blocks
from optbench.kernels.compile import retype

SCALE = 2.5
TABLE = (0.25, 0.75)


def helper(v):
    return v * 0.1 + SCALE


def make(factor):
    def author(x, g):
        total = 0.0
        for i in range(x.shape[0]):
            total += factor * x[i] + TABLE[1] * math.pi * helper(x[i])
            g[i] = 0.3
        return total

    return author


def test_float32_code_holds_no_float64_arithmetic():
    function = blocks.problem_block(make(1.7), np.dtype("float32"))
    (assembly,) = function.inspect_asm().values()
    doubles = re.findall(
        r"\bv?(?:add|sub|mul|div|sqrt|fmadd\d+|fnmadd\d+|fmsub\d+)[sp]d\b", assembly
    )
    assert not doubles
    assert not re.search(r"\bv?cvtss2sd\b", assembly)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_retyped_code_computes_the_same(dtype):
    author = make(1.7)
    block = blocks.problem_block(author, np.dtype(dtype))
    x = np.linspace(-1, 1, 3 * 64).reshape(3, 64).astype(dtype)
    g, f = np.empty_like(x), np.empty(64, dtype)
    empty = np.empty(0, dtype)
    block(x, g, f, empty, np.empty(0, np.int64), empty, np.zeros(64, np.uint64), 0, 1)
    expected = [author(x[:, lane].astype(float), np.empty(3)) for lane in range(64)]
    assert np.allclose(f, expected, rtol=10 * np.finfo(dtype).eps)
    assert (g == np.dtype(dtype).type(0.3)).all()


def test_retype_leaves_the_original_alone():
    author = make(1.7)
    copy = retype(author, "float32")
    assert author.__closure__[0].cell_contents == 1.7
    assert type(copy.__closure__[0].cell_contents) is np.float32
    assert type(copy.__globals__["TABLE"][0]) is np.float32
    assert type(copy.__globals__["math"].pi) is np.float32 and copy.__globals__["math"].sqrt(4) == 2
    assert {type(c) for c in copy.__code__.co_consts} >= {np.float32}


def test_nan_and_inf_are_seen_under_the_flags_in_use():
    from optbench.kernels.compile import jit

    @jit
    def finite(v):
        return np.isnan(v), np.isfinite(v), abs(v) < np.inf

    assert finite(math.nan) == (True, False, False)
    assert finite(math.inf) == (False, False, False)
    assert finite(1.0) == (False, True, True)
