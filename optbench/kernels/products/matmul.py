"""Matrix products as layers call them: of whole matrices, and of those whose rows lie apart.

In plain Python they work on NumPy arrays; compiled code for the CPU calls the product of `product`
by its symbol, or BLAS where matrices are large. `primitives` says what they owe to threads.
"""

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np.linalg import ensure_blas
from numpy.lib.stride_tricks import as_strided

from optbench.kernels.products import product
from optbench.kernels.products.overloading import on_cpu

LARGE = 400**3
"""Products of more multiplications are left to BLAS, which blocks them for all caches."""
WORD = ir.IntType(64)


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

    def multiply(A, B, C, ta, tb, add=False):
        k = A.shape[0] if ta else A.shape[1]
        row_a, row_b, (m, n) = A.shape[1], B.shape[1], C.shape
        if m * n * k > LARGE:
            _gemm(A, 0, row_a, B, 0, row_b, C, 0, n, m, n, k, ta, tb, add)
        else:
            _product(A, 0, row_a, B, 0, row_b, C, 0, n, m, n, k, ta, tb, add)

    return multiply


@on_cpu(matmul_strided)
def _matmul_strided(a, at_a, row_a, b, at_b, row_b, c, at_c, row_c, m, n, k, ta, tb, add):
    if not _same(1, a, b, c):
        return None

    def multiply(a, at_a, row_a, b, at_b, row_b, c, at_c, row_c, m, n, k, ta, tb, add):
        if m * n * k > LARGE:
            _gemm(a, at_a, row_a, b, at_b, row_b, c, at_c, row_c, m, n, k, ta, tb, add)
        else:
            _product(a, at_a, row_a, b, at_b, row_b, c, at_c, row_c, m, n, k, ta, tb, add)

    return multiply


def _same(dimensions, a, b, c):
    number = a.dtype
    return a == b == c == types.Array(number, dimensions, "C") and number in (
        types.float64, types.float32,
    )  # fmt: skip


def _operands(context, builder, sig, values):
    """Return addresses of the matrices, their rows, (m, n, k), and the flags as bits."""
    matrices = range(0, 9, 3)
    addresses = []
    for i in matrices:
        array = context.make_array(sig.args[i])(context, builder, value=values[i])
        addresses.append(builder.ptrtoint(builder.gep(array.data, [values[i + 1]]), WORD))
    flags = [
        context.cast(builder, value, kind, types.boolean)
        for value, kind in zip(values[12:], sig.args[12:], strict=True)
    ]
    return addresses, [values[i + 2] for i in matrices], values[9:12], flags


def _signature(a, b, c, flags):
    place = types.intp
    return types.none(a, place, place, b, place, place, c, *[place] * 5, *flags)


@intrinsic
def _product(typing, a, at_a, row_a, b, at_b, row_b, c, at_c, row_c, m, n, k, ta, tb, add):
    """Call the compiled product of `product`."""
    symbol = product.symbol(str(a.dtype))

    def generate(context, builder, sig, values):
        addresses, rows, sides, flags = _operands(context, builder, sig, values)
        pairs = [one for pair in zip(addresses, rows, strict=True) for one in pair]
        function = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(ir.VoidType(), [WORD] * product.ARGUMENTS), symbol
        )
        builder.call(function, [*pairs, *sides, *(builder.zext(flag, WORD) for flag in flags)])
        return context.get_dummy_value()

    return _signature(a, b, c, (ta, tb, add)), generate


@intrinsic
def _gemm(typing, a, at_a, row_a, b, at_b, row_b, c, at_c, row_c, m, n, k, ta, tb, add):
    """Call BLAS once, with flags that are known at run time only."""
    ensure_blas()
    letter = ord("d" if a.dtype == types.float64 else "s")

    def generate(context, builder, sig, values):
        # Row-major C = op(A) op(B) is column-major C' = op(B)' op(A)'.
        (a, b, c), (a_row, b_row, c_row), (m, n, k), (turn_a, turn_b, keep) = _operands(
            context, builder, sig, values
        )
        number = context.get_value_type(sig.args[0].dtype)
        one, zero = ir.Constant(number, 1.0), ir.Constant(number, 0.0)
        alpha = cgutils.alloca_once_value(builder, one)
        beta = cgutils.alloca_once(builder, number)
        builder.store(builder.select(keep, one, zero), beta)
        byte = ir.IntType(8)
        address = byte.as_pointer()
        kinds = [byte] * 3 + [WORD] * 3 + [address] * 2 + [WORD, address, WORD] + [address] * 2
        gemm = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(ir.IntType(32), [*kinds, WORD]), "numba_xxgemm"
        )
        letters = [
            builder.select(turn, ir.Constant(byte, ord("t")), ir.Constant(byte, ord("n")))
            for turn in (turn_b, turn_a)
        ]
        alpha, beta = builder.bitcast(alpha, address), builder.bitcast(beta, address)
        a, b, c = (builder.inttoptr(value, address) for value in (a, b, c))
        builder.call(
            gemm,
            [ir.Constant(byte, letter), *letters, n, m, k, alpha, b, b_row, a, a_row, beta, c,
             c_row],
        )  # fmt: skip
        return context.get_dummy_value()

    return _signature(a, b, c, (ta, tb, add)), generate
