"""Division and square root by 14-bit estimates and multiply-adds, on AVX-512.

A unit that divides takes 10 to 24 cycles for a register of 512 bits and keeps all other divisions
and roots waiting; multiply-adds flow. From an estimate r of 1/y with the relative error
e = 1 - y r, |e| <= 2^-14, follows

    x / y = x r / (1 - e) = x r (1 + e + e^2 + e^3 + ...),

and from an estimate r of 1 / sqrt(v) with e = 1 - v r^2, |e| < 1.0001 2^-13,

    sqrt(v) = v r / sqrt(1 - e) = v r (1 + e / 2 + 3 e^2 / 8 + 5 e^3 / 16 + ...).

Each series is cut where it is beyond the precision, and its last step is one multiply-add
``q + q s`` with a small s. So what is left is the rounding of the product ``x r`` or ``v r`` (of
the latter only half, since e is computed from the rounded product), at most 1 unit in the last
place, the last rounding, at most 1/2, and the cut, at most 1/8 (float64: 2^-56, roots 2^-56 too
with one coefficient moved; float32: 2^-28, roots 2^-27.4): below 2 in all. No step subtracts
numbers of the result's size, so results are as good at the lower end of the range.

What a series cannot do (a divisor that is 0, infinite, NaN or so large that its inverse is not a
normal number; a dividend or quotient that is not finite) is seen by ``e < 1/2`` and by a result
that is NaN, and left to the hardware's unit, in a branch that is almost never taken. In it each
lane still chooses for itself: its bits never depend on what its neighbours divide by.
"""

from llvmlite import ir
from numba.core import cgutils

from optbench.kernels.compiling.features import DIVIDES, ROOTS  # noqa: F401 (`operations` asks here)

REGISTER = 512

_FIX_ROOT = 0x00100100
"""Table of VFIXUPIMM, 4 bits for each kind of number: 1 ("the operand itself") for zeros (kind 2)
and +infinity (kind 5), 0 ("what was computed") for the others."""


def divide(builder, x, y):
    """Return x / y for LLVM vectors."""
    if not _fits(y):
        return builder.fdiv(x, y)
    lanes = _lanes(y)
    pairs = zip(pieces(builder, x, lanes), pieces(builder, y, lanes), strict=True)
    quotients, usual = zip(*[_divide_register(builder, u, v) for u, v in pairs], strict=True)
    quotient = join(builder, list(quotients))
    return _unless(builder, usual, quotient, lambda: builder.fdiv(x, y))


def _divide_register(builder, x, y):
    """Return the quotient, and in which lanes it may be relied on."""
    inverse = _estimate(builder, y, "rcp14")
    error = _fma(builder, builder.fneg(y), inverse, _constant(y, 1.0))
    series = error
    for _ in range(2 if _double(y) else 0):
        series = _fma(builder, series, error, error)
    quotient = builder.fmul(x, inverse)
    quotient = _fma(builder, quotient, series, quotient)
    fine = builder.and_(
        builder.fcmp_ordered("<", error, _constant(y, 0.5)),
        builder.fcmp_ordered("ord", quotient, quotient),
    )
    return quotient, fine


def root(builder, v):
    """Return the square root of an LLVM vector."""
    if not _fits(v):
        return _call(builder, "llvm.sqrt" + _suffix(v), v.type, [v])
    return join(builder, [_root_register(builder, part) for part in pieces(builder, v, _lanes(v))])


def _root_register(builder, v):
    inverse = _estimate(builder, v, "rsqrt14")
    result = builder.fmul(v, inverse)
    error = _fma(builder, builder.fneg(result), inverse, _constant(v, 1.0))
    if _double(v):
        # 35/128 e^4 is dropped; its Chebyshev part of lower degree, 35/128 2^-26 e^2, is kept.
        series = _fma(builder, error, _constant(v, 5 / 16), _constant(v, 3 / 8 + 35 / 128 * 2**-26))
        series = _fma(builder, error, series, _constant(v, 1 / 2))
    else:
        series = _constant(v, 1 / 2)
    result = _fma(builder, result, builder.fmul(error, series), result)
    return _fix(builder, result, v)


def _fix(builder, result, v):
    """Put roots of 0, -0 and infinity right: they are the operand."""
    double = _double(v)
    integer = ir.IntType(64 if double else 32)
    table = ir.Constant(ir.VectorType(integer, v.type.count), [_FIX_ROOT] * v.type.count)
    all_lanes = ir.Constant(ir.IntType(v.type.count), -1)
    name = f"llvm.x86.avx512.mask.fixupimm.{'pd' if double else 'ps'}.512"
    i32 = ir.IntType(32)
    current_rounding = ir.Constant(i32, 4)
    arguments = [result, v, table, ir.Constant(i32, 0), all_lanes, current_rounding]
    return _call(builder, name, v.type, arguments)


def _fits(v):
    """Whether the vector consists of whole registers."""
    return v.type.count % _lanes(v) == 0


def _double(v):
    return v.type.element == ir.DoubleType()


def _lanes(v):
    return REGISTER // (64 if _double(v) else 32)


def _constant(v, value):
    return ir.Constant(v.type, [ir.Constant(v.type.element, value)] * v.type.count)


def _suffix(v):
    return f".v{v.type.count}{'f64' if _double(v) else 'f32'}"


def _call(builder, name, result, values):
    function = cgutils.get_or_insert_function(
        builder.module, ir.FunctionType(result, [value.type for value in values]), name
    )
    return builder.call(function, values)


def _fma(builder, x, y, z):
    return _call(builder, "llvm.fma" + _suffix(x), x.type, [x, y, z])


def _estimate(builder, v, name):
    """Apply an estimating instruction to a register."""
    mask = ir.IntType(v.type.count)
    name = f"llvm.x86.avx512.{name}.{'pd' if _double(v) else 'ps'}.512"
    return _call(builder, name, v.type, [v, ir.Constant(v.type, None), ir.Constant(mask, -1)])


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
    """Return `value` in the lanes that are `usual`, else what `otherwise` builds, in a branch.

    `usual` is a list of masks, one for each register of `value`.
    """
    all_usual = usual[0]
    for mask in usual[1:]:
        all_usual = builder.and_(all_usual, mask)
    bits = builder.bitcast(all_usual, ir.IntType(all_usual.type.count))
    unusual = builder.icmp_unsigned("!=", bits, ir.Constant(bits.type, -1))
    before = builder.block
    with builder.if_then(unusual, likely=False):
        exact = builder.select(join(builder, list(usual)), value, otherwise())
        inside = builder.block
    result = builder.phi(value.type)
    result.add_incoming(value, before)
    result.add_incoming(exact, inside)
    return result
