"""Products that the threads of a block share, in the simulator, against plain Python."""

import numpy as np
import pytest

from optbench.kernels.products.primitives import matmul_at, matmul_strided

pytestmark = pytest.mark.cudasim


def shared(name, threads, *arguments):
    """Run a product with so many threads."""
    from optbench.kernels.cuda import primitives
    from optbench.kernels.cuda.device import cuda

    _, names = primitives.bound(np.dtype("float64"), threads)
    multiply = names[name]

    @cuda.jit
    def kernel(*arguments):
        multiply(*arguments)

    kernel[1, threads, 0, 8 * primitives.reserved(threads)](*arguments)


@pytest.mark.parametrize("threads", [1, 3, 64])
@pytest.mark.parametrize("flags", [(0, 0, 0), (1, 0, 1), (0, 1, 0), (1, 1, 1)])
def test_rows_that_lie_apart(threads, flags):
    v = np.random.default_rng(0).standard_normal(600)
    expected = v.copy()
    rest = 9, 7, 8, *flags
    matmul_strided(expected, 3, 14, expected, 170, 15, expected, 400, 11, *rest)
    shared("matmul_strided", threads, v, 3, 14, v, 170, 15, v, 400, 11, *rest)
    np.testing.assert_allclose(v, expected, rtol=0, atol=1e-13)


@pytest.mark.parametrize("threads", [4, 64])
@pytest.mark.parametrize(("m", "n", "k"), [(40, 17, 23), (3, 50, 40), (70, 2, 9), (1, 1, 70)])
@pytest.mark.parametrize("flags", [(0, 0, 1), (1, 1, 0)])
def test_several_tiles_and_depths(threads, m, n, k, flags):
    """Large tiles and small ones, wide and high; what lies beside C stays."""
    ta, tb, add = flags
    rng = np.random.default_rng(2)
    a, b, c = (rng.standard_normal(size) for size in (m * k, k * n, m * (n + 1)))
    expected = c.copy()
    row_a, row_b = m if ta else k, k if tb else n
    matmul_strided(a, 0, row_a, b, 0, row_b, expected, 0, n + 1, m, n, k, ta, tb, add)
    shared("matmul_strided", threads, a, 0, row_a, b, 0, row_b, c, 0, n + 1, m, n, k, ta, tb, add)
    np.testing.assert_allclose(c, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("threads", [1, 3, 64])
@pytest.mark.parametrize("add", [0, 1])
def test_numbers_where_tables_say(threads, add):
    rng = np.random.default_rng(1)
    v, q = rng.standard_normal(400), rng.integers(-20, 20, 30)
    expected = v.copy()
    rest = 9, 7, 13, add
    matmul_at(expected, 50, q, 1, 12, expected, 100, 8, expected, 250, 10, *rest)
    shared("matmul_at", threads, v, 50, q, 1, 12, v, 100, 8, v, 250, 10, *rest)
    np.testing.assert_allclose(v, expected, rtol=0, atol=1e-13)
