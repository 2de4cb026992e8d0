"""exp, log, sin, cos, tanh, expm1 and log1p on Vecs: argument reduction and polynomials, <= 4 ulp.

They stand in where glibc's vector library is missing. Each is plain code on Vecs, and so compiles
to whatever SIMD the machine has; the little that needs the bits of numbers is in `lanebits`.

The methods are the classical ones:

- exp: x = n log 2 + r, with log 2 in two parts of which the first has so few bits that n times it
  is exact (Cody and Waite 1980, "Software Manual for the Elementary Functions").
- sin and cos: the same with pi/2 in four parts, and quarter turns counted by n. Beyond `farthest`,
  where n is no longer short enough, lanes are left to the C library.
- log: x = 2^n m, log m = 2 artanh(s), s = (m - 1) / (m + 1) (Tang 1990, "Table-driven
  implementation of the logarithm function", without the table). 2 artanh(s) is written as
  f - (f^2 / 2 - s (f^2 / 2 + ...)) with f = m - 1, whose first term is exact.
- tanh x = -t / (t + 2) with t = expm1(-2 |x|).

The coefficients are in `coefficients`. Numbers below the normal range count as 0: exp does not
return them and log takes them as 0.
"""

import functools
import math
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core.base import BaseContext
from numba.core.typing import signature
from numba.extending import register_jitable

from optbench.define.primitives import where
from optbench.kernels.compiling.features import LEVEL
from optbench.kernels.simd.coefficients import Constants, constants
from optbench.kernels.simd.lanebits import (
    any_lane,
    exponent,
    lane_by_lane,
    mantissa,
    nearest,
    odd,
    polynomial,
    power,
    scaled,
    turned,
)
from optbench.kernels.simd.vec import Vec
from optbench.kernels.simd.vectors import join, pieces

_REGISTERS = 4  # computed together, so that latencies overlap
_BITS = {"avx512": 512, "avx2": 256, "generic": 128}
_INF, _NAN = math.inf, math.nan
_LOG2_E, _TWO_BY_PI = 1.4426950408889634, 0.6366197723675814


def _exp(k: Constants) -> Callable[..., Any]:
    series, least, most = k.exp, k.least, k.most
    high, low = k.log2

    def exp(x):
        n = nearest(x * _LOG2_E)
        r = (x - n * high) - n * low
        p = 1.0 + (r + r * r * polynomial(r, series))
        return where(x < least, 0.0, where(x <= most, scaled(p, n), x + _INF))

    return exp


def _expm1(k: Constants) -> Callable[..., Any]:
    series, most = k.exp, k.most
    high, low = k.log2

    def expm1(x):
        # Below -50 the result is -1; 2^(n - 1) is in range where 2^n is not.
        y = max(x, -50.0)
        n = nearest(y * _LOG2_E)
        r = (y - n * high) - n * low
        half = power(n - 1.0)
        result = 2.0 * (half * (r + r * r * polynomial(r, series)) + (half - 0.5))
        return where(x <= most, math.copysign(result, x), x + _INF)

    return expm1


def _tanh(k: Constants) -> Callable[..., Any]:
    expm1 = register_jitable(_expm1(k))

    def tanh(x):
        t = expm1(-2.0 * abs(x))
        return math.copysign(t / (t + 2.0), x)

    return tanh


def _log_sum(k: Constants) -> Callable[..., Any]:
    series = k.log
    high, low = k.log2

    def log_sum(x, rest):
        """Log x + rest, for a small rest."""
        n = exponent(x)
        f = mantissa(x) - 1.0
        s = f / (2.0 + f)
        z = s * s
        half = 0.5 * f * f
        tail = s * (half + z * polynomial(z, series)) + (n * low + rest)
        return n * high - ((half - tail) - f)

    return register_jitable(log_sum)


def _log(k: Constants) -> Callable[..., Any]:
    log_sum, smallest, largest = _log_sum(k), k.smallest, k.largest

    def log(x):
        usual = where(x <= largest, log_sum(x, 0.0), x + _INF)
        return where(x < smallest, where(x < 0.0, _NAN, -_INF), usual)

    return log


def _log1p(k: Constants) -> Callable[..., Any]:
    log_sum, smallest, largest = _log_sum(k), k.smallest, k.largest

    def log1p(x):
        y = 1.0 + x
        lost = (x - (y - 1.0)) / y
        usual = where(y <= largest, log_sum(y, lost), y + _INF)
        usual = where(x == 0.0, x, usual)
        return where(y < smallest, where(y < 0.0, _NAN, -_INF), usual)

    return log1p


def _wave(k: Constants, shift: float) -> Callable[..., Any]:
    """Sin (shift 0) or cos (shift 1) where n is short enough."""
    sine_series, cosine_series = k.sin, k.cos
    first, second, third, fourth = k.half_pi

    def wave(x):
        n = nearest(x * _TWO_BY_PI)
        r = (((x - n * first) - n * second) - n * third) - n * fourth
        z = r * r
        sine = r + r * z * polynomial(z, sine_series)
        half = 0.5 * z
        one = 1.0 - half
        cosine = one + (((1.0 - one) - half) + z * z * polynomial(z, cosine_series))
        quarters = n + shift
        return turned(where(odd(quarters), cosine, sine), quarters)

    return register_jitable(wave)


def _sin(k: Constants) -> Callable[..., Any]:
    wave, farthest = _wave(k, 0.0), k.farthest

    def sin(x):
        result = where(x == 0.0, x, wave(x))
        far = abs(x) > farthest
        if any_lane(far):
            result = lane_by_lane(math.sin, far, x, result)
        return result

    return sin


def _cos(k: Constants) -> Callable[..., Any]:
    wave, farthest = _wave(k, 1.0), k.farthest

    def cos(x):
        result = wave(x)
        far = abs(x) > farthest
        if any_lane(far):
            result = lane_by_lane(math.cos, far, x, result)
        return result

    return cos


_BY_PRECISION = {
    math.exp: _exp, math.log: _log, math.sin: _sin, math.cos: _cos, math.tanh: _tanh,
    math.expm1: _expm1, math.log1p: _log1p,
}  # fmt: skip
FUNCTIONS = tuple(_BY_PRECISION)
"""What is computed here."""


@functools.cache
def _on_vecs(function: Callable[..., float], element: types.Float) -> Callable[..., Any]:
    """Return a function as plain code on Vecs of an element type."""
    return _BY_PRECISION[function](constants(str(element)))


def call(
    context: BaseContext,
    builder: ir.IRBuilder,
    vec: Vec,
    function: Callable[..., float],
    values: list[ir.Value],
) -> ir.Value:
    """Apply one of `FUNCTIONS` to a list of one LLVM vector of the Vec type `vec`."""
    (value,) = values
    lanes = min(vec.width, _REGISTERS * _BITS[LEVEL] // vec.element.bitwidth)
    part = Vec(vec.element, lanes)  # not swift: divisors may be anything
    implementation = _on_vecs(function, vec.element)
    results = [
        context.compile_internal(builder, implementation, signature(part, part), [piece])
        for piece in pieces(builder, value, lanes)
    ]
    return join(builder, results)
