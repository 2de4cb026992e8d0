"""Products of matrices whose rows lie apart, compiled and in plain Python, against NumPy."""

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optbench.kernels.products.primitives import matmul_strided

EPS = {"float64": 2.0**-52, "float32": 2.0**-23}
PAD = 70


@numba.njit
def multiply_strided(a, at_a, row_a, b, at_b, row_b, c, at_c, row_c, m, n, k, ta, tb, add):
    matmul_strided(a, at_a, row_a, b, at_b, row_b, c, at_c, row_c, m, n, k, ta, tb, add)


def spread(X, gap, rest):
    """Return a vector that holds X from PAD on with `gap` numbers after each row, all else `rest`.

    Nothing follows the last row but PAD numbers.
    """
    rows, columns = X.shape
    inside = np.full((rows, columns + gap), rest, X.dtype)
    inside[:, :columns] = X
    frame = np.full(PAD, rest, X.dtype)
    return np.concatenate([frame, inside.ravel(), frame])


def check(m, k, n, ta, tb, add, dtype, gaps, run):
    """Compare with NumPy; numbers between the rows neither matter (they are NaN) nor change."""
    rng = np.random.default_rng(0)
    shapes = (k, m) if ta else (m, k), (n, k) if tb else (k, n), (m, n)
    A, B, before = (rng.standard_normal(shape).astype(dtype) for shape in shapes)
    A64, B64 = (X.astype(np.float64) for X in (A.T if ta else A, B.T if tb else B))
    expected = A64 @ B64 + (before if add else 0)
    bound = EPS[dtype] * (k + 2) * (np.abs(A64) @ np.abs(B64) + np.abs(before))
    a, b = spread(A, gaps[0], np.nan), spread(B, gaps[1], np.nan)
    c = spread(before if add else np.full_like(before, np.nan), gaps[2], 7)
    rows = A.shape[1] + gaps[0], B.shape[1] + gaps[1], n + gaps[2]
    run(a, PAD, rows[0], b, PAD, rows[1], c, PAD, rows[2], m, n, k, ta, tb, add)
    C = c[PAD:-PAD].reshape(m, rows[2])
    assert (np.abs(C[:, :n] - expected) <= bound).all()
    assert (C[:, n:] == 7).all() and (c[:PAD] == 7).all() and (c[-PAD:] == 7).all()


side, gap = st.integers(1, 40), st.integers(0, 20)


@settings(max_examples=200)
@given(
    side, st.one_of(side, st.integers(250, 530)), side, st.booleans(), st.booleans(),
    st.booleans(), st.sampled_from(sorted(EPS)), st.tuples(gap, gap, gap),
    st.sampled_from([multiply_strided, matmul_strided]),
)  # fmt: skip
def test_any_shape_and_distance(m, k, n, ta, tb, add, dtype, gaps, run):
    check(m, k, n, ta, tb, add, dtype, gaps, run)


def test_sizes_that_are_left_to_blas():
    for ta, tb, add in ((0, 0, 0), (1, 0, 1), (0, 1, 0)):
        check(401, 401, 401, ta, tb, add, "float32", (1, 2, 3), multiply_strided)


def test_heads_of_attention():
    """Scores of one head: columns 4 .. 7 of queries and of keys, both [6, 12] in one array."""
    rng = np.random.default_rng(1)
    v = rng.standard_normal(300)
    Q, K = v[:72].reshape(6, 12), v[72:144].reshape(6, 12)
    expected = Q[:, 4:8] @ K[:, 4:8].T
    matmul_strided(v, 4, 12, v, 76, 12, v, 200, 6, 6, 6, 4, False, True, False)
    np.testing.assert_allclose(v[200:236].reshape(6, 6), expected, rtol=1e-13)


def test_plain_python_refuses_to_leave_the_array():
    v = np.zeros(20)
    with pytest.raises(IndexError, match=r"\(3, 4\) numbers from 0 on, rows 10 apart, of 20"):
        matmul_strided(v, 0, 10, v, 0, 1, v, 0, 1, 3, 1, 4, False, False, False)
