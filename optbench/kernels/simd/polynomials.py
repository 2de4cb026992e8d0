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

The coefficients are minimax on the reduced intervals (Remez), for relative errors of the whole
function below 2^-57 (float64) and 2^-27 (float32). Numbers below the normal range count as 0: exp
does not return them and log takes them as 0.
"""

import functools
import math
from dataclasses import dataclass

import numpy as np
from numba.core.typing import signature
from numba.extending import register_jitable

from optbench.define.primitives import where
from optbench.kernels.compiling.features import LEVEL
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
from optbench.kernels.simd.newton import join, pieces

FUNCTIONS = (math.exp, math.log, math.sin, math.cos, math.tanh, math.expm1, math.log1p)
_REGISTERS = 4  # computed together, so that latencies overlap
_BITS = {"avx512": 512, "avx2": 256, "generic": 128}
_INF, _NAN = math.inf, math.nan
_LOG2_E, _TWO_BY_PI = 1.4426950408889634, 0.6366197723675814


@dataclass(frozen=True)
class _Constants:
    """What depends on the precision.

    Attributes
    ----------
    smallest, largest : float
        The range of normal numbers.
    least, most : float
        exp is 0 below `least` and infinite above `most`.
    log2 : tuple of float
        log 2, the first part with so many zeros at its end as n has bits.
    half_pi : tuple of float
        pi/2, all parts but the last with so many zeros at their ends as n has bits.
    farthest : float
        Largest argument of sin and cos whose n has no more bits than that.
    exp, sin, cos, log : tuple of float
        Coefficients, highest power first: of (exp r - 1 - r) / r^2 in r, (sin r - r) / r^3 and
        (cos r - 1 + r^2 / 2) / r^4 in r^2, (2 artanh s - 2 s) / s^3 in s^2.
    """

    smallest: float
    largest: float
    least: float
    most: float
    log2: tuple
    half_pi: tuple
    farthest: float
    exp: tuple
    sin: tuple
    cos: tuple
    log: tuple


_DOUBLE = _Constants(
    smallest=2.0**-1022,
    largest=float.fromhex("0x1.fffffffffffffp1023"),
    least=-708.3964185322641,
    most=709.782712893384,
    log2=(0.6931471805601177, -1.7239444525614835e-13),
    half_pi=(
        1.5707963276654482,
        -8.705515692000731e-10,
        -3.503434396954818e-19,
        -1.1351118607522202e-28,
    ),  # fmt: skip
    farthest=1e7,
    exp=(
        2.08753295078125e-09,
        2.5108979286712705e-08,
        2.755740263942093e-07,
        2.7557244373042417e-06,
        2.4801587172553352e-05,
        0.00019841269885967052,
        0.0013888888888962353,
        0.008333333333321691,
        0.04166666666666651,
        0.16666666666666677,
        0.5,
    ),  # fmt: skip
    sin=(
        1.5894710582423263e-10,
        -2.5050734571083925e-08,
        2.7557313651853277e-06,
        -0.00019841269830144396,
        0.008333333333323662,
        -0.1666666666666664,
    ),  # fmt: skip
    cos=(
        -1.1367981883881827e-11,
        2.087589773875216e-09,
        -2.755731573861381e-07,
        2.4801587294628008e-05,
        -0.001388888888888284,
        0.04166666666666665,
    ),  # fmt: skip
    log=(
        0.1481067701749639,
        0.15313149504443252,
        0.18183572082674865,
        0.2222219908143156,
        0.28571428729365117,
        0.3999999999951953,
        0.666666666666671,
    ),  # fmt: skip
)
_SINGLE = _Constants(
    smallest=2.0**-126,
    largest=float.fromhex("0x1.fffffep127"),
    least=-87.33654022216797,
    most=88.72283172607422,
    log2=(0.693145751953125, 1.428606765330187e-06),
    half_pi=(1.57080078125, -4.454515874385834e-06, 6.076561476220377e-11, 5.390302953474238e-15),
    farthest=3e3,
    exp=(
        0.0001990758485,
        0.001394859278,
        0.008333286007,
        0.04166624054,
        0.1666666676,
        0.5000000081,
    ),  # fmt: skip
    sin=(-0.0001950389619, 0.008332100463, -0.1666665467),
    cos=(2.446377033e-05, -0.001388765389, 0.04166665464),
    log=(0.299257325, 0.39976073, 0.6666677833),
)


def _exp(k):
    series, least, most = k.exp, k.least, k.most
    high, low = k.log2

    def exp(x):
        n = nearest(x * _LOG2_E)
        r = (x - n * high) - n * low
        p = 1.0 + (r + r * r * polynomial(r, series))
        return where(x < least, 0.0, where(x <= most, scaled(p, n), x + _INF))

    return exp


def _expm1(k):
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


def _tanh(k):
    expm1 = register_jitable(_expm1(k))

    def tanh(x):
        t = expm1(-2.0 * abs(x))
        return math.copysign(t / (t + 2.0), x)

    return tanh


def _log_sum(k):
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


def _log(k):
    log_sum, smallest, largest = _log_sum(k), k.smallest, k.largest

    def log(x):
        usual = where(x <= largest, log_sum(x, 0.0), x + _INF)
        return where(x < smallest, where(x < 0.0, _NAN, -_INF), usual)

    return log


def _log1p(k):
    log_sum, smallest, largest = _log_sum(k), k.smallest, k.largest

    def log1p(x):
        y = 1.0 + x
        lost = (x - (y - 1.0)) / y
        usual = where(y <= largest, log_sum(y, lost), y + _INF)
        usual = where(x == 0.0, x, usual)
        return where(y < smallest, where(y < 0.0, _NAN, -_INF), usual)

    return log1p


def _wave(k, shift):
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


def _sin(k):
    wave, farthest = _wave(k, 0.0), k.farthest

    def sin(x):
        result = where(x == 0.0, x, wave(x))
        far = abs(x) > farthest
        if any_lane(far):
            result = lane_by_lane(math.sin, far, x, result)
        return result

    return sin


def _cos(k):
    wave, farthest = _wave(k, 1.0), k.farthest

    def cos(x):
        result = wave(x)
        far = abs(x) > farthest
        if any_lane(far):
            result = lane_by_lane(math.cos, far, x, result)
        return result

    return cos


_MAKERS = {
    math.exp: _exp, math.log: _log, math.sin: _sin, math.cos: _cos, math.tanh: _tanh,
    math.expm1: _expm1, math.log1p: _log1p,
}  # fmt: skip


def constants(dtype):
    """Return the constants for a precision, "float64" or "float32"."""
    return {"float64": _DOUBLE, "float32": _SINGLE}[str(np.dtype(dtype))]


@functools.cache
def _function(function, element):
    return _MAKERS[function](constants(str(element)))


def call(context, builder, vec, function, values):
    """Apply one of `FUNCTIONS` to a list of one LLVM vector of the Vec type `vec`."""
    (value,) = values
    lanes = min(vec.width, _REGISTERS * _BITS[LEVEL] // vec.element.bitwidth)
    part = type(vec)(vec.element, lanes)
    implementation = _function(function, vec.element)
    results = [
        context.compile_internal(builder, implementation, signature(part, part), [piece])
        for piece in pieces(builder, value, lanes)
    ]
    return join(builder, results)
