"""Duals of one lane as types of Numba's CUDA target, and their values as terms: see `dual_rules`.

A `ScalarDual` is a value and the derivatives along `DIRECTIONS` directions, all plain numbers of
the kernel's dtype, which NVVM keeps in registers.
"""

import math
import operator
from collections.abc import Callable, Sequence
from typing import Any

from llvmlite import ir

from optbench.kernels.cuda import plain_duals
from optbench.kernels.cuda.device import SIMULATED
from optbench.kernels.cuda.dual_rules import DIRECTIONS, Dual, Tangents
from optbench.kernels.dual.slopes import COMPARISONS, Term

if not SIMULATED:
    from numba.core.typeconv import Conversion
    from numba.cuda import types
    from numba.cuda.extending import models, register_model
    from numba.cuda.typing.templates import signature

FIELDS = tuple(f"tangent_{k}" for k in range(DIRECTIONS))
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


def model(members: Sequence[tuple[str, Any]]) -> type:
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


def split(context: Any, builder: ir.IRBuilder, source: Any, value: ir.Value, real: Any) -> Dual:
    """Return the terms of an argument: a dual's, or those of a constant."""
    if not isinstance(source, ScalarDual):
        number = context.cast(builder, value, source, real)
        return ScalarTerm(context, builder, real, number), None
    parts = [builder.extract_value(value, k) for k in range(1 + DIRECTIONS)]
    term, *tangents = (ScalarTerm(context, builder, real, part) for part in parts)
    return term, tangents


def assembled(
    context: Any, builder: ir.IRBuilder, dual: Any, found: tuple[Term, Tangents]
) -> ir.Value:
    """Return a dual of a value and its derivatives."""
    whole = ir.Constant(context.get_value_type(dual), ir.Undefined)
    for k, term in enumerate((found[0], *found[1])):
        whole = builder.insert_value(whole, term.value, k)
    return whole


def operands_of(
    context: Any, builder: ir.IRBuilder, sig: Any, values: Any, dual: Any
) -> list[Dual]:
    """Return all arguments of a function as terms."""
    return [
        split(context, builder, source, value, dual.real)
        for source, value in zip(sig.args, values, strict=True)
    ]


def from_number(context, builder, source, target, value):
    """Return a number as a dual whose derivatives are 0: a cast."""
    term, _ = split(context, builder, source, value, target.real)
    zero = term.constant(0.0)
    return assembled(context, builder, target, (term, [zero] * DIRECTIONS))


if not SIMULATED:
    register_model(ScalarDual)(model([("value", "real"), *((f, "real") for f in FIELDS)]))
    register_model(ScalarRows)(model([("rows", "rows"), ("first", types.intp)]))
