"""The four primitives mean the same in plain Python and compiled."""

import itertools

import numba
import numpy as np
import pytest

from optbench.kernels.products.primitives import (
    apart,
    cyclic,
    get,
    greatest,
    lanes,
    matmul,
    matrix,
    put,
    span,
    sync,
    total,
    vector,
    wide,
)
from tests.tolerance import assert_within, rounding


def column_sums(A, out):
    """Use the three scalar primitives as a layer does."""
    for i in range(A.shape[0]):
        for j in span(A.shape[1]):
            out[j] += A[i, j]
    sync()
    s = A.dtype.type(0)
    for j in span(A.shape[1]):
        s += out[j]
    return total(s)


@pytest.mark.parametrize("run", [column_sums, numba.njit(column_sums)])
def test_span_total_sync(run):
    A, out = np.arange(12.0).reshape(3, 4), np.zeros(4)
    assert run(A, out) == 66
    np.testing.assert_array_equal(out, A.sum(axis=0))


def product(A, B, C, ta, tb):
    """Pass flags that are known at run time only."""
    matmul(A, B, C, ta, tb)


def constant_product(A, B, C):
    """Pass flags that are known to the compiler."""
    matmul(A, B, C, True, False)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("ta", "tb"), list(itertools.product([False, True], repeat=2)))
def test_matmul(dtype, ta, tb):
    rng = np.random.default_rng(1)
    A = rng.standard_normal((4, 5) if ta else (5, 4)).astype(dtype)
    B = rng.standard_normal((3, 4) if tb else (4, 3)).astype(dtype)
    left, right = A.T if ta else A, B.T if tb else B
    expected, bound = left @ right, abs(left) @ abs(right)
    for run in (product, numba.njit(product)):
        C = np.full((5, 3), np.nan, dtype)
        run(A, B, C, ta, tb)
        assert_within(C, expected, 2 * rounding(4, bound, dtype=dtype))


def test_matmul_with_constant_flags():
    rng = np.random.default_rng(2)
    A, B, C = rng.standard_normal((4, 5)), rng.standard_normal((4, 3)), np.empty((5, 3))
    numba.njit(constant_product)(A, B, C)
    np.testing.assert_allclose(C, np.einsum("ki,kj->ij", A, B), rtol=1e-13)


@pytest.mark.parametrize("add", [False, True])
def test_matmul_adds_if_asked(add):
    rng = np.random.default_rng(3)
    A, B, C = rng.standard_normal((5, 4)), rng.standard_normal((4, 3)), np.ones((5, 3))

    def run(A, B, C, add):
        matmul(A, B, C, False, False, add)

    for function in (run, numba.njit(run)):
        C = np.ones((5, 3))
        function(A, B, C, add)
        np.testing.assert_allclose(C, A @ B + add, rtol=1e-13)


def views(v, start, rows, columns, out):
    """Write through both kinds of views."""
    M, u = matrix(v, start, rows, columns), vector(v, 0, start)
    for i in range(rows):
        for j in span(columns):
            M[i, j] = 10.0 * i + j
    u[start - 1] = -1.0
    out[0] = M.shape[0] * 100 + M.shape[1] * 10 + u.shape[0]


@pytest.mark.parametrize("run", [views, numba.njit(views)])
def test_views(run):
    v, out = np.zeros(12), np.zeros(1)
    run(v, 3, 2, 4, out)
    np.testing.assert_array_equal(v, [0, 0, -1, 0, 1, 2, 3, 10, 11, 12, 13, 0])
    assert out[0] == 243


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_wide_loops(dtype):
    def double(v, w):
        s = v.dtype.type(0)
        for c in wide(v, v.size):
            e = get(v, c) + get(v, c)
            put(w, c, e)
            s += e
        return total(s), lanes(v)

    v = np.arange(64).astype(dtype)
    for run, width in ((double, 1), (numba.njit(double), 8 if dtype == "float64" else 16)):
        w = np.zeros_like(v)
        assert run(v, w) == (64 * 63, width)
        np.testing.assert_array_equal(w, 2 * v)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_numbers_that_are_apart_or_come_again(dtype):
    def fetch(v, w):
        put(w, 0, apart(v, 3, 5))
        put(w, lanes(v), cyclic(v, 7, 3))

    v = np.arange(100).astype(dtype)
    for run, width in ((fetch, 1), (numba.njit(fetch), 8 if dtype == "float64" else 16)):
        w = np.full(40, -1, dtype)
        run(v, w)
        np.testing.assert_array_equal(w[:width], 3 + 5 * np.arange(width))
        np.testing.assert_array_equal(w[width : 2 * width], (7 + np.arange(width)) % 3)
        assert (w[2 * width :] == -1).all()


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_greatest_lane(dtype):
    def largest(v, c):
        return greatest(get(v, c))

    compiled, rng = numba.njit(largest), np.random.default_rng(5)
    for _ in range(50):
        v = rng.standard_normal(64).astype(dtype)
        width = 8 if dtype == "float64" else 16
        assert compiled(v, 3) == v[3 : 3 + width].max()
        assert largest(v, 3) == v[3]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("shape", [(3, 50, 32), (64, 2, 32), (64, 1, 16), (1, 1, 16), (2, 3, 10)])
@pytest.mark.parametrize("add", [False, True])
@pytest.mark.parametrize(("ta", "tb"), list(itertools.product([False, True], repeat=2)))
def test_thin_products(dtype, shape, add, ta, tb):
    m, k, n = shape
    rng = np.random.default_rng(4)
    A = rng.standard_normal((k, m) if ta else (m, k)).astype(dtype)
    B = rng.standard_normal((n, k) if tb else (k, n)).astype(dtype)
    C = rng.standard_normal((m, n)).astype(dtype)
    left, right, before = (A.T if ta else A), (B.T if tb else B), C.copy() * add
    compiled_product(A, B, C, ta, tb, add)
    bound = rounding(k + 1, abs(left) @ abs(right), before, dtype=dtype)
    assert_within(C, left @ right + before, 2 * bound)  # NumPy's products are rounded too


@numba.njit
def compiled_product(A, B, C, ta, tb, add):
    matmul(A, B, C, ta, tb, add)
