"""What author code can compute with Vecs: arithmetic, powers, functions of `math`.

Importing this module teaches Numba all of it. `min` and `max` are Python's: the first argument
unless a later one is strictly beyond it, so a NaN that comes first stays and a NaN that comes later
is ignored. `floor` and `ceil` return Vecs where Python returns integers. Whole powers are products
(x ** -n is 1 / x ** n), other powers those of `math.pow`: NaN where Python would turn complex.
"""

import itertools
import math
import operator

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import lower_builtin, overload

from optbench.kernels.compiling import vector_library
from optbench.kernels.simd import newton, vecmath
from optbench.kernels.simd.vec import Vec, as_vec, vec_of

FLAGS = ("contract",)


def define_operation(function, count, build, result=lambda vec: vec):
    """Give `function` of `count` Vecs (or numbers, but one) a meaning.

    Parameters
    ----------
    function : callable
        What authors call: an operator, or a function of `math`.
    count : int
        Number of arguments.
    build : callable
        ``build(context, builder, vec, values) -> value`` on LLVM vectors.
    result : callable
        Maps the Vec type to the type of the result.
    """

    @infer_global(function)
    class Template(AbstractTemplate):
        def generic(self, arguments, keywords):
            vec = vec_of(arguments) if len(arguments) == count else None
            return None if vec is None else signature(result(vec), *arguments)

    def lower(context, builder, sig, values):
        vec = vec_of(sig.args)
        return build(context, builder, vec, vectors_of(context, builder, vec, sig.args, values))

    for kinds in kinds_of(Vec, types.Number, count):
        lower_builtin(function, *kinds)(lower)


def vectors_of(context, builder, vec, sources, values):
    """Return `values`, Vecs and numbers of the types `sources`, as LLVM vectors."""
    return [
        as_vec(context, builder, value, source, vec)
        for value, source in zip(values, sources, strict=True)
    ]


def kinds_of(wanted, other, count):
    """Every sequence of `wanted` and `other` that holds a `wanted`."""
    return [k for k in itertools.product((wanted, other), repeat=count) if wanted in k]


# ----------------------------------------------------------------------------------- arithmetic


def call_intrinsic(builder, name, vectors):
    """Call an LLVM intrinsic that is overloaded on its vector type."""
    vector = vectors[0].type
    letters = {ir.DoubleType(): "f64", ir.FloatType(): "f32"}
    name = f"{name}.v{vector.count}{letters[vector.element]}"
    function = cgutils.get_or_insert_function(
        builder.module, ir.FunctionType(vector, [vector] * len(vectors)), name
    )
    return builder.call(function, vectors)


def _instruction(name):
    return lambda c, builder, vec, values: getattr(builder, name)(*values, flags=FLAGS)


def _intrinsic(name):
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


def _pick(predicate):
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


def _whole_power(builder, base, exponent):
    """Base ** exponent for a known integer, by repeated squaring."""
    result, square, rest = None, base, abs(exponent)
    while rest:
        if rest & 1:
            result = square if result is None else builder.fmul(result, square, flags=FLAGS)
        rest >>= 1
        if rest:
            square = builder.fmul(square, square, flags=FLAGS)
    one = ir.Constant(base.type, [1.0] * base.type.count)
    if result is None:
        return one
    return builder.fdiv(one, result) if exponent < 0 else result


class _PowerTemplate(AbstractTemplate):
    prefer_literal = True

    def generic(self, arguments, keywords):
        vec = vec_of(arguments) if len(arguments) == 2 else None
        return None if vec is None else signature(vec, *arguments)


def _lower_power(context, builder, sig, values):
    exponent = sig.args[1]
    if isinstance(exponent, types.IntegerLiteral):
        return _whole_power(builder, values[0], exponent.literal_value)
    vec = vec_of(sig.args)
    vectors = vectors_of(context, builder, vec, sig.args, values)
    return vecmath.call(context, builder, vec, math.pow, vectors)


for _operator in (operator.pow, operator.ipow, math.pow):
    infer_global(_operator)(type("PowerTemplate", (_PowerTemplate,), {}))
    for _pair in kinds_of(Vec, types.Number, 2):
        lower_builtin(_operator, *_pair)(_lower_power)


def _library_function(function):
    return lambda c, builder, vec, values: vecmath.call(c, builder, vec, function, values)


for _count, _functions in vector_library.FUNCTIONS.items():
    for _function in _functions:
        define_operation(_function, _count, _library_function(_function))
