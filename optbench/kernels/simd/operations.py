"""What author code can compute with Vecs: arithmetic, powers, functions of `math`.

Importing this module teaches Numba all of it. `min` and `max` are Python's: the first argument
unless a later one is strictly beyond it, so a NaN that comes first stays and a NaN that comes later
is ignored. `floor` and `ceil` return Vecs where Python returns integers. Whole powers are products
(x ** -n is 1 / x ** n), other powers those of `math.pow`: NaN where Python would turn complex.
"""

import itertools
import math
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from llvmlite import ir
from numba import types
from numba.core.base import BaseContext
from numba.core.typing.templates import AbstractTemplate, Signature, infer_global, signature
from numba.extending import lower_builtin, overload

from optbench.kernels.compiling import vector_library
from optbench.kernels.simd import newton, vecmath
from optbench.kernels.simd.vec import Vec, as_vec, vec_of
from optbench.kernels.simd.vectors import FLAGS, call_intrinsic, constant

Builds: TypeAlias = Callable[[BaseContext, ir.IRBuilder, Vec, list[ir.Value]], ir.Value]
"""From LLVM vectors to the result of an operation."""
Lowers: TypeAlias = Callable[[BaseContext, ir.IRBuilder, Signature, list[ir.Value]], ir.Value]
"""From values of the types of a signature to its result, as Numba has it."""


@dataclass(frozen=True)
class Operands:
    """What the operations of a family of types are defined for: one of its types, and constants.

    Attributes
    ----------
    common_type : callable
        From the types of arguments to the type that they are computed in, or None.
    kind : type
        Class of these types.
    constants : tuple of type
        Classes of what may stand beside them.
    """

    common_type: Callable[[Sequence[types.Type]], types.Type | None]
    kind: type
    constants: tuple[type, ...]

    def kinds(self, count: int) -> list[tuple[type, ...]]:
        """Return every sequence of classes of arguments that holds the kind."""
        sequences = itertools.product((self.kind, *self.constants), repeat=count)
        return [kinds for kinds in sequences if self.kind in kinds]

    def define(
        self,
        function: Callable[..., Any],
        count: int,
        lower: Lowers,
        result: Callable[[Any], types.Type] = lambda common: common,
        literal: bool = False,
    ) -> None:
        """Teach Numba a function of `count` arguments.

        Parameters
        ----------
        function : callable
            What authors call: an operator, or a function of `math`.
        count : int
            Number of arguments.
        lower : callable
        result : callable
            Maps the common type to the type of the result.
        literal : bool
            Whether `lower` wants to know numbers that are written in the code.
        """
        common_type = self.common_type

        @infer_global(function)
        class Template(AbstractTemplate):
            prefer_literal = literal

            def generic(self, arguments, keywords):
                common = common_type(arguments) if len(arguments) == count else None
                return None if common is None else signature(result(common), *arguments)

        for kinds in self.kinds(count):
            lower_builtin(function, *kinds)(lower)


VECS = Operands(vec_of, Vec, (types.Number,))


def define_operation(
    function: Callable[..., Any],
    count: int,
    build: Builds,
    result: Callable[[Vec], types.Type] = lambda vec: vec,
) -> None:
    """Give `function` of `count` Vecs (or numbers, but one) a meaning; see `Operands.define`."""

    def lower(context, builder, sig, values):
        vec = vec_of(sig.args)
        return build(context, builder, vec, vectors_of(context, builder, vec, sig.args, values))

    VECS.define(function, count, lower, result)


def vectors_of(
    context: BaseContext,
    builder: ir.IRBuilder,
    vec: Vec,
    sources: Sequence[types.Type],
    values: Sequence[ir.Value],
) -> list[ir.Value]:
    """Return `values`, Vecs and numbers of the types `sources`, as LLVM vectors."""
    return [
        as_vec(context, builder, value, source, vec)
        for value, source in zip(values, sources, strict=True)
    ]


# ----------------------------------------------------------------------------------- arithmetic


def _instruction(name: str) -> Builds:
    return lambda c, builder, vec, values: getattr(builder, name)(*values, flags=_flags(vec))


def _flags(vec: Vec) -> tuple[str, ...]:
    """Return the flags of instructions: settings are rounded one by one."""
    return () if vec.setting else FLAGS


def _intrinsic(name: str) -> Builds:
    return lambda c, builder, vec, values: call_intrinsic(builder, name, values)


def _divide(context, builder, vec, values):
    if vec.swift and newton.DIVIDES:
        return newton.divide(builder, *values)
    return builder.fdiv(*values, flags=FLAGS)


def _root(context, builder, vec, values):
    if vec.swift and newton.ROOTS:
        return newton.root(builder, values[0])
    return call_intrinsic(builder, "llvm.sqrt", values)


def _remainder(context, builder, vec, values):
    """Python's x % y, which has the sign of y; exact, one lane at a time."""
    x, y = values
    rest = builder.frem(x, y)
    zero = ir.Constant(x.type, None)
    opposite = builder.xor(
        builder.fcmp_ordered("<", rest, zero), builder.fcmp_ordered("<", y, zero)
    )
    turned = builder.and_(opposite, builder.fcmp_unordered("!=", rest, zero))
    rest = builder.select(turned, builder.fadd(rest, y), rest)
    signed_zero = call_intrinsic(builder, "llvm.copysign", [zero, y])
    return builder.select(builder.fcmp_ordered("==", rest, zero), signed_zero, rest)


def _pick(predicate: str) -> Builds:
    """Python's min and max (see the module)."""

    def build(context, builder, vec, values):
        picked, *others = values
        for other in others:
            beyond = builder.fcmp_ordered(predicate, other, picked)
            picked = builder.select(beyond, other, picked)
        return picked

    return build


def single(v):
    """Return what `float` returns in float32 kernels: Python's own would be float64."""
    return np.float32(v)


@overload(single)
def _single(v):
    if isinstance(v, types.Number):
        return lambda v: np.float32(v)
    return None


for _operators, _build in (
    ((operator.add, operator.iadd), _instruction("fadd")),
    ((operator.sub, operator.isub), _instruction("fsub")),
    ((operator.mul, operator.imul), _instruction("fmul")),
    ((operator.truediv, operator.itruediv), _divide),
    ((operator.mod, operator.imod), _remainder),
    ((math.fmod,), lambda c, builder, vec, values: builder.frem(*values)),
    ((math.copysign,), _intrinsic("llvm.copysign")),
):
    for _operator in _operators:
        define_operation(_operator, 2, _build)
for _function, _build in (
    (operator.neg, lambda c, builder, vec, values: builder.fneg(values[0])),
    (operator.pos, lambda c, builder, vec, values: values[0]),
    (float, lambda c, builder, vec, values: values[0]),
    (single, lambda c, builder, vec, values: values[0]),
    (math.sqrt, _root),
    (abs, _intrinsic("llvm.fabs")),
    (math.fabs, _intrinsic("llvm.fabs")),
    (math.floor, _intrinsic("llvm.floor")),
    (math.ceil, _intrinsic("llvm.ceil")),
):
    define_operation(_function, 1, _build)
for _count in (2, 3, 4):
    define_operation(min, _count, _pick("<"))
    define_operation(max, _count, _pick(">"))

# ------------------------------------------------------------------------ powers and functions


def _whole_power(
    builder: ir.IRBuilder, base: ir.Value, exponent: int, flags: tuple[str, ...]
) -> ir.Value:
    """Base ** exponent for an integer that is written in the code, by repeated squaring."""
    result, square, rest = None, base, abs(exponent)
    while rest:
        if rest & 1:
            result = square if result is None else builder.fmul(result, square, flags=flags)
        rest >>= 1
        if rest:
            square = builder.fmul(square, square, flags=flags)
    one = constant(base.type, 1.0)
    if result is None:
        return one
    return builder.fdiv(one, result) if exponent < 0 else result


def _lower_power(context, builder, sig, values):
    exponent, vec = sig.args[1], vec_of(sig.args)
    if isinstance(exponent, types.IntegerLiteral):
        return _whole_power(builder, values[0], exponent.literal_value, _flags(vec))
    vectors = vectors_of(context, builder, vec, sig.args, values)
    return vecmath.call(context, builder, vec, math.pow, vectors)


for _operator in (operator.pow, operator.ipow, math.pow):
    VECS.define(_operator, 2, _lower_power, literal=True)


def _library_function(function: Callable[..., float]) -> Builds:
    return lambda c, builder, vec, values: vecmath.call(c, builder, vec, function, values)


for _count, _functions in vector_library.FUNCTIONS.items():
    for _function in _functions:
        define_operation(_function, _count, _library_function(_function))
