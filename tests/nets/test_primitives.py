"""The four primitives mean the same in plain Python and compiled."""

import itertools

import numba
import numpy as np
import pytest

from optbench.kernels.primitives import matmul, span, sync, total


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
    expected = np.einsum("ik,kj->ij", A.T if ta else A, B.T if tb else B)
    for run in (product, numba.njit(product)):
        C = np.full((5, 3), np.nan, dtype)
        run(A, B, C, ta, tb)
        np.testing.assert_allclose(C, expected, atol=1e-5 if dtype == "float32" else 1e-13)


def test_matmul_with_constant_flags():
    rng = np.random.default_rng(2)
    A, B, C = rng.standard_normal((4, 5)), rng.standard_normal((4, 3)), np.empty((5, 3))
    numba.njit(constant_product)(A, B, C)
    np.testing.assert_allclose(C, np.einsum("ki,kj->ij", A, B), rtol=1e-13)
