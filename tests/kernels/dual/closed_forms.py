"""Functions of numbers and points, and their slopes in closed form."""

import math

import numpy as np
import pytest

from optbench.define import where
from tests.kernels.lanes import PRECISIONS

every_dtype = pytest.mark.parametrize("dtype", PRECISIONS)


def close(computed, expected, dtype, units=64):
    """Whether numbers agree to some units in the last place of the largest."""
    scale = np.maximum(np.abs(expected), 1e-3 * np.abs(expected).max())
    return (np.abs(computed - expected) <= units * np.finfo(dtype).eps * scale).all()


ONE = {
    math.sqrt: (lambda x: math.sqrt(x[0]), lambda x: 1 / (2 * np.sqrt(x)), (0.1, 9.0)),
    math.exp: (lambda x: math.exp(x[0]), np.exp, (-3.0, 3.0)),
    math.expm1: (lambda x: math.expm1(x[0]), np.exp, (-3.0, 3.0)),
    math.log: (lambda x: math.log(x[0]), np.reciprocal, (0.1, 9.0)),
    math.log1p: (lambda x: math.log1p(x[0]), lambda x: 1 / (1 + x), (-0.9, 9.0)),
    math.log2: (lambda x: math.log2(x[0]), lambda x: np.log2(np.e) / x, (0.1, 9.0)),
    math.log10: (lambda x: math.log10(x[0]), lambda x: np.log10(np.e) / x, (0.1, 9.0)),
    math.sin: (lambda x: math.sin(x[0]), np.cos, (-6.0, 6.0)),
    math.cos: (lambda x: math.cos(x[0]), lambda x: -np.sin(x), (-6.0, 6.0)),
    math.tan: (lambda x: math.tan(x[0]), lambda x: 1 / np.cos(x) ** 2, (-1.2, 1.2)),
    math.sinh: (lambda x: math.sinh(x[0]), np.cosh, (-3.0, 3.0)),
    math.cosh: (lambda x: math.cosh(x[0]), np.sinh, (-3.0, 3.0)),
    math.tanh: (lambda x: math.tanh(x[0]), lambda x: 1 / np.cosh(x) ** 2, (-2.0, 2.0)),
    math.asin: (lambda x: math.asin(x[0]), lambda x: 1 / np.sqrt(1 - x * x), (-0.9, 0.9)),
    math.acos: (lambda x: math.acos(x[0]), lambda x: -1 / np.sqrt(1 - x * x), (-0.9, 0.9)),
    math.atan: (lambda x: math.atan(x[0]), lambda x: 1 / (1 + x * x), (-3.0, 3.0)),
    math.asinh: (lambda x: math.asinh(x[0]), lambda x: 1 / np.sqrt(1 + x * x), (-3.0, 3.0)),
    math.acosh: (lambda x: math.acosh(x[0]), lambda x: 1 / np.sqrt(x * x - 1), (1.5, 9.0)),
    math.atanh: (lambda x: math.atanh(x[0]), lambda x: 1 / (1 - x * x), (-0.9, 0.9)),
    math.erf: (lambda x: math.erf(x[0]), lambda x: _bell(x), (-2.0, 2.0)),
    math.erfc: (lambda x: math.erfc(x[0]), lambda x: -_bell(x), (-2.0, 2.0)),
    abs: (lambda x: abs(x[0]), np.sign, (-3.0, 3.0)),
    math.fabs: (lambda x: math.fabs(x[0]), np.sign, (-3.0, 3.0)),
    math.floor: (lambda x: math.floor(x[0]) + 0 * x[0], np.zeros_like, (-3.0, 3.0)),
    math.ceil: (lambda x: math.ceil(x[0]) + 0 * x[0], np.zeros_like, (-3.0, 3.0)),
    float: (lambda x: float(x[0]), np.ones_like, (-3.0, 3.0)),
}


def _bell(x):
    return 2 / np.sqrt(np.pi) * np.exp(-x * x)


def arithmetic(x):
    """A sum whose slopes are easily read off; every operator, with numbers on either side."""
    a, b = x[0], x[1]
    c = a
    c += b
    c -= 2
    c *= b
    c /= 4
    return c + (+a) * b - a / b + (-b) + 3 * a + b * 2 + 5 / a + a / 2 + (1 - a) + (b - 1)


TWO = {
    "hypot": (
        lambda x: math.hypot(x[0], x[1]),
        lambda a, b: (a / np.hypot(a, b), b / np.hypot(a, b)),
    ),
    "atan2": (
        lambda x: math.atan2(x[0], x[1]),
        lambda a, b: (b / (a * a + b * b), -a / (a * a + b * b)),
    ),
    "copysign": (
        lambda x: math.copysign(x[0], x[1]),
        lambda a, b: (np.sign(a) * np.sign(b), np.zeros_like(b)),
    ),
    "mod": (lambda x: x[0] % x[1], lambda a, b: (np.ones_like(a), -np.floor(a / b))),
    "fmod": (lambda x: math.fmod(x[0], x[1]), lambda a, b: (np.ones_like(a), -np.trunc(a / b))),
    "min": (lambda x: min(x[0], x[1]), lambda a, b: (1.0 * (a <= b), 1.0 * (a > b))),
    "max": (
        lambda x: max(0.5, x[0], x[1]),
        lambda a, b: (1.0 * ((a > 0.5) & (a >= b)), 1.0 * ((b > 0.5) & (b > a))),
    ),
    "where": (
        lambda x: where(x[0] < x[1], x[0] * x[1], where(x[0] > 1, 1, x[1])),
        lambda a, b: (np.where(a < b, b, 0), np.where(a < b, a, np.where(a > 1, 0.0, 1.0))),
    ),
}


POWERS = {
    "whole": (lambda x: x[0] ** 5 + x[0] ** 1 + x[0] ** 0, lambda x: 5 * x**4 + 1),
    "inverse": (lambda x: x[0] ** -2, lambda x: -2 / x**3),
    "real": (lambda x: x[0] ** 2.5 + math.pow(x[0], 0.5), lambda x: 2.5 * x**1.5 + 0.5 / x**0.5),
    "exponent": (lambda x: 2.0 ** x[0], lambda x: np.log(2.0) * 2.0**x),
    "both": (lambda x: x[0] ** x[0], lambda x: x**x * (1 + np.log(x))),
}


def loop_power(x):
    f = 0.0
    for i in range(len(x)):
        f += x[i] ** i
    return f


def constant_exponent(x):
    p = 2.0
    p += 0 * x[1]
    return x[0] ** p


def kinks(x):
    tip = math.sqrt(x[0] * x[0] + x[1] * x[1]) + math.hypot(x[0], x[1]) + x[0] ** 0.5
    return abs(x[0]) + tip + max(2 * x[0], 3 * x[1]) + min(5 * x[1], 7 * x[0])


def constant(x):
    return 3


def from_the_end(x):
    return x[-1] * x[-2]


def lookup(x):
    return x[0] * (10.0, 20.0)[int(x[1])]
