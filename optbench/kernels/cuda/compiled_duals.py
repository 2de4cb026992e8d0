"""Dual numbers as a type of Numba's CUDA target: see `dual_rules`.

A `ScalarDual` is a value and the derivatives along `DIRECTIONS` directions, all plain numbers of
the kernel's dtype, which NVVM keeps in registers.
"""

import math
import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from llvmlite import ir

from optbench.kernels.cuda import dual_rules, plain_duals
from optbench.kernels.cuda.compiling import part
from optbench.kernels.cuda.device import SIMULATED
from optbench.kernels.cuda.dual_rules import DIRECTIONS, Dual, Tangents
from optbench.kernels.dual.slopes import COMPARISONS, SLOPES, Term

if not SIMULATED:
    from numba.core.typeconv import Conversion
    from numba.cuda import cgutils, types
    from numba.cuda.extending import (
        intrinsic,
        lower_builtin,
        lower_cast,
        models,
        overload,
        overload_attribute,
        register_model,
    )
    from numba.cuda.typing.templates import AbstractTemplate, infer_global, signature

FIELDS = tuple(f"tangent_{k}" for k in range(DIRECTIONS))
IN_PLACE = {
    operator.add: operator.iadd, operator.sub: operator.isub, operator.mul: operator.imul,
    operator.truediv: operator.itruediv, operator.mod: operator.imod,
}  # fmt: skip
INSTRUCTIONS = {
    operator.add: "fadd", operator.sub: "fsub", operator.mul: "fmul", operator.truediv: "fdiv",
}  # fmt: skip
ORDERED = {
    operator.lt: "<", operator.le: "<=", operator.gt: ">", operator.ge: ">=", operator.eq: "==",
}  # fmt: skip
INTRINSICS = {math.floor: "llvm.floor", math.ceil: "llvm.ceil"}
"""What Numba turns into whole numbers, and duals do not."""


class ScalarTerm(Term):
    """A number of a Numba type `real`, or a truth value, while code is generated."""

    def __init__(self, context: Any, builder: ir.IRBuilder, real: Any, value: ir.Value) -> None:
        self.context, self.builder, self.real, self.value = context, builder, real, value

    def constant(self, number: float) -> "ScalarTerm":
        """Return a number."""
        return self._with(self.context.get_constant(self.real, number))

    def call(self, function: Callable[..., Any], *others: Term | float) -> "ScalarTerm":
        """Return a function of this number and others."""
        terms = [self, *(o if isinstance(o, Term) else self.constant(o) for o in others)]
        values, builder = [term.value for term in terms], self.builder
        if function in INSTRUCTIONS:
            return self._with(getattr(builder, INSTRUCTIONS[function])(*values))
        if function in ORDERED:
            return self._with(builder.fcmp_ordered(ORDERED[function], *values))
        if function is operator.ne:
            return self._with(builder.fcmp_unordered("!=", *values))
        if function is operator.neg:
            return self._with(builder.fsub(self.constant(-0.0).value, values[0]))
        if function in plain_duals.AS_THEY_ARE:
            return self
        if function in INTRINSICS:
            kind = self.value.type
            called = builder.module.declare_intrinsic(INTRINSICS[function], [kind])
            return self._with(builder.call(called, values))
        result = types.boolean if function in COMPARISONS else self.real
        build = self.context.get_function(function, signature(result, *[self.real] * len(terms)))
        return self._with(build(builder, values))

    def choose(self, a: Term, b: Term) -> "ScalarTerm":
        """Return `a` where this comparison holds, else `b`."""
        return self._with(self.builder.select(self.value, a.value, b.value))

    def _with(self, value: ir.Value) -> "ScalarTerm":
        return ScalarTerm(self.context, self.builder, self.real, value)


def install() -> None:
    """Teach Numba's CUDA target duals."""
    register_model(ScalarDual)(_model([("value", "real"), *((f, "real") for f in FIELDS)]))
    register_model(ScalarRows)(_model([("rows", "rows"), ("first", types.intp)]))
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
        lower_cast(kind, ScalarDual)(_from_number)
    _define_conversions()
    _define_rows()


if not SIMULATED:

    class ScalarDual(types.Type):
        """Type of a number of type `real` with its derivatives."""

        def __init__(self, real):
            self.real = real
            super().__init__(f"ScalarDual({real}, {DIRECTIONS})")

        def can_convert_from(self, context, other):
            """Numbers become duals whose derivatives are 0."""
            return Conversion.unsafe if isinstance(other, (types.Float, types.Integer)) else None

        def unify(self, context, other):
            """Return the type of a variable that holds a number first and a dual later."""
            return self if isinstance(other, (types.Float, types.Integer)) else None

    class ScalarRows(types.Type):
        """Type of a lane's coordinates, seen along some directions."""

        def __init__(self, rows):
            self.rows, self.dual = rows, ScalarDual(rows.dtype)
            super().__init__(f"ScalarRows({rows})")


def _model(members: Sequence[tuple[str, Any]]) -> type:
    """Return the model of a structure; a member is a type, or the name of the type's attribute."""

    class Model(models.StructModel):
        def __init__(self, manager, fe_type):
            fields = [
                (name, getattr(fe_type, kind) if isinstance(kind, str) else kind)
                for name, kind in members
            ]
            super().__init__(manager, fe_type, fields)

    return Model


# ------------------------------------------------------------------------------ values and terms


def dual_of(arguments: Sequence[Any]) -> Any:
    """Return the one dual type among arguments that are else numbers, or None."""
    duals = {a for a in arguments if isinstance(a, ScalarDual)}
    others = [a for a in arguments if not isinstance(a, ScalarDual)]
    if len(duals) != 1 or not all(isinstance(a, types.Number) for a in others):
        return None
    return duals.pop()


def _split(context: Any, builder: ir.IRBuilder, source: Any, value: ir.Value, real: Any) -> Dual:
    """Return the terms of an argument: a dual's, or those of a constant."""
    if not isinstance(source, ScalarDual):
        number = context.cast(builder, value, source, real)
        return ScalarTerm(context, builder, real, number), None
    parts = [builder.extract_value(value, k) for k in range(1 + DIRECTIONS)]
    term, *tangents = (ScalarTerm(context, builder, real, part) for part in parts)
    return term, tangents


def _assembled(context: Any, builder: ir.IRBuilder, dual: Any, found: tuple[Term, Tangents]) -> Any:
    whole = ir.Constant(context.get_value_type(dual), ir.Undefined)
    for k, term in enumerate((found[0], *found[1])):
        whole = builder.insert_value(whole, term.value, k)
    return whole


def _operands(context: Any, builder: ir.IRBuilder, sig: Any, values: Any, dual: Any) -> list[Dual]:
    return [
        _split(context, builder, source, value, dual.real)
        for source, value in zip(sig.args, values, strict=True)
    ]


def _from_number(context, builder, source, target, value):
    term, _ = _split(context, builder, source, value, target.real)
    zero = term.constant(0.0)
    return _assembled(context, builder, target, (term, [zero] * DIRECTIONS))


# --------------------------------------------------------------------------------------- functions


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
        found = rule(_operands(context, builder, sig, values, dual))
        return _assembled(context, builder, dual, found)

    return lower


def _by_rule(function: Callable[..., Any]) -> Callable[[list[Dual]], tuple[Term, Tangents]]:
    return lambda operands: dual_rules.by_rule(function, operands)


def _picked(compare: Callable[..., Any]) -> Callable[[list[Dual]], tuple[Term, Tangents]]:
    return lambda operands: dual_rules.picked(compare, operands)


def _compared(function: Callable[..., Any]) -> Callable[..., Any]:
    def lower(context, builder, sig, values):
        operands = _operands(context, builder, sig, values, dual_of(sig.args))
        (first, _), *others = operands
        return first.call(function, *(term for term, _ in others)).value

    return lower


def _lower_power(context, builder, sig, values):
    dual, exponent = sig.return_type, sig.args[1]
    base, power = _operands(context, builder, sig, values, dual)
    if isinstance(exponent, types.IntegerLiteral):
        found = dual_rules.whole_power(base, exponent.literal_value)
    else:
        found = dual_rules.power(base, power)
    return _assembled(context, builder, dual, found)


def _define_conversions() -> None:
    """Give truth values and whole numbers of duals the meaning that those of their values have."""

    def converted(turn):
        def lower(context, builder, sig, values):
            term, _ = _split(context, builder, sig.args[0], values[0], sig.args[0].real)
            return turn(context, builder, term)

        return lower

    ways = {
        bool: (types.boolean, lambda c, b, term: term.call(operator.ne, 0.0).value),
        operator.not_: (types.boolean, lambda c, b, term: term.call(operator.eq, 0.0).value),
        int: (types.intp, lambda c, b, term: c.cast(b, term.value, term.real, types.intp)),
    }
    for function, (result, turn) in ways.items():
        _define(function, 1, converted(turn), lambda dual, result=result: result)


# -------------------------------------------------------------------------------------------- rows


def _define_rows() -> None:
    """Let code take a coordinate of a point as a dual, and ask how many there are."""

    def generic(self, arguments, keywords):
        rows, index = arguments
        if isinstance(rows, ScalarRows) and isinstance(index, types.Integer):
            return signature(rows.dual, rows, types.intp)
        return None

    infer_global(operator.getitem)(type("DualRow", (AbstractTemplate,), dict(generic=generic)))

    def lower(context, builder, sig, values):
        kind = sig.args[0]
        rows = cgutils.create_struct_proxy(kind)(context, builder, value=values[0])
        array = context.make_array(kind.rows)(context, builder, value=rows.rows)
        count = cgutils.unpack_tuple(builder, array.shape, 1)[0]
        below = builder.icmp_signed("<", values[1], count.type(0))
        index = builder.select(below, builder.add(values[1], count), values[1])
        getter = signature(kind.dual.real, kind.rows, types.intp)
        value = context.get_function(operator.getitem, getter)(builder, [rows.rows, index])
        term = ScalarTerm(context, builder, kind.dual.real, value)
        own = builder.sub(index, rows.first)
        place = [builder.icmp_signed("==", own, own.type(k)) for k in range(DIRECTIONS)]
        zero, one = term.constant(0.0), term.constant(1.0)
        seeds = [term._with(here).choose(one, zero) for here in place]
        return _assembled(context, builder, kind.dual, (term, seeds))

    lower_builtin(operator.getitem, ScalarRows, types.intp)(lower)

    @overload(len)
    def length(rows):
        if isinstance(rows, ScalarRows):
            return lambda rows: _count(rows)
        return None

    @overload_attribute(ScalarRows, "size")
    def size(rows):
        return lambda rows: _count(rows)

    @overload_attribute(ScalarRows, "shape")
    def shape(rows):
        return lambda rows: (_count(rows),)


if not SIMULATED:

    @intrinsic
    def _count(typing, rows):
        def generate(context, builder, sig, values):
            kind = sig.args[0]
            view = cgutils.create_struct_proxy(kind)(context, builder, value=values[0])
            array = context.make_array(kind.rows)(context, builder, value=view.rows)
            return cgutils.unpack_tuple(builder, array.shape, 1)[0]

        return types.intp(rows), generate

    @intrinsic
    def dual_rows(typing, rows, first):
        """Return rows whose numbers are duals."""
        kind = ScalarRows(rows)

        def generate(context, builder, sig, values):
            view = cgutils.create_struct_proxy(kind)(context, builder)
            view.rows, view.first = values
            return view._getvalue()

        return kind(rows, types.intp), generate

    def _part_of(place):
        """Return what gives the value of a result (place 0), or its derivative number place - 1."""

        @intrinsic
        def part_of(typing, result):
            real = result.real if isinstance(result, ScalarDual) else types.float64

            def generate(context, builder, sig, values):
                term, tangents = _split(context, builder, sig.args[0], values[0], real)
                tangents = tangents or [term.constant(0.0)] * DIRECTIONS
                return (term, *tangents)[place].value

            return real(result), generate

        return part_of

    _value, *_tangents = map(_part_of, range(1 + DIRECTIONS))
    _first_tangent, _second_tangent = _tangents

    @overload(plain_duals.single)
    def _single(value):
        if isinstance(value, ScalarDual):
            return lambda value: value
        return lambda value: np.float32(value)

    def differentiated(f, g, lane, first, result):
        """Write a result to the line f, and its derivatives to the rows of g from `first` on."""
        f[lane] = _value(result)
        g[first, lane] = _first_tangent(result)
        if first + 1 < g.shape[0]:
            g[first + 1, lane] = _second_tangent(result)

    install()
    DIFFERENTIATED = part(differentiated)


def dual_views() -> dict[str, Any]:
    """Return what generated functions of problems without `g` call, compiled."""
    return {} if SIMULATED else dict(dual_rows=dual_rows, differentiated=DIFFERENTIATED)
