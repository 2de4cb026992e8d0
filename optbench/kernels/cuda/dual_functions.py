"""What code can compute with duals on CUDA: every function by the rule of `dual_rules`."""

import math
import operator
from collections.abc import Callable
from typing import Any

from numba.cuda import types
from numba.cuda.extending import lower_builtin, lower_cast
from numba.cuda.typing.templates import AbstractTemplate, infer_global, signature

from optbench.kernels.cuda import dual_rules
from optbench.kernels.cuda.dual_rules import Dual, Tangents
from optbench.kernels.cuda.dual_types import (
    ScalarDual,
    assembled,
    dual_of,
    from_number,
    operands_of,
    split,
)
from optbench.kernels.dual.slopes import COMPARISONS, IN_PLACE, SLOPES, Term


def install() -> None:
    """Teach Numba's CUDA target all of it."""
    for function, slopes in SLOPES.items():
        for name in filter(None, (function, IN_PLACE.get(function))):
            _define(name, len(slopes), _lowered(_by_rule(function)))
    for function, count in COMPARISONS.items():
        _define(function, count, _compared(function), lambda dual: types.boolean)
    for count in (2, 3, 4):
        _define(min, count, _lowered(_picked(operator.lt)))
        _define(max, count, _lowered(_picked(operator.gt)))
    for function in (operator.pow, operator.ipow, math.pow):
        _define(function, 2, _lower_power, literal=True)
    for kind in (types.Float, types.Integer):
        lower_cast(kind, ScalarDual)(from_number)
    _define_conversions()


def _define(
    function: Callable[..., Any],
    count: int,
    lower: Callable[..., Any],
    result: Callable[[Any], Any] = lambda dual: dual,
    literal: bool = False,
) -> None:
    """Give a function of `count` arguments a meaning for duals, beside which numbers may be."""

    def generic(self, arguments, keywords):
        dual = dual_of(arguments) if len(arguments) == count else None
        return None if dual is None else signature(result(dual), *arguments)

    facts = dict(key=function, generic=generic, prefer_literal=literal)
    infer_global(function)(type(f"Dual_{function.__name__}", (AbstractTemplate,), facts))
    for mask in range(1, 1 << count):
        kinds = [ScalarDual if mask >> k & 1 else types.Number for k in range(count)]
        lower_builtin(function, *kinds)(lower)


def _lowered(rule: Callable[[list[Dual]], tuple[Term, Tangents]]) -> Callable[..., Any]:
    """Return what lowers a function by a rule on terms."""

    def lower(context, builder, sig, values):
        dual = sig.return_type
        found = rule(operands_of(context, builder, sig, values, dual))
        return assembled(context, builder, dual, found)

    return lower


def _by_rule(function: Callable[..., Any]) -> Callable[[list[Dual]], tuple[Term, Tangents]]:
    return lambda operands: dual_rules.by_rule(function, operands)


def _picked(compare: Callable[..., Any]) -> Callable[[list[Dual]], tuple[Term, Tangents]]:
    return lambda operands: dual_rules.picked(compare, operands)


def _compared(function: Callable[..., Any]) -> Callable[..., Any]:
    def lower(context, builder, sig, values):
        operands = operands_of(context, builder, sig, values, dual_of(sig.args))
        (first, _), *others = operands
        return first.call(function, *(term for term, _ in others)).value

    return lower


def _lower_power(context, builder, sig, values):
    dual, exponent = sig.return_type, sig.args[1]
    base, power = operands_of(context, builder, sig, values, dual)
    if isinstance(exponent, types.IntegerLiteral):
        found = dual_rules.whole_power(base, exponent.literal_value)
    else:
        found = dual_rules.power(base, power)
    return assembled(context, builder, dual, found)


def _define_conversions() -> None:
    """Give truth values and whole numbers of duals the meaning that those of their values have."""

    def converted(turn):
        def lower(context, builder, sig, values):
            term, _ = split(context, builder, sig.args[0], values[0], sig.args[0].real)
            return turn(context, builder, term)

        return lower

    ways = {
        bool: (types.boolean, lambda c, b, term: term.call(operator.ne, 0.0).value),
        operator.not_: (types.boolean, lambda c, b, term: term.call(operator.eq, 0.0).value),
        int: (types.intp, lambda c, b, term: c.cast(b, term.value, term.real, types.intp)),
    }
    for function, (result, turn) in ways.items():
        _define(function, 1, converted(turn), lambda dual, result=result: result)
