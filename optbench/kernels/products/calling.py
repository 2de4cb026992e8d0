"""Calling compiled products, and BLAS, from code that Numba compiles."""

import functools
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

WORD = ir.IntType(64)


@intrinsic
def address(typing, v, place):
    """Return the address of number `place` of a contiguous array, read row by row."""

    def generate(context, builder, sig, values):
        array = context.make_array(sig.args[0])(context, builder, value=values[0])
        return builder.ptrtoint(builder.gep(array.data, [values[1]]), WORD)

    return types.int64(v, types.intp), generate


@functools.cache
def called(symbol: str, arguments: int) -> Any:
    """Return ``call(integers)``, which calls the code of a symbol with so many of them."""

    @intrinsic
    def call(typing, integers):
        def generate(context, builder, sig, values):
            words = cgutils.unpack_tuple(builder, values[0], arguments)
            kind = ir.FunctionType(ir.VoidType(), [WORD] * arguments)
            builder.call(cgutils.get_or_insert_function(builder.module, kind, symbol), words)
            return context.get_dummy_value()

        return types.none(types.UniTuple(types.int64, arguments)), generate

    return call


@functools.cache
def gemm(number: types.Float) -> Any:
    """Return ``multiply(a, a_row, b, b_row, c, c_row, m, n, k, ta, tb, add)``, one call of BLAS.

    The arguments are those of `product.product_of`.
    """
    from numba.np.linalg import ensure_blas  # see `compiling.saved_units`

    ensure_blas()
    letter = ord("d" if number == types.float64 else "s")

    @intrinsic
    def multiply(typing, integers):
        def generate(context, builder, sig, values):
            # Row-major C = op(A) op(B) is column-major C' = op(B)' op(A)'.
            a, a_row, b, b_row, c, c_row, m, n, k, ta, tb, add = cgutils.unpack_tuple(
                builder, values[0], 12
            )
            kind, byte = context.get_value_type(number), ir.IntType(8)
            pointer = byte.as_pointer()
            one, zero = ir.Constant(kind, 1.0), ir.Constant(kind, 0.0)
            alpha = builder.bitcast(cgutils.alloca_once_value(builder, one), pointer)
            beta = cgutils.alloca_once(builder, kind)
            builder.store(builder.select(_is_set(builder, add), one, zero), beta)
            beta = builder.bitcast(beta, pointer)
            turn_b, turn_a = (
                builder.select(
                    _is_set(builder, flag), ir.Constant(byte, ord("t")), ir.Constant(byte, ord("n"))
                )
                for flag in (tb, ta)
            )
            a, b, c = (builder.inttoptr(value, pointer) for value in (a, b, c))
            arguments = [
                ir.Constant(byte, letter), turn_b, turn_a, n, m, k, alpha, b, b_row, a, a_row, beta,
                c, c_row,
            ]  # fmt: skip
            function = ir.FunctionType(ir.IntType(32), [value.type for value in arguments])
            builder.call(
                cgutils.get_or_insert_function(builder.module, function, "numba_xxgemm"), arguments
            )
            return context.get_dummy_value()

        return types.none(types.UniTuple(types.int64, 12)), generate

    return multiply


def _is_set(builder: ir.IRBuilder, flag: ir.Value) -> ir.Value:
    return builder.icmp_signed("!=", flag, ir.Constant(WORD, 0))
