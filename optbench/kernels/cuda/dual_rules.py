"""Dual numbers of one lane: a value and its derivatives along a few directions, by rule.

The slopes are those of `kernels.dual`, as formulas on `Term`s; here they meet derivatives. Terms
are numbers that compiled code computes with (`dual_types`), or Python's (`plain_duals`).
"""

import math
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from optbench.kernels.dual.slopes import SLOPES, Term, unless_zero, where

DIRECTIONS = 2
"""Of a pass: a value and its derivatives are numbers in registers, of which a thread has few."""
Tangents: TypeAlias = list[Term]
"""The derivatives of a value along each direction."""
Dual: TypeAlias = tuple[Term, Tangents | None]
"""A value and its derivatives; None where it is a constant."""


def by_rule(function: Callable[..., Any], operands: Sequence[Dual]) -> tuple[Term, Tangents]:
    """Return a function of `SLOPES` of operands: its value, and slopes times derivatives."""
    terms = [term for term, _ in operands]
    result = terms[0].call(function, *terms[1:])
    tangents = None
    for (_, own), slope in zip(operands, SLOPES[function], strict=True):
        if own is not None and slope is not None:
            factor = slope(*terms, result)
            factor = factor if isinstance(factor, Term) else result.constant(factor)
            tangents = _added(tangents, [factor * tangent for tangent in own])
    return result, _or_zeros(tangents, result)


def power(base: Dual, exponent: Dual) -> tuple[Term, Tangents]:
    """Return a power, with the derivatives of `dual.functions`."""
    (low, own), (high, of_exponent) = base, exponent
    result = low.call(math.pow, high)
    tangents = None
    if own is not None:
        slope = high * low.call(math.pow, high - 1.0)
        slope = where(low == 0.0, where(high < 1.0, 0.0, slope), slope)
        tangents = [slope * tangent for tangent in own]
    if of_exponent is not None:
        slope = unless_zero(low, result * low.call(math.log))
        # Where the exponent stands still, its slope may be no number.
        moved = [where(t == 0.0, t, slope * t) for t in of_exponent]
        tangents = _added(tangents, moved)
    return result, _or_zeros(tangents, result)


def whole_power(base: tuple[Term, Tangents], exponent: int) -> tuple[Term, Tangents]:
    """Return a power whose exponent is a whole number that is written in the code."""
    term, own = base
    result = _product(term, exponent)
    if exponent == 0:
        return result, _or_zeros(None, result, len(own))
    slope = _product(term, exponent - 1) * float(exponent)
    return result, [slope * tangent for tangent in own]


def _product(term: Term, exponent: int) -> Term:
    """Return term ** exponent by repeated squaring, for a negative one its reciprocal."""
    left, square, result = abs(exponent), term, None
    while left:
        if left & 1:
            result = square if result is None else result * square
        left >>= 1
        square = square * square if left else square
    if result is None:
        return term.constant(1.0)
    return 1.0 / result if exponent < 0 else result


def picked(compare: Callable[..., Any], operands: Sequence[Dual]) -> tuple[Term, Tangents]:
    """Return Python's min or max: the first one unless a later one is strictly beyond it."""
    best, tangents = operands[0][0], _or_zeros(operands[0][1], operands[0][0])
    for term, own in operands[1:]:
        beyond = term.call(compare, best)
        others = _or_zeros(own, term)
        best = where(beyond, term, best)
        tangents = [where(beyond, *pair) for pair in zip(others, tangents, strict=True)]
    return best, tangents


def seeds(like: Term, index: Term) -> Tangents:
    """Return the derivatives of a coordinate: 1 along its own direction, which is `index`."""
    zero, one = like.constant(0.0), like.constant(1.0)
    return [(index == float(k)).choose(one, zero) for k in range(DIRECTIONS)]


def _added(first: Tangents | None, second: Tangents) -> Tangents:
    if first is None:
        return second
    return [a + b for a, b in zip(first, second, strict=True)]


def _or_zeros(tangents: Tangents | None, like: Term, count: int = DIRECTIONS) -> Tangents:
    return [like.constant(0.0)] * count if tangents is None else tangents
