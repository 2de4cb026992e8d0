"""Large products have the same bytes whoever computes their blocks."""

import numba
import numpy as np
import pytest

from optbench.kernels.products import product
from optbench.kernels.products.calling import address, called
from optbench.kernels.products.matmul import SHARED
from optbench.kernels.products.shared import LARGE
from tests.kernels.products.test_product import EPS, check, multiply, operands
from tests.kernels.sitting import sitting

SHAPES = [(130, 257, 131), (700, 90, 40), (49, 1031, 77), (9000, 300, 1), (3, 900, 1000)]
"""Products (m, k, n) of our own that are cut along rows, along columns, or along both."""
BEYOND = [(401, 402, 403), (1100, 256, 513), (2, 6000, 6000)]
"""Those that are left to BLAS."""


@pytest.fixture(scope="module", params=sorted(EPS))
def whole(request):
    """Return a dtype, and our own product that is not cut."""
    call = called(product.symbol(request.param, product.SYMBOL), 12)

    @numba.njit
    def whole(A, B, C, ta, tb, add):
        k = A.shape[0] if ta else A.shape[1]
        m, n = C.shape
        call((
            address(A, 0), A.shape[1], address(B, 0), B.shape[1], address(C, 0), n, m, n, k, ta, tb,
            add,
        ))  # fmt: skip

    return request.param, whole


@pytest.mark.parametrize("turned", [(0, 0), (1, 0), (0, 1), (1, 1)])
@pytest.mark.parametrize("shape", SHAPES)
def test_cutting_changes_no_byte(shape, turned, whole):
    m, k, n = shape
    assert SHARED < m * k * n <= LARGE
    dtype, multiply_whole = whole
    A, B, before = operands(m, k, n, *turned, dtype)
    for add in (0, 1):
        C, expected = before.copy(), before.copy()
        multiply_whole(A, B, expected, *turned, add)
        multiply(A, B, C, *turned, add)
        np.testing.assert_array_equal(C, expected)


@pytest.mark.parametrize("dtype", sorted(EPS))
@pytest.mark.parametrize("shape", BEYOND)
def test_blas_gives_the_same_bytes_to_any_number_of_threads(shape, dtype):
    m, k, n = shape
    assert m * k * n > LARGE
    A, B, C = operands(m, k, n, 0, 1, dtype)
    results = []
    for threads in (0, 1, 3):
        with sitting(threads):
            for _ in range(3):
                multiply(A, B, C, 0, 1, 0)
                results.append(C.tobytes())
    assert len(set(results)) == 1
    check(m, k, n, 0, 1, 1, dtype)


def test_blas_takes_over_where_it_is_said():
    assert 400**3 == LARGE < 401**3
    check(2, 2, 2, 0, 0, 0, "float64")
    (code,) = product.compiled(np.dtype("float64"), product.BLOCK_SYMBOL).inspect_llvm().values()
    assert "numba_xxgemm" in code and product.SYMBOL in code
    calling, *_ = multiply.inspect_llvm().values()
    assert product.SHARED_SYMBOL in calling and product.SYMBOL in calling
