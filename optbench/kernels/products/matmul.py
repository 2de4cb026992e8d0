"""Matrix products as layers call them: of whole matrices, and of those whose rows lie apart.

In plain Python they work on NumPy arrays; compiled code for the CPU calls the product of `product`
by its symbol, or what cuts it in blocks. `primitives` says what they owe to threads.
"""

import functools

import numpy as np
from numba import types
from numpy.lib.stride_tricks import as_strided

from optbench.kernels.compiling.options import helper
from optbench.kernels.products import product
from optbench.kernels.products.calling import address, called
from optbench.kernels.products.overloading import on_cpu
from optbench.kernels.products.product import ARGUMENTS, SHARED_SYMBOL, SYMBOL, TABLED_SYMBOL

SHARED = 1 << 21
"""Products of more multiplications, tens of microseconds, are cut in blocks (see `shared`)."""


def matmul(A, B, C, ta, tb, add=False):
    """Write ``op(A) @ op(B)`` into C, where op transposes if `ta` (for A) or `tb` (for B) is true.

    Parameters
    ----------
    A, B, C : array, 2-D, C-contiguous, of one dtype
        C overlaps neither A nor B; no side is 0.
    ta, tb : bool or int
    add : bool or int
        Whether to add to what C holds, instead of replacing it.
    """
    product = np.dot(A.T if ta else A, B.T if tb else B)
    C[...] = C + product if add else product


def matmul_strided(a, at_a, row_a, b, at_b, row_b, c, at_c, row_c, m, n, k, ta, tb, add):
    """Write ``op(A) @ op(B)`` into C, matrices inside of flat arrays whose rows lie apart.

    Row i of A begins at ``a[at_a + i row_a]`` and so on: a block of a wider matrix has its rows at
    the distance of that matrix (the leading dimension of BLAS).

    Parameters
    ----------
    a, b, c : array, 1-D, contiguous, of one dtype
        They may be the same array; C overlaps neither A nor B.
    at_a, at_b, at_c : int
        Places of the first numbers.
    row_a, row_b, row_c : int
        From one row, as it is stored, to the next: at least its length.
    m, n, k : int
        C is [m, n]; A is stored as [m, k], or [k, m] if `ta`; B as [k, n], or [n, k] if `tb`. No
        side is 0.
    ta, tb, add : bool or int
        As in `matmul`.
    """
    A = _block(a, at_a, row_a, (k, m) if ta else (m, k))
    B = _block(b, at_b, row_b, (n, k) if tb else (k, n))
    matmul(A, B, _block(c, at_c, row_c, (m, n)), ta, tb, add)


def matmul_at(a, at_a, q, bases, offsets, b, at_b, row_b, c, at_c, row_c, m, n, k, add):
    """Write ``A @ B`` into C, where ``A[i, h] = a[at_a + q[bases + i] + q[offsets + h]]``.

    A convolution is such a product: `bases` are the windows, `offsets` the places in a window. With
    both tables exchanged A is transposed.

    Parameters
    ----------
    a, b, c : array, 1-D, contiguous, of one dtype
        They may be the same array; C overlaps neither A nor B.
    q : int64 array, 1-D, contiguous
    bases, offsets : int
        Places in `q` of tables of `m` and of `k` numbers.
    at_a, at_b, at_c, row_b, row_c, m, n, k, add
        As in `matmul_strided`.
    """
    places = at_a + np.add.outer(q[bases : bases + m], q[offsets : offsets + k])
    if places.min() < 0:
        raise IndexError(f"a place of A is {places.min()}")
    B = _block(b, at_b, row_b, (k, n))
    matmul(a[places], B, _block(c, at_c, row_c, (m, n)), False, False, add)


def _block(v, start, row, shape):
    """Return a matrix inside of a flat array, a view; IndexError if it goes beyond the end."""
    if not 0 <= start <= start + (shape[0] - 1) * row + shape[1] <= len(v):
        raise IndexError(f"{shape} numbers from {start} on, rows {row} apart, of {len(v)}")
    step = v.strides[0]
    return as_strided(v[start:], shape, (row * step, step))


# ------------------------------------------------------------------------------------ on the CPU


@on_cpu(matmul)
def _matmul(A, B, C, ta, tb, add=False):
    if not _same(2, A, B, C):
        return None
    multiply = _multiply(A.dtype)

    def whole(A, B, C, ta, tb, add=False):
        k = A.shape[0] if ta else A.shape[1]
        row_a, row_b, (m, n) = A.shape[1], B.shape[1], C.shape
        multiply(A, 0, row_a, B, 0, row_b, C, 0, n, m, n, k, ta, tb, add)

    return whole


@on_cpu(matmul_strided)
def _matmul_strided(a, at_a, row_a, b, at_b, row_b, c, at_c, row_c, m, n, k, ta, tb, add):
    if not _same(1, a, b, c):
        return None
    multiply = _multiply(a.dtype)

    def strided(a, at_a, row_a, b, at_b, row_b, c, at_c, row_c, m, n, k, ta, tb, add):
        multiply(a, at_a, row_a, b, at_b, row_b, c, at_c, row_c, m, n, k, ta, tb, add)

    return strided


@on_cpu(matmul_at)
def _matmul_at(a, at_a, q, bases, offsets, b, at_b, row_b, c, at_c, row_c, m, n, k, add):
    if not _same(1, a, b, c) or q != types.Array(types.int64, 1, "C"):
        return None
    call = called(product.symbol(str(a.dtype), TABLED_SYMBOL), ARGUMENTS[TABLED_SYMBOL])

    def tabled(a, at_a, q, bases, offsets, b, at_b, row_b, c, at_c, row_c, m, n, k, add):
        call((
            address(a, at_a), address(q, bases), address(q, offsets), address(b, at_b), row_b,
            address(c, at_c), row_c, m, n, k, 1 if add else 0,
        ))  # fmt: skip

    return tabled


@functools.cache
def _multiply(number):
    """Return what `matmul_strided` is in compiled code, for arrays of any dimension."""
    call, shared = (
        called(product.symbol(str(number), name), ARGUMENTS[name])
        for name in (SYMBOL, SHARED_SYMBOL)
    )

    @helper
    def multiply(a, at_a, row_a, b, at_b, row_b, c, at_c, row_c, m, n, k, ta, tb, add):
        arguments = (
            address(a, at_a), row_a, address(b, at_b), row_b, address(c, at_c), row_c, m, n, k,
            1 if ta else 0, 1 if tb else 0, 1 if add else 0,
        )  # fmt: skip
        if m * n * k > SHARED:
            shared(arguments)
        else:
            call(arguments)

    return multiply


def _same(dimensions, a, b, c):
    number = a.dtype
    return a == b == c == types.Array(number, dimensions, "C") and number in (
        types.float64, types.float32,
    )  # fmt: skip
