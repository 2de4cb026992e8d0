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

from collections.abc import Callable, Sequence

from llvmlite import ir

from optbench.kernels.compiling.features import DIVIDES, ROOTS  # noqa: F401 (`operations` asks here)
from optbench.kernels.simd.vectors import I32, call, call_intrinsic, constant, fma, join, pieces

REGISTER = 512

_FIX_ROOT = 0x00100100
"""Table of VFIXUPIMM, 4 bits for each kind of number: 1 ("the operand itself") for zeros (kind 2)
and +infinity (kind 5), 0 ("what was computed") for the others."""


def divide(builder: ir.IRBuilder, x: ir.Value, y: ir.Value) -> ir.Value:
    """Return x / y for LLVM vectors."""
    if not _fits(y):
        return builder.fdiv(x, y)
    lanes = _lanes(y)
    pairs = zip(pieces(builder, x, lanes), pieces(builder, y, lanes), strict=True)
    quotients, usual = zip(*[_divide_register(builder, u, v) for u, v in pairs], strict=True)
    quotient = join(builder, quotients)
    return _unless(builder, usual, quotient, lambda: builder.fdiv(x, y))


def _divide_register(builder: ir.IRBuilder, x: ir.Value, y: ir.Value) -> tuple[ir.Value, ir.Value]:
    """Return the quotient, and in which lanes it may be relied on."""
    inverse = _estimate(builder, y, "rcp14")
    error = fma(builder, builder.fneg(y), inverse, constant(y.type, 1.0))
    series = error
    for _ in range(2 if _double(y) else 0):
        series = fma(builder, series, error, error)
    quotient = builder.fmul(x, inverse)
    quotient = fma(builder, quotient, series, quotient)
    fine = builder.and_(
        builder.fcmp_ordered("<", error, constant(y.type, 0.5)),
        builder.fcmp_ordered("ord", quotient, quotient),
    )
    return quotient, fine


def root(builder: ir.IRBuilder, v: ir.Value) -> ir.Value:
    """Return the square root of an LLVM vector."""
    if not _fits(v):
        return call_intrinsic(builder, "llvm.sqrt", [v])
    return join(builder, [_root_register(builder, part) for part in pieces(builder, v, _lanes(v))])


def _root_register(builder: ir.IRBuilder, v: ir.Value) -> ir.Value:
    """Return the roots of one register."""
    inverse = _estimate(builder, v, "rsqrt14")
    result = builder.fmul(v, inverse)
    error = fma(builder, builder.fneg(result), inverse, constant(v.type, 1.0))
    if _double(v):
        # 35/128 e^4 is dropped; its Chebyshev part of lower degree, 35/128 2^-26 e^2, is kept.
        series = fma(
            builder, error, constant(v.type, 5 / 16), constant(v.type, 3 / 8 + 35 / 128 * 2**-26)
        )
        series = fma(builder, error, series, constant(v.type, 1 / 2))
    else:
        series = constant(v.type, 1 / 2)
    result = fma(builder, result, builder.fmul(error, series), result)
    return _fix(builder, result, v)


def _fix(builder: ir.IRBuilder, result: ir.Value, v: ir.Value) -> ir.Value:
    """Put roots of 0, -0 and infinity right: they are the operand."""
    double = _double(v)
    integer = ir.IntType(64 if double else 32)
    table = ir.Constant(ir.VectorType(integer, v.type.count), [_FIX_ROOT] * v.type.count)
    all_lanes = ir.Constant(ir.IntType(v.type.count), -1)
    name = f"llvm.x86.avx512.mask.fixupimm.{'pd' if double else 'ps'}.512"
    current_rounding = ir.Constant(I32, 4)
    arguments = [result, v, table, ir.Constant(I32, 0), all_lanes, current_rounding]
    return call(builder, name, v.type, arguments)


def _fits(v: ir.Value) -> bool:
    """Whether the vector consists of whole registers."""
    return v.type.count % _lanes(v) == 0


def _double(v: ir.Value) -> bool:
    return v.type.element == ir.DoubleType()


def _lanes(v: ir.Value) -> int:
    """Return how many of its numbers a register holds."""
    return REGISTER // (64 if _double(v) else 32)


def _estimate(builder: ir.IRBuilder, v: ir.Value, name: str) -> ir.Value:
    """Apply an estimating instruction to a register."""
    mask = ir.IntType(v.type.count)
    name = f"llvm.x86.avx512.{name}.{'pd' if _double(v) else 'ps'}.512"
    return call(builder, name, v.type, [v, ir.Constant(v.type, None), ir.Constant(mask, -1)])


def _unless(
    builder: ir.IRBuilder,
    usual: Sequence[ir.Value],
    value: ir.Value,
    otherwise: Callable[[], ir.Value],
) -> ir.Value:
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
        exact = builder.select(join(builder, usual), value, otherwise())
        inside = builder.block
    result = builder.phi(value.type)
    result.add_incoming(value, before)
    result.add_incoming(exact, inside)
    return result
