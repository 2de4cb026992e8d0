"""The four primitives that every layer of a net is written on, and how layers get at memory.

A layer is one plain function that serves two targets. On the CPU one thread owns a whole net, so
a share of a range is all of it and a sum needs nobody else. On CUDA a block of threads owns a
net: `span` then strides over the range by thread, `total` sums over the block, `sync` is the
block's barrier and `matmul` shares out the elements of C; those versions are overloads of these
same functions with ``target="cuda"``. Layers keep to three rules so that both are right:

- Whoever writes an element alone reads it until the next `sync`. Elementwise loops over a matrix
  run over all rows outside and over ``span(columns)`` inside, which vectorises on the CPU and
  reads adjacent addresses on CUDA, and makes column sums (bias gradients) private to a thread.
- `total` returns the sum on every thread. `matmul` begins and ends in step: its operands are
  complete (a `sync` came before), and C is complete when it returns.
- Nothing is allocated; buffers are arguments.

`wide`, `get` and `put` are `span` and indexing for formulas that the compiler does not vectorise
by itself, such as those with exp: on the CPU ``get(v, c)`` is a Vec of `lanes(v)` neighbours, on
CUDA (and in plain Python) one number. What a loop over ``wide(v, n)`` touches must be a multiple
of `lanes` long; buffers are therefore padded (see `optbench.nets.packing`).

In plain Python the functions mean the same on NumPy arrays.
"""

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, overload
from numba.np.linalg import ensure_blas
from numba.np.numpy_support import as_dtype

from optbench.kernels.compiling.parts import PartCompiler
from optbench.kernels.products import product
from optbench.kernels.products.views import view
from optbench.kernels.simd.access import access
from optbench.kernels.simd.vec import Vec
from optbench.kernels.sizes import WIDTHS

LARGE = 400**3
"""Products of more multiplications are left to BLAS, which blocks them for all caches."""

# ----------------------------------------------------------------------------------- the four


def span(n):
    """Return this thread's share of ``range(n)``."""
    return range(n)


def total(v):
    """Return the sum of `v` over the threads of a net, and over the lanes of a Vec."""
    return v


def sync():
    """Wait until every thread of a net is here and sees what the others wrote."""


def anywhere(condition):
    """Say whether a condition holds on any thread of a net."""
    return condition


def greatest(v):
    """Return the largest number of all threads of a net."""
    return v


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


# -------------------------------------------------------------------------------------- memory


def matrix(v, start, rows, columns):
    """Return ``v[start:]`` as a matrix [rows, columns], a view."""
    return v[start : start + rows * columns].reshape(rows, columns)


def vector(v, start, n):
    """Return `n` numbers from place `start` of the array `v` (read row by row), a view."""
    return v.reshape(-1)[start : start + n]


def lanes(v):
    """Return how many neighbours `get` takes from `v` at once."""
    return 1


def wide(v, n):
    """Return this thread's share of the places 0, lanes(v), 2 lanes(v), ... below `n`."""
    return range(n)


def get(v, c):
    """Return the neighbours of `v` that begin at place `c`."""
    return v[c]


def put(v, c, value):
    """Write to `v`, from place `c` on, what `get` would return."""
    v[c] = value


def gives_view(function):
    """Mark a function that returns a view of an array: CUDA has to build it into its callers."""
    function.gives_view = True
    return function


PRIMITIVES = (
    span, total, sync, anywhere, greatest, matmul, matrix, vector, lanes, wide, get, put,
)  # fmt: skip
"""What compiled code knows by overload."""


# ------------------------------------------------------------------------------------ on the CPU


def _on_cpu(primitive):
    options = dict(no_cfunc_wrapper=True, pipeline_class=PartCompiler)
    return overload(primitive, target="cpu", strict=False, jit_options=options)


_on_cpu(span)(lambda n: span)
_on_cpu(sync)(lambda: sync)
_on_cpu(anywhere)(lambda condition: anywhere)
_on_cpu(greatest)(lambda v: greatest)


def _vec(v):
    return Vec(v.dtype, WIDTHS[as_dtype(v.dtype)])


@_on_cpu(total)
def _total(v):
    if isinstance(v, Vec):
        sum_lanes = access(v)["sum_lanes"]
        return lambda v: sum_lanes(v)
    return total


@_on_cpu(lanes)
def _lanes(v):
    width = _vec(v).width
    return lambda v: width


@_on_cpu(wide)
def _wide(v, n):
    width = _vec(v).width
    return lambda v, n: range(0, n, width)


@_on_cpu(get)
def _get(v, c):
    load = access(_vec(v))["load"]
    return lambda v, c: load(v, c)


@_on_cpu(put)
def _put(v, c, value):
    store = access(_vec(v))["store"]
    return lambda v, c, value: store(v, c, value)


@_on_cpu(matrix)
def _matrix(v, start, rows, columns):
    return lambda v, start, rows, columns: view(v, start, (rows, columns))


@_on_cpu(vector)
def _vector(v, start, n):
    return lambda v, start, n: view(v, start, (n,))


@_on_cpu(matmul)
def _matmul(A, B, C, ta, tb, add=False):
    if not _known(A, B, C):
        return None

    def multiply(A, B, C, ta, tb, add=False):
        if C.size * (A.shape[0] if ta else A.shape[1]) > LARGE:
            _gemm(A, B, C, ta, tb, add)
        else:
            _product(A, B, C, ta, tb, add)

    return multiply


def _known(A, B, C):
    return A == B == C == types.Array(A.dtype, 2, "C") and A.dtype in (types.float64, types.float32)


@intrinsic
def _product(typing, A, B, C, ta, tb, add):
    """Call the compiled product of `product`."""
    if not _known(A, B, C):
        return None
    symbol = product.symbol(str(A.dtype))

    def generate(context, builder, sig, values):
        a, b, c = (context.make_array(A)(context, builder, value=value) for value in values[:3])
        word = ir.IntType(64)
        flags = [
            builder.zext(context.cast(builder, value, kind, types.boolean), word)
            for value, kind in zip(values[3:], sig.args[3:], strict=True)
        ]
        (a_rows, a_columns), (m, n) = (
            cgutils.unpack_tuple(builder, array.shape, 2) for array in (a, c)
        )
        k = builder.select(builder.icmp_signed("!=", flags[0], word(0)), a_rows, a_columns)
        function = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(ir.VoidType(), [word] * product.ARGUMENTS), symbol
        )
        addresses = [builder.ptrtoint(array.data, word) for array in (a, b, c)]
        builder.call(function, [*addresses, m, n, k, *flags])
        return context.get_dummy_value()

    return types.none(A, B, C, ta, tb, add), generate


@intrinsic
def _gemm(typing, A, B, C, ta, tb, add):
    """Call BLAS once, with flags that are known at run time only."""
    if not _known(A, B, C):
        return None
    ensure_blas()
    letter = ord("d" if A.dtype == types.float64 else "s")

    def generate(context, builder, sig, values):
        # Row-major C = op(A) op(B) is column-major C' = op(B)' op(A)'.
        a, b, c = (context.make_array(A)(context, builder, value=value) for value in values[:3])
        turn_a, turn_b, keep = (
            context.cast(builder, value, kind, types.boolean)
            for value, kind in zip(values[3:], sig.args[3:], strict=True)
        )
        (a_rows, a_columns), (_, b_columns), (m, n) = (
            cgutils.unpack_tuple(builder, array.shape, 2) for array in (a, b, c)
        )
        k = builder.select(turn_a, a_rows, a_columns)
        number = context.get_value_type(A.dtype)
        one, zero = ir.Constant(number, 1.0), ir.Constant(number, 0.0)
        alpha = cgutils.alloca_once_value(builder, one)
        beta = cgutils.alloca_once(builder, number)
        builder.store(builder.select(keep, one, zero), beta)
        byte, size = ir.IntType(8), ir.IntType(64)
        address = byte.as_pointer()
        kinds = [byte] * 3 + [size] * 3 + [address] * 2 + [size, address, size] + [address] * 2
        gemm = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(ir.IntType(32), [*kinds, size]), "numba_xxgemm"
        )
        letters = [
            builder.select(turn, ir.Constant(byte, ord("t")), ir.Constant(byte, ord("n")))
            for turn in (turn_b, turn_a)
        ]
        pointers = [
            builder.bitcast(value, address) for value in (alpha, b.data, a.data, beta, c.data)
        ]
        builder.call(
            gemm,
            [ir.Constant(byte, letter), *letters, n, m, k, *pointers[:2], b_columns, pointers[2],
             a_columns, *pointers[3:], n],
        )  # fmt: skip
        return context.get_dummy_value()

    return types.none(A, B, C, ta, tb, add), generate
