"""What author code can compute with Duals: the value as with Vecs, the derivative by its rule.

Importing this module teaches Numba all of it. Slopes and what they are at kinks are in
`slopes`; what more than multiplies slopes is here:

- `min` and `max` take the derivative of the argument that they take the value of: the first of
  equal ones. `where` takes that of the value it chooses.
- x ** p at x = 0 has slope 0 along x for p < 1, as sqrt has. Its slope along p is 0 at x = 0 and
  NaN for x < 0, unless p is constant.
"""

import math
import operator
from collections.abc import Callable, Sequence
from typing import Any

from llvmlite import ir
from numba import types
from numba.core.base import BaseContext
from numba.core.typing.templates import AbstractTemplate, Signature, infer_global, signature
from numba.extending import lower_builtin

from optbench.kernels.dual.numbers import (
    DUALS,
    Dual,
    as_dual,
    assemble,
    dual_of,
    no_tangents,
    split,
    spread,
    value_of,
)
from optbench.kernels.dual.slopes import (
    COMPARISONS,
    IN_PLACE,
    SLOPES,
    Slope,
    Term,
    unless_zero,
    where,
)
from optbench.kernels.simd.masks import select
from optbench.kernels.simd.operations import Lowers
from optbench.kernels.simd.vec import Mask
from optbench.kernels.simd.vectors import FLAGS, I32

# ------------------------------------------------------------------ slopes, choices, comparisons


def _terms(
    context: BaseContext, builder: ir.IRBuilder, sig: Signature, values: Sequence[ir.Value]
) -> list[Term]:
    """Return the values of all arguments as Terms."""
    dual = dual_of(sig.args)
    return [
        Term(context, builder, dual.vec, value_of(context, builder, value, source, dual))
        for value, source in zip(values, sig.args, strict=True)
    ]


def _scaled(
    builder: ir.IRBuilder, dual: Dual, slope: Term, tangents: Sequence[ir.Value]
) -> list[ir.Value]:
    """Return slope times each tangent."""
    slope = spread(builder, dual, slope.value)
    return [builder.fmul(slope, tangent, flags=FLAGS) for tangent in tangents]


def _added(
    builder: ir.IRBuilder, first: Sequence[ir.Value] | None, second: list[ir.Value]
) -> list[ir.Value]:
    """Return the sums of tangents; None are zeros."""
    if first is None:
        return second
    return [builder.fadd(a, b, flags=FLAGS) for a, b in zip(first, second, strict=True)]


def _by_rule(function: Callable[..., Any], slopes: Sequence[Slope | None]) -> Lowers:
    """Return what lowers `function`: its value, and the sum of slopes times derivatives."""

    def lower(context, builder, sig, values):
        dual = sig.return_type
        terms = _terms(context, builder, sig, values)
        result = terms[0].call(function, *terms[1:])
        tangents = None
        for source, value, slope in zip(sig.args, values, slopes, strict=True):
            if isinstance(source, Dual) and slope is not None:
                factor = slope(*terms, result)
                factor = factor if isinstance(factor, Term) else result.constant(factor)
                own = split(builder, dual, value)[1]
                tangents = _added(builder, tangents, _scaled(builder, dual, factor, own))
        if tangents is None:
            tangents = no_tangents(context, dual)
        return assemble(context, builder, dual, result.value, tangents)

    return lower


for _function, _slopes in SLOPES.items():
    for _name in filter(None, (_function, IN_PLACE.get(_function))):
        DUALS.define(_name, len(_slopes), _by_rule(_function, _slopes))


def _comparison(function: Callable[..., Any]) -> Lowers:
    """Return what lowers `function`: that of the values."""

    def lower(context, builder, sig, values):
        first, *others = _terms(context, builder, sig, values)
        return first.call(function, *others).value

    return lower


for _function, _count in COMPARISONS.items():
    DUALS.define(_function, _count, _comparison(_function), lambda dual: dual.vec.mask)


def _selected(
    context: BaseContext,
    builder: ir.IRBuilder,
    dual: Dual,
    condition: ir.Value,
    a: ir.Value,
    b: ir.Value,
) -> ir.Value:
    """Return the Dual `a` in the lanes where `condition` holds, else `b`."""
    (value_a, tangents_a), (value_b, tangents_b) = (split(builder, dual, v) for v in (a, b))
    value = builder.select(condition, value_a, value_b)
    if dual.width == 1:
        condition = builder.extract_element(condition, ir.Constant(I32, 0))
    pairs = zip(tangents_a, tangents_b, strict=True)
    tangents = [builder.select(condition, *pair) for pair in pairs]
    return assemble(context, builder, dual, value, tangents)


def _pick(compare: Callable[..., Any]) -> Lowers:
    """Python's min and max: the first argument unless a later one is strictly beyond it."""

    def lower(context, builder, sig, values):
        dual = sig.return_type
        picked, *others = [
            as_dual(context, builder, value, source, dual)
            for value, source in zip(values, sig.args, strict=True)
        ]
        for other in others:
            pair = [
                Term(context, builder, dual.vec, builder.extract_value(v, 0))
                for v in (other, picked)
            ]
            beyond = pair[0].call(compare, pair[1]).value
            picked = _selected(context, builder, dual, beyond, other, picked)
        return picked

    return lower


for _count in (2, 3, 4):
    DUALS.define(min, _count, _pick(operator.lt))
    DUALS.define(max, _count, _pick(operator.gt))


@infer_global(select)
class _Select(AbstractTemplate):
    def generic(self, arguments, keywords):
        mask, *values = arguments
        dual = dual_of(values) if isinstance(mask, Mask) else None
        return None if dual is None or dual.vec != mask.vec else signature(dual, *arguments)


def _lower_select(context, builder, sig, values):
    dual = sig.return_type
    a, b = (
        as_dual(context, builder, value, source, dual)
        for value, source in zip(values[1:], sig.args[1:], strict=True)
    )
    return _selected(context, builder, dual, values[0], a, b)


for _pair in DUALS.kinds(2):
    lower_builtin(select, Mask, *_pair)(_lower_select)


# ----------------------------------------------------------------------------------------- powers


def _lower_power(context, builder, sig, values):
    dual = sig.return_type
    base, exponent = _terms(context, builder, sig, values)
    if isinstance(sig.args[1], types.IntegerLiteral):
        return _whole_power(context, builder, dual, values[0], sig.args[1].literal_value)
    result = base.call(math.pow, exponent)
    tangents = None
    if isinstance(sig.args[0], Dual):
        slope = exponent * base.call(math.pow, exponent - 1.0)
        slope = where(base == 0.0, where(exponent < 1.0, 0.0, slope), slope)
        tangents = _scaled(builder, dual, slope, split(builder, dual, values[0])[1])
    if isinstance(sig.args[1], Dual):
        slope = unless_zero(base, result * base.call(math.log))
        own = split(builder, dual, values[1])[1]
        scaled = _scaled(builder, dual, slope, own)
        scaled = [_where_moving(builder, t, s) for t, s in zip(own, scaled, strict=True)]
        tangents = _added(builder, tangents, scaled)
    return assemble(context, builder, dual, result.value, tangents)


def _where_moving(builder: ir.IRBuilder, tangent: ir.Value, scaled: ir.Value) -> ir.Value:
    """Return `scaled` where the exponent changes, else 0."""
    still = builder.fcmp_ordered("==", tangent, ir.Constant(tangent.type, None))
    return builder.select(still, tangent, scaled)


def _whole_power(
    context: BaseContext, builder: ir.IRBuilder, dual: Dual, base: ir.Value, exponent: int
) -> ir.Value:
    """Base ** exponent for an integer that is written in the code."""
    value, tangents = split(builder, dual, base)
    term = Term(context, builder, dual.vec, value)
    result = _literal_power(term, exponent)
    if exponent == 0:
        return assemble(context, builder, dual, result.value, no_tangents(context, dual))
    slope = float(exponent) * _literal_power(term, exponent - 1)
    tangents = _scaled(builder, dual, slope, tangents)
    return assemble(context, builder, dual, result.value, tangents)


def _literal_power(base: Term, exponent: int) -> Term:
    vec, literal = base.vec, types.IntegerLiteral(exponent)
    build = base.context.get_function(operator.pow, signature(vec, vec, literal))
    whole = ir.Constant(ir.IntType(64), exponent)
    return Term(base.context, base.builder, vec, build(base.builder, [base.value, whole]))


for _operator in (operator.pow, operator.ipow, math.pow):
    DUALS.define(_operator, 2, _lower_power, literal=True)


# ------------------------------------------------------------------------- what one lane can do


def _define_for_one_lane(function: Callable[..., Any], result: types.Type) -> None:
    """Give a conversion of a Dual of one lane the meaning that it has for its value."""

    @infer_global(function)
    class Template(AbstractTemplate):
        def generic(self, arguments, keywords):
            if len(arguments) == 1 and isinstance(arguments[0], Dual) and arguments[0].width == 1:
                return signature(result, *arguments)
            return None

    @lower_builtin(function, Dual)
    def lower(context, builder, sig, values):
        build = context.get_function(function, signature(result, sig.args[0].vec))
        return build(builder, [builder.extract_value(values[0], 0)])


for _function, _result in (
    (bool, types.boolean),
    (operator.not_, types.boolean),
    (int, types.intp),
):
    _define_for_one_lane(_function, _result)
