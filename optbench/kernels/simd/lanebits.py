"""Operations on the bits of Vecs that Python has no word for; only compiled code calls them.

Whole numbers are in Vecs of floats. What needs their binary digits adds 1.5 times 2^52 (2^23
for float32): the digits of the sum's fraction are then those of the number, in two's complement.
This takes no conversion instruction, which processors below AVX-512 do not have for 64 bits.
"""

import struct
from collections.abc import Callable, Sequence
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.base import BaseContext
from numba.core.typing import signature
from numba.extending import intrinsic

from optbench.kernels.simd import vectors
from optbench.kernels.simd.vec import Mask, Vec, as_vec
from optbench.kernels.simd.vectors import FLAGS, I32

_SQRT_HALF = 0.7071067811865476


def _fraction(vec: Vec) -> int:
    """Return the number of bits behind the exponent."""
    return 52 if vec.element == types.float64 else 23


def _bias(vec: Vec) -> int:
    """Return what is added to exponents."""
    return 1023 if vec.element == types.float64 else 127


def _integers(vec: Vec) -> ir.VectorType:
    """Return the type of the bits of a Vec."""
    return ir.VectorType(ir.IntType(vec.element.bitwidth), vec.width)


def _whole(vec: Vec, value: int) -> ir.Constant:
    """Return the bits `value` in every lane."""
    return ir.Constant(_integers(vec), [value] * vec.width)


def _real(context: BaseContext, vec: Vec, value: float) -> ir.Constant:
    return vectors.constant(context.get_value_type(vec), value)


def _digits(context: BaseContext, builder: ir.IRBuilder, vec: Vec, n: ir.Value) -> ir.Value:
    """Return integers whose lowest bits are those of the whole numbers n."""
    shifted = builder.fadd(n, _real(context, vec, 1.5 * 2 ** _fraction(vec)))
    return builder.bitcast(shifted, _integers(vec))


def _on_vecs(
    generate: Callable[..., ir.Value],
    count: int = 1,
    result: Callable[[Vec], types.Type] = lambda vec: vec,
) -> Any:
    """Make an intrinsic of Vecs of one type from ``generate(context, builder, vec, ...)``."""

    def lower(context, builder, sig, values):
        return generate(context, builder, sig.args[0], *values)

    if count == 1:
        return intrinsic(lambda typing, x: (result(x)(x), lower) if isinstance(x, Vec) else None)
    return intrinsic(
        lambda typing, x, y: (result(x)(x, y), lower) if isinstance(x, Vec) and x == y else None
    )


def _nearest(context, builder, vec, x):
    shift = _real(context, vec, 1.5 * 2 ** _fraction(vec))
    return builder.fsub(builder.fadd(x, shift), shift)


def _scaled(context, builder, vec, x, n):
    fraction = _whole(vec, _fraction(vec))
    raised = builder.shl(_digits(context, builder, vec, n), fraction)
    bits = builder.add(builder.bitcast(x, _integers(vec)), raised)
    return builder.bitcast(bits, x.type)


def _power(context, builder, vec, n):
    exponents = builder.add(_digits(context, builder, vec, n), _whole(vec, _bias(vec)))
    return builder.bitcast(builder.shl(exponents, _whole(vec, _fraction(vec))), n.type)


def _odd(context, builder, vec, n):
    return builder.trunc(_digits(context, builder, vec, n), ir.VectorType(ir.IntType(1), vec.width))


def _turned(context, builder, vec, x, n):
    """-x where n mod 4 is 2 or 3: bit 1 of n is moved to the place of the sign."""
    sign = vec.element.bitwidth - 1
    digits = builder.shl(_digits(context, builder, vec, n), _whole(vec, sign - 1))
    turn = builder.and_(digits, _whole(vec, 1 << sign))
    return builder.bitcast(builder.xor(builder.bitcast(x, _integers(vec)), turn), x.type)


def _raised(context, builder, vec, x):
    """Return the bits of x over sqrt(1/2), with 2 ^ (bias + 1) too much in the exponent."""
    letters = ("d", "Q") if vec.element == types.float64 else ("f", "I")
    (root,) = struct.unpack(letters[1], struct.pack(letters[0], _SQRT_HALF))
    offset = ((_bias(vec) + 1) << _fraction(vec)) - root
    return builder.add(builder.bitcast(x, _integers(vec)), _whole(vec, offset))


def _exponent(context, builder, vec, x):
    """Return n as 2^fraction + bias + 1 + n, less 2^fraction + bias + 1."""
    raised = _raised(context, builder, vec, x)
    steps = builder.lshr(raised, _whole(vec, _fraction(vec)))
    zero = _real(context, vec, 2.0 ** _fraction(vec))
    bits = builder.or_(steps, builder.bitcast(zero, _integers(vec)))
    total = _real(context, vec, 2.0 ** _fraction(vec) + _bias(vec) + 1)
    return builder.fsub(builder.bitcast(bits, x.type), total)


def _mantissa(context, builder, vec, x):
    raised = _raised(context, builder, vec, x)
    power = builder.and_(raised, _whole(vec, -1 << _fraction(vec)))
    power = builder.sub(power, _whole(vec, (_bias(vec) + 1) << _fraction(vec)))
    return builder.bitcast(builder.sub(builder.bitcast(x, _integers(vec)), power), x.type)


nearest = _on_vecs(_nearest)  # the nearest whole number, for |x| < 2^51 (2^22)
scaled = _on_vecs(_scaled, 2)  # x 2^n for a whole n, where the result is in the normal range
power = _on_vecs(_power)  # 2^n for a whole n, where that is in the normal range
odd = _on_vecs(_odd, result=lambda vec: vec.mask)  # whether a whole number is odd
turned = _on_vecs(_turned, 2)  # x turned by n half turns: sign changed where n mod 4 is 2 or 3
mantissa = _on_vecs(_mantissa)  # m of x = 2^n m, sqrt(1/2) <= m < sqrt(2), for normal x > 0
exponent = _on_vecs(_exponent)  # n of x = 2^n m


def _fused(builder: ir.IRBuilder, x: ir.Value, y: ir.Value, z: ir.Value) -> ir.Value:
    """Return x y + z, as one instruction where there is one."""
    return builder.fadd(builder.fmul(x, y, flags=FLAGS), z, flags=FLAGS)


def _chain(builder: ir.IRBuilder, x: ir.Value, terms: Sequence[ir.Value]) -> ir.Value:
    """Return a polynomial at x by Horner's rule; the coefficient of the highest power is first."""
    result = terms[0]
    for term in terms[1:]:
        result = _fused(builder, result, x, term)
    return result


@intrinsic
def polynomial(typing, x, coefficients):
    """Evaluate a polynomial at x; the coefficient of the highest power comes first."""
    if not isinstance(x, Vec):
        return None

    def generate(context, builder, sig, values):
        vec = sig.args[0]
        terms = [
            as_vec(context, builder, term, sig.args[1].dtype, vec)
            for term in cgutils.unpack_tuple(builder, values[1])
        ]
        x = values[0]
        square = builder.fmul(x, x)
        # Two chains, of odd and of even powers, take half the time of one.
        first, second = (_chain(builder, square, terms[start::2]) for start in (0, 1))
        odd, even = (first, second) if len(terms) % 2 == 0 else (second, first)
        return _fused(builder, odd, x, even)

    return x(x, coefficients), generate


@intrinsic
def any_lane(typing, mask):
    """Return whether a Mask is true in any lane."""
    if not isinstance(mask, Mask):
        return None

    def generate(context, builder, sig, values):
        name = f"llvm.vector.reduce.or.v{values[0].type.count}i1"
        return vectors.call(builder, name, ir.IntType(1), values)

    return types.boolean(mask), generate


@intrinsic
def lane_bits(typing, mask):
    """Return a Mask as a whole number: bit i is that of lane i."""
    if not isinstance(mask, Mask):
        return None

    def generate(context, builder, sig, values):
        bits = builder.bitcast(values[0], ir.IntType(values[0].type.count))
        return builder.zext(bits, ir.IntType(64))

    return types.int64(mask), generate


@intrinsic
def farther(typing, farthest, value):
    """Return the larger one of a size and that of a value; infinity is larger, no number largest.

    These are the sizes' bits in the order of whole numbers: half the work of arithmetic that
    keeps what is no number, and nothing waits for it.
    """
    if not isinstance(farthest, Vec):
        return None

    def generate(context, builder, sig, values):
        vec = sig.return_type
        integers = _integers(vec)
        value = as_vec(context, builder, values[1], sig.args[1], vec)
        size = _whole(vec, (1 << vec.element.bitwidth - 1) - 1)
        sizes = [
            builder.bitcast(values[0], integers),
            builder.and_(builder.bitcast(value, integers), size),
        ]
        name = f"llvm.smax.v{vec.width}i{vec.element.bitwidth}"
        return builder.bitcast(vectors.call(builder, name, integers, sizes), values[0].type)

    return farthest(farthest, value), generate


@intrinsic
def whole(typing, value):
    """Return a Vec as it is, to be stored in all of its lanes.

    The code generator makes a store of what is either new or there already a store of single lanes,
    which takes up to eight times as long.
    """
    if not isinstance(value, Vec):
        return None

    def generate(context, builder, sig, values):
        return vectors.call_intrinsic(builder, "llvm.arithmetic.fence", values)

    return value(value), generate


@intrinsic
def lane_by_lane(typing, function, mask, x, otherwise):
    """Return `function` of the lanes where `mask` holds, called one at a time, else `otherwise`."""
    if not isinstance(x, Vec):
        return None

    def generate(context, builder, sig, values):
        loop = _lane_loop(context, builder, sig.args[0], sig.args[2], [v.type for v in values[1:]])
        return builder.call(loop, values[1:])

    return x(function, mask, x, otherwise), generate


def _lane_loop(
    context: BaseContext,
    builder: ir.IRBuilder,
    function: types.Type,
    vec: Vec,
    kinds: Sequence[ir.Type],
) -> ir.Function:
    """Return the LLVM function of `lane_by_lane`: one, and small, since it is rarely called."""
    name = f"optbench.{function.typing_key.__name__}.{vec.element}.{vec.width}"
    kind = ir.FunctionType(kinds[-1], kinds)
    loop = cgutils.get_or_insert_function(builder.module, kind, name)
    if not loop.is_declaration:
        return loop
    loop.linkage = "internal"
    for attribute in ("noinline", "cold", "minsize", "optsize"):
        loop.attributes.add(attribute)
    # Callers need not save registers for a call that hardly ever happens. (llvmlite's own `add`
    # takes no attributes of the target.)
    set.add(loop.attributes, '"no_caller_saved_registers"')
    inside = ir.IRBuilder(loop.append_basic_block())
    scalar = signature(vec.element, vec.element)
    resolved = context.typing_context.resolve_function_type(function, scalar.args, {})
    implementation = context.get_function(function, resolved)
    mask, x, otherwise = loop.args
    result = cgutils.alloca_once_value(inside, otherwise)
    with cgutils.for_range(inside, ir.Constant(I32, vec.width)) as lanes:
        with inside.if_then(inside.extract_element(mask, lanes.index)):
            value = implementation(inside, [inside.extract_element(x, lanes.index)])
            changed = inside.insert_element(inside.load(result), value, lanes.index)
            inside.store(changed, result)
    inside.ret(inside.load(result))
    return loop
