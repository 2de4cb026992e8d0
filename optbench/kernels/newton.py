"""Division and square root by 14-bit estimates and Newton steps, on AVX-512.

The hardware's units take 4 to 9 cycles for a vector of float64 and nothing else may use them
meanwhile; multiply-adds flow. One estimate, two Newton steps (one for float32) and a correction
of the residual give at most 2 ulp. What the steps cannot do (a divisor that is 0, infinite, NaN or
beyond 2^1020, a result that is not finite) is left to the hardware's unit, in a branch that is
almost never taken.
"""

import numpy as np
from llvmlite import ir
from numba.core import cgutils

from optbench.kernels.features import LEVEL

AVAILABLE = LEVEL == "avx512"
_LARGEST = {ir.DoubleType(): 2.0**1020, ir.FloatType(): float(np.float32(2.0**124))}


def divide(builder, x, y):
    """Return x / y for LLVM vectors."""
    if not _fits(y):
        return builder.fdiv(x, y)
    estimate = _estimate(builder, y, "rcp14")
    one, negative = _constant(y, 1.0), builder.fneg(y)
    for _ in range(_steps(y)):
        error = _fma(builder, negative, estimate, one)
        estimate = _fma(builder, estimate, error, estimate)
    quotient = builder.fmul(x, estimate)
    rest = _fma(builder, negative, quotient, x)
    quotient = _fma(builder, rest, estimate, quotient)
    usual = builder.and_(
        builder.fcmp_ordered("<", _abs(builder, quotient), _constant(y, np.inf)),
        builder.fcmp_ordered("<", _abs(builder, y), _constant(y, _LARGEST[y.type.element])),
    )
    return _unless(builder, usual, quotient, lambda: builder.fdiv(x, y))


def root(builder, v):
    """Return the square root of an LLVM vector."""
    if not _fits(v):
        return _call(builder, "llvm.sqrt" + _suffix(v), v.type, [v])
    half = _constant(v, 0.5)
    inverse = _estimate(builder, v, "rsqrt14")
    result = builder.fmul(v, inverse)
    half_inverse = builder.fmul(half, inverse)
    for _ in range(_steps(v)):  # Goldschmidt: result -> root, half_inverse -> 1 / (2 root)
        error = _fma(builder, builder.fneg(half_inverse), result, half)
        result = _fma(builder, result, error, result)
        half_inverse = _fma(builder, half_inverse, error, half_inverse)
    rest = _fma(builder, builder.fneg(result), result, v)
    result = _fma(builder, rest, half_inverse, result)
    itself = builder.or_(
        builder.fcmp_ordered("==", v, _constant(v, 0.0)),
        builder.fcmp_ordered("==", v, _constant(v, np.inf)),
    )
    return builder.select(itself, v, result)


def _fits(v):
    """Whether the vector consists of whole registers of 512 bits."""
    return v.type.count % _lanes(v) == 0


def _lanes(v):
    return 8 if v.type.element == ir.DoubleType() else 16


def _steps(v):
    return 2 if v.type.element == ir.DoubleType() else 1


def _constant(v, value):
    return ir.Constant(v.type, [ir.Constant(v.type.element, value)] * v.type.count)


def _suffix(v):
    return f".v{v.type.count}{'f64' if v.type.element == ir.DoubleType() else 'f32'}"


def _call(builder, name, result, values):
    function = cgutils.get_or_insert_function(
        builder.module, ir.FunctionType(result, [value.type for value in values]), name
    )
    return builder.call(function, values)


def _fma(builder, x, y, z):
    return _call(builder, "llvm.fma" + _suffix(x), x.type, [x, y, z])


def _abs(builder, v):
    return _call(builder, "llvm.fabs" + _suffix(v), v.type, [v])


def _estimate(builder, v, name):
    """Apply an estimating instruction to each register of `v`."""
    lanes = _lanes(v)
    part = ir.VectorType(v.type.element, lanes)
    mask = ir.IntType(lanes)
    letters = "pd" if lanes == 8 else "ps"
    zero, all_lanes = ir.Constant(part, None), ir.Constant(mask, -1)
    parts = [
        _call(builder, f"llvm.x86.avx512.{name}.{letters}.512", part, [piece, zero, all_lanes])
        for piece in pieces(builder, v, lanes)
    ]
    return join(builder, parts)


def pieces(builder, v, lanes):
    """Cut an LLVM vector into vectors of `lanes` lanes."""
    i32 = ir.IntType(32)
    undefined = ir.Constant(v.type, ir.Undefined)
    cut = []
    for first in range(0, v.type.count, lanes):
        places = [ir.Constant(i32, first + j) for j in range(lanes)]
        order = ir.Constant(ir.VectorType(i32, lanes), places)
        cut.append(builder.shuffle_vector(v, undefined, order))
    return cut


def join(builder, parts):
    """Put a power of two of LLVM vectors together again."""
    i32 = ir.IntType(32)
    while len(parts) > 1:
        count = 2 * parts[0].type.count
        order = ir.Constant(ir.VectorType(i32, count), [ir.Constant(i32, j) for j in range(count)])
        parts = [
            builder.shuffle_vector(parts[i], parts[i + 1], order) for i in range(0, len(parts), 2)
        ]
    return parts[0]


def _unless(builder, usual, value, otherwise):
    """Return `value` where every lane is `usual`, else what `otherwise` builds, in a branch."""
    bits = builder.bitcast(usual, ir.IntType(usual.type.count))
    unusual = builder.icmp_unsigned("!=", bits, ir.Constant(bits.type, -1))
    before = builder.block
    with builder.if_then(unusual, likely=False):
        exact = otherwise()
        inside = builder.block
    result = builder.phi(value.type)
    result.add_incoming(value, before)
    result.add_incoming(exact, inside)
    return result
