"""Products of matrices whose numbers lie where tables say, against NumPy."""

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optbench.kernels.products.primitives import matmul_at

from .test_strided import EPS, PAD, spread


@numba.njit
def multiply_at(a, at_a, q, bases, offsets, b, at_b, row_b, c, at_c, row_c, m, n, k, add):
    matmul_at(a, at_a, q, bases, offsets, b, at_b, row_b, c, at_c, row_c, m, n, k, add)


def check(m, k, n, add, dtype, gaps, run):
    """Compare with NumPy: places are drawn, with many numbers of A at the same one."""
    rng = np.random.default_rng(0)
    size = 3 * (m + k)
    a = rng.standard_normal(size).astype(dtype)
    bases, offsets = rng.integers(-m, m, m), rng.integers(-k, k, k)
    at = m + k
    B, before = (rng.standard_normal(shape).astype(dtype) for shape in ((k, n), (m, n)))
    A64, B64 = a[at + np.add.outer(bases, offsets)].astype(np.float64), B.astype(np.float64)
    expected = A64 @ B64 + (before if add else 0)
    bound = EPS[dtype] * (k + 2) * (np.abs(A64) @ np.abs(B64) + np.abs(before))
    q = np.concatenate([[10**15], bases, [-(10**15)], offsets, [10**15]])  # no other is read
    b = spread(B, gaps[0], np.nan)
    c = spread(before if add else np.full_like(before, np.nan), gaps[1], 7)
    rows = n + gaps[0], n + gaps[1]
    run(a, at, q, 1, m + 2, b, PAD, rows[0], c, PAD, rows[1], m, n, k, add)
    C = c[PAD:-PAD].reshape(m, rows[1])
    assert (np.abs(C[:, :n] - expected) <= bound).all()
    assert (C[:, n:] == 7).all() and (c[:PAD] == 7).all() and (c[-PAD:] == 7).all()


side, gap = st.integers(1, 40), st.integers(0, 20)


@settings(max_examples=200)
@given(
    side, st.one_of(side, st.integers(250, 530)), side, st.booleans(),
    st.sampled_from(sorted(EPS)), st.tuples(gap, gap), st.sampled_from([multiply_at, matmul_at]),
)  # fmt: skip
def test_any_shape(m, k, n, add, dtype, gaps, run):
    check(m, k, n, add, dtype, gaps, run)


@pytest.mark.parametrize("run", [multiply_at, matmul_at])
def test_a_convolution_by_hand(run):
    """Sums of windows of two of the numbers 1 .. 5, and their differences."""
    v = np.array([1.0, 2, 4, 8, 16, 1, 1, 1, -1] + 8 * [0.0])
    q = np.array([0, 1, 2, 3, 0, 1])
    run(v, 0, q, 0, 4, v, 5, 2, v, 9, 2, 4, 2, 2, False)
    np.testing.assert_array_equal(v[9:], [3, -1, 6, -2, 12, -4, 24, -8])


def test_plain_python_refuses_places_before_the_array():
    v = np.zeros(9)
    with pytest.raises(IndexError, match="a place of A is -1"):
        matmul_at(v, 0, np.array([-1, 0]), 0, 1, v, 0, 1, v, 5, 1, 1, 1, 1, False)
