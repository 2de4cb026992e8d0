"""The compiled matrix product against NumPy in float64, on every SIMD path."""

import json

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optbench.kernels.products.primitives import matmul
from tests.kernels.simd.paths import PATHS, offered, python

EPS = {"float64": 2.0**-52, "float32": 2.0**-23}


@numba.njit
def multiply(A, B, C, ta, tb, add):
    matmul(A, B, C, ta, tb, add)


def operands(m, k, n, ta, tb, dtype, seed=0):
    """Return A, B and what C holds before."""
    rng = np.random.default_rng(seed)
    shapes = (k, m) if ta else (m, k), (n, k) if tb else (k, n), (m, n)
    return [rng.standard_normal(shape).astype(dtype) for shape in shapes]


def check(m, k, n, ta, tb, add, dtype, seed=0):
    """Compare with NumPy; nothing beyond C, A or B may matter or change."""
    A, B, before = operands(m, k, n, ta, tb, dtype, seed)
    A64, B64 = (X.astype(np.float64) for X in (A.T if ta else A, B.T if tb else B))
    expected = A64 @ B64 + (before if add else 0)
    bound = EPS[dtype] * (k + 2) * (np.abs(A64) @ np.abs(B64) + np.abs(before))
    # Numbers around the operands: NaN, so that one that is read as a factor is seen.
    A, B = (framed(X, np.nan) for X in (A, B))
    C = framed(before if add else np.full_like(before, np.nan), 7)
    multiply(A, B, C, ta, tb, add)
    assert (np.abs(C - expected) <= bound).all()
    frame = C.base
    assert (frame[:PAD] == 7).all() and (frame[-PAD:] == 7).all()


PAD = 70


def framed(X, value):
    """Return a copy of X inside a longer vector that is filled with `value`."""
    vector = np.full(X.size + 2 * PAD, value, X.dtype)
    vector[PAD : PAD + X.size] = X.ravel()
    inside = vector[PAD : PAD + X.size].reshape(X.shape)
    assert inside.base is vector
    return inside


side = st.integers(1, 40)


@settings(max_examples=300)
@given(
    side, st.one_of(side, st.integers(250, 530)), side, st.booleans(), st.booleans(),
    st.booleans(), st.sampled_from(sorted(EPS)),
)  # fmt: skip
def test_any_shape(m, k, n, ta, tb, add, dtype):
    check(m, k, n, ta, tb, add, dtype)


@pytest.mark.parametrize("dtype", sorted(EPS))
@pytest.mark.parametrize("shape", [(128, 784, 256), (1, 300, 100), (100, 300, 1), (401, 401, 401)])
def test_sizes_of_nets_and_beyond(shape, dtype):
    m, k, n = shape
    for ta, tb, add in ((0, 0, 0), (1, 0, 1), (0, 1, 0)):
        check(m, k, n, ta, tb, add, dtype)


def test_sums_do_not_depend_on_the_other_rows():
    # A row of C has the same bytes whatever stands above and below it.
    A, B, _ = operands(23, 33, 37, 0, 0, "float32")
    C = np.empty((23, 37), np.float32)
    multiply(A, B, C, 0, 0, 0)
    for first, last in ((0, 8), (8, 16), (3, 20)):
        part = np.empty((last - first, 37), np.float32)
        multiply(A[first:last], B, part, 0, 0, 0)
        np.testing.assert_array_equal(part, C[first:last])


def test_one_row_is_summed_as_many_are():
    A, B, _ = operands(20, 600, 333, 0, 0, "float32")
    C, row = np.empty((20, 333), np.float32), np.empty((1, 333), np.float32)
    multiply(A, B, C, 0, 0, 0)
    for i in (0, 7, 19):
        multiply(A[i : i + 1], B, row, 0, 0, 0)
        np.testing.assert_array_equal(row[0], C[i])


@pytest.mark.parametrize("dtype", sorted(EPS))
@pytest.mark.parametrize("m", [1, 2])
def test_one_and_two_rows(m, dtype):
    """Numbers of columns, and lengths of dot products, around multiples of registers."""
    for n in (1, 15, 16, 17, 63, 64, 65, 127, 128, 129, 200, 261):
        for k in (1, 8, 16, 33, 300):
            for tb, add in ((0, 0), (1, 0), (1, 1)):
                check(m, k, n, 0, tb, add, dtype)
                check(n, k, m, tb, 0, add, dtype)


SCRIPT = """
import json, itertools
import numpy as np
from optbench.kernels.compiling import features
from optbench.kernels.products import product
from tests.kernels.products.test_product import check, EPS
from tests.kernels.products.test_strided import check as check_strided, multiply_strided
from tests.kernels.products.test_tabled import check as check_at, multiply_at
for dtype in sorted(EPS):
    for m, k, n in itertools.product((1, 2, 5, 13, 19), (1, 7, 35), (1, 3, 9, 18, 37)):
        for ta, tb, add in itertools.product((0, 1), repeat=3):
            check(m, k, n, ta, tb, add, dtype)
    for gaps in ((0, 0, 0), (1, 7, 40)):
        for ta, tb, add in itertools.product((0, 1), repeat=3):
            check_strided(13, 9, 18, ta, tb, add, dtype, gaps, multiply_strided)
        for m in (2, 13):
            check_at(m, 9, 37, 1, dtype, gaps[1:], multiply_at)
    check(130, 257, 131, 0, 1, 1, dtype)
    for name in product.ARGUMENTS:
        product.symbol(dtype, name)
codes = [
    next(iter(product.compiled(np.dtype(d), name).inspect_asm().values()))
    for d in sorted(EPS) for name in (product.SYMBOL, product.TABLED_SYMBOL)
]
fused = all("vfmadd" in code for code in codes)
print(json.dumps(dict(level=features.LEVEL, fused=fused, count=len(codes))))
"""


@pytest.mark.conformance
@pytest.mark.parametrize("path", ["generic", "avx2"])
def test_narrower_instruction_sets(path):
    if not offered(path):
        pytest.skip(f"this processor has no {path}")
    done = python("-c", SCRIPT, **PATHS[path])
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == dict(level=path, fused=path != "generic", count=4)
