"""exp and log by what AVX-512 alone has: tables in registers, mantissas and exponents.

Both become a part of the code around them, so that no register is put aside for a call. The methods
are those of `polynomials`, but for this:

- exp: x = n log 2 + r with n in sixteenths, so that |r| <= log 2 / 32 takes a short series. One
  instruction looks 2^(j/16) up by the last four bits of n, as `lanebits` gets at them; another one
  multiplies by 2^floor(n), which may be out of range. What is lost is half a unit in the table,
  half a unit in the last sum, and little else (Tang 1989, "Table-driven implementation of the
  exponential function in IEEE floating-point arithmetic").
- log: x = 2^n m with 3/4 <= m < 3/2. The exponent of 0 is -infinity, that of infinity infinity, and
  a negative number has the mantissa NaN: these pass through all that follows, so nothing is chosen.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from llvmlite import ir

from optbench.kernels.compiling import vector_library
from optbench.kernels.compiling.features import LEVEL
from optbench.kernels.simd.vectors import I32, call, constant, fma, join, pieces

USED = LEVEL == "avx512" and vector_library.WAY == "library"
REGISTER = 512
_STEPS = 16
_TABLE = [2.0 ** (j / _STEPS) for j in range(_STEPS)]
_LOG2_E = 1.4426950408889634
_MANTISSA = 0b1111  # of VGETMANT: from 3/4 to 3/2, NaN for negative numbers, 1 for -0
_CURRENT_ROUNDING = ir.Constant(I32, 4)


@dataclass(frozen=True)
class _Precision:
    """What depends on the precision.

    Attributes
    ----------
    letters : str
        At the end of the names of instructions.
    integer : ir.IntType
        As many bits.
    fraction : int
        Bits of a number behind its exponent.
    farthest : float
        From here on exp is infinite, and 0 from the negative of this.
    log2 : (float, float)
        log 2 in two parts, neither negative, the first with so many zeros at its end as n has bits.
    exp, log : tuple of float
        Coefficients, highest power first: of (exp r - 1 - r) / r^2 in r, (2 artanh s - 2 s) / s^3
        in s^2. They are minimax (Remez) for errors of exp and log, which are below 2^-55 (float64)
        and 2^-28 (float32) of the result.
    """

    letters: str
    integer: ir.IntType
    fraction: int
    farthest: float
    log2: tuple[float, float]
    exp: tuple[float, ...]
    log: tuple[float, ...]


_DOUBLE = _Precision(
    letters="pd",
    integer=ir.IntType(64),
    fraction=52,
    farthest=800.0,
    log2=(0.6931471803691238, 1.9082149292705877e-10),
    exp=(
        0.0013888594065852972,
        0.008333471921021357,
        0.04166666669325001,
        0.16666666664417962,
        0.49999999999999606,
    ),  # fmt: skip
    log=(
        0.15367271014099512,
        0.15250315769772563,
        0.18186349194105414,
        0.22222138684372109,
        0.2857142939283223,
        0.3999999999617687,
        0.6666666666667268,
    ),  # fmt: skip
)
_SINGLE = _Precision(
    letters="ps",
    integer=ir.IntType(32),
    fraction=23,
    farthest=120.0,
    log2=(0.693145751953125, 1.428606765330187e-06),
    exp=(0.16666718460891253, 0.5000161574502079),
    log=(0.3035906368680097, 0.39957909340003356, 0.6666694631091289),
)


def fits(vector: ir.VectorType) -> bool:
    """Say whether a vector consists of whole registers."""
    return vector.count % _lanes(vector) == 0


def call_function(builder: ir.IRBuilder, function: Callable[..., float], x: ir.Value) -> ir.Value:
    """Apply one of `FUNCTIONS` to an LLVM vector of whole registers."""
    apply = FUNCTIONS[function]
    return join(builder, [apply(builder, part) for part in pieces(builder, x, _lanes(x.type))])


def _exp(builder: ir.IRBuilder, x: ir.Value) -> ir.Value:
    """Return exp of one register."""
    k = _precision(x.type)
    # In this order NaN stays.
    for predicate, limit in ((">", -k.farthest), ("<", k.farthest)):
        bound = constant(x.type, limit)
        x = builder.select(builder.fcmp_ordered(predicate, bound, x), bound, x)
    # A sum of this size has sixteenths in its last bits.
    shift = constant(x.type, 1.5 * 2**k.fraction / _STEPS)
    shifted = fma(builder, x, constant(x.type, _LOG2_E), shift)
    n = builder.fsub(shifted, shift)
    r = x
    for part in k.log2:
        r = fma(builder, n, constant(x.type, -part), r)
    square = builder.fmul(r, r)
    p = fma(builder, square, _series(builder, r, square, k.exp), r)
    root = _looked_up(builder, shifted, k)
    power = fma(builder, root, p, root)
    return _masked(builder, "scalef", x.type, [power, n])


def _looked_up(builder: ir.IRBuilder, shifted: ir.Value, k: _Precision) -> ir.Value:
    """Return 2^(j/16), where j is the last four bits of each lane."""
    lanes, vector = shifted.type.count, shifted.type
    bits = builder.bitcast(shifted, ir.VectorType(k.integer, lanes))
    numbers = [ir.Constant(vector.element, number) for number in _TABLE]
    tables = [ir.Constant(vector, numbers[i : i + lanes]) for i in range(0, _STEPS, lanes)]
    if k is _DOUBLE:
        low, high = tables
        return call(builder, "llvm.x86.avx512.vpermi2var.pd.512", vector, [low, bits, high])
    return call(builder, "llvm.x86.avx512.permvar.sf.512", vector, [*tables, bits])


def _log(builder: ir.IRBuilder, x: ir.Value) -> ir.Value:
    """Return log of one register."""
    k = _precision(x.type)
    one, half = constant(x.type, 1.0), constant(x.type, 0.5)
    m = _masked(builder, "getmant", x.type, [x, ir.Constant(I32, _MANTISSA)])
    exponents = [_masked(builder, "getexp", x.type, [number]) for number in (x, m)]
    n = builder.fsub(*exponents)
    f = builder.fsub(m, one)
    s = builder.fdiv(f, builder.fadd(m, one))
    z = builder.fmul(s, s)
    parabola = builder.fmul(builder.fmul(half, f), f)
    tail = fma(builder, z, _series(builder, z, builder.fmul(z, z), k.log), parabola)
    high, low = (constant(x.type, part) for part in k.log2)
    tail = fma(builder, s, tail, builder.fmul(n, low))
    return fma(builder, n, high, builder.fsub(f, builder.fsub(parabola, tail)))


FUNCTIONS = {math.exp: _exp, math.log: _log}
"""What is computed here."""


def _series(
    builder: ir.IRBuilder, x: ir.Value, square: ir.Value, coefficients: Sequence[float]
) -> ir.Value:
    """Return a polynomial at x by pairs of powers: what waits is half as long."""
    terms = [constant(x.type, coefficient) for coefficient in reversed(coefficients)]
    terms = [_line(builder, x, terms[i : i + 2]) for i in range(0, len(terms), 2)]
    result = terms.pop()
    while terms:
        result = fma(builder, result, square, terms.pop())
    return result


def _line(builder: ir.IRBuilder, x: ir.Value, terms: Sequence[ir.Value]) -> ir.Value:
    """Return the first term plus x times the second one, if there is one."""
    return terms[0] if len(terms) == 1 else fma(builder, terms[1], x, terms[0])


def _precision(vector: ir.VectorType) -> _Precision:
    return _DOUBLE if vector.element == ir.DoubleType() else _SINGLE


def _lanes(vector: ir.VectorType) -> int:
    """Return how many of its numbers a register holds."""
    return REGISTER // _precision(vector).integer.width


def _masked(
    builder: ir.IRBuilder, name: str, vector: ir.VectorType, arguments: Sequence[ir.Value]
) -> ir.Value:
    """Apply an instruction that could leave lanes out to all lanes of a register."""
    mask = ir.Constant(ir.IntType(vector.count), -1)
    name = f"llvm.x86.avx512.mask.{name}.{_precision(vector).letters}.512"
    rest = [ir.Constant(vector, None), mask, _CURRENT_ROUNDING]
    return call(builder, name, vector, [*arguments, *rest])
