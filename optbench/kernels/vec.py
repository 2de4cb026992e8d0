"""`Vec`: W lanes of one coordinate, as a Numba type on LLVM's ``<W x element>``.

Author code is written for one lane; compiled with `Vec` in place of a number it computes W lanes at
once with explicit SIMD. A number that meets a Vec takes its element type, whatever it was: a
Python float or an integer does not turn float32 arithmetic into float64. Comparisons give a
`Mask`, which `where` consumes.

A Mask has no truth value, so code that branches on data does not compile at W > 1; at W = 1 it has
one. That is how such code runs one lane at a time, under the same typing rules.

A *swift* Vec divides and takes roots by reciprocal estimates and Newton steps where the processor
has them (see `newton`); it is for rules, whose denominators are kept away from 0.
"""

import math
import operator

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.imputils import lower_cast
from numba.core.typeconv import Conversion
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import lower_builtin, models, overload, register_model

from optbench import define
from optbench.kernels import newton, vecmath

FLAGS = ("contract",)
I32 = ir.IntType(32)


class Vec(types.Type):
    """Type of W lanes of an element type; see the module."""

    def __init__(self, element, width, swift=False):
        self.element, self.width, self.swift = element, width, swift
        super().__init__(f"Vec({element}, {width}{', swift' if swift else ''})")

    def can_convert_from(self, context, other):
        """Numbers become Vecs of equal lanes."""
        if isinstance(other, (types.Float, types.Integer)):
            return Conversion.unsafe
        return None

    def unify(self, context, other):
        """Return the type of a variable that holds a number first and a Vec later: Vec."""
        return self if isinstance(other, (types.Float, types.Integer)) else None

    @property
    def mask(self):
        """Type of a comparison's result."""
        return Mask(self)


class Mask(types.Type):
    """Type of W truth values about Vecs of the type `vec`."""

    def __init__(self, vec):
        self.vec = vec
        super().__init__(f"Mask({vec})")

    def can_convert_from(self, context, other):
        """A truth value becomes a Mask of equal lanes."""
        return Conversion.unsafe if isinstance(other, types.Boolean) else None

    def unify(self, context, other):
        """Inference types a comparison as Boolean before it learns that a Vec takes part."""
        return self if isinstance(other, types.Boolean) else None


@register_model(Vec)
class VecModel(models.PrimitiveModel):
    """A Vec is an LLVM vector."""

    def __init__(self, manager, fe_type):
        element = manager.lookup(fe_type.element).get_value_type()
        super().__init__(manager, fe_type, ir.VectorType(element, fe_type.width))


@register_model(Mask)
class MaskModel(models.PrimitiveModel):
    """A Mask is an LLVM vector of bits."""

    def __init__(self, manager, fe_type):
        super().__init__(manager, fe_type, ir.VectorType(ir.IntType(1), fe_type.vec.width))


# --------------------------------------------------------------------------- numbers become Vecs


def splat(builder, scalar, width):
    """Return an LLVM vector with `scalar` in every lane."""
    vector = ir.VectorType(scalar.type, width)
    undefined = ir.Constant(vector, ir.Undefined)
    one = builder.insert_element(undefined, scalar, ir.Constant(I32, 0))
    zeros = ir.Constant(ir.VectorType(I32, width), None)
    return builder.shuffle_vector(one, undefined, zeros)


def as_vec(context, builder, value, source, target):
    """Return `value` of type `source` as a value of the Vec type `target`."""
    if isinstance(source, Vec):
        return value
    if isinstance(source, types.Literal):
        source = types.unliteral(source)
    return splat(builder, context.cast(builder, value, source, target.element), target.width)


@lower_cast(types.Float, Vec)
@lower_cast(types.Integer, Vec)
def _number_to_vec(context, builder, source, target, value):
    return as_vec(context, builder, value, source, target)


@lower_cast(types.Boolean, Mask)
def _boolean_to_mask(context, builder, source, target, value):
    bit = builder.trunc(value, ir.IntType(1)) if value.type.width > 1 else value
    return splat(builder, bit, target.vec.width)


def vec_of(arguments):
    """Return the Vec type among `arguments` if they are Vecs of one type and numbers, else None."""
    vecs = {a for a in arguments if isinstance(a, Vec)}
    numbers = (types.Float, types.Integer)
    if len(vecs) == 1 and all(isinstance(a, (Vec, *numbers)) for a in arguments):
        return vecs.pop()
    return None


# ---------------------------------------------------------------------------------- operations


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
        vectors = [
            as_vec(context, builder, value, source, vec)
            for value, source in zip(values, sig.args, strict=True)
        ]
        return build(context, builder, vec, vectors)

    for kinds in _kinds(count):
        lower_builtin(function, *kinds)(lower)


def _kinds(count):
    """Every sequence of Vec and Number with a Vec in it."""
    if count == 1:
        return [(Vec,)]
    return [(Vec, Vec), (Vec, types.Number), (types.Number, Vec)]


def call_intrinsic(builder, name, vectors):
    """Call an LLVM intrinsic that is overloaded on its vector type."""
    vector = vectors[0].type
    letters = {ir.DoubleType(): "f64", ir.FloatType(): "f32"}
    name = f"{name}.v{vector.count}{letters[vector.element]}"
    function = cgutils.get_or_insert_function(
        builder.module, ir.FunctionType(vector, [vector] * len(vectors)), name
    )
    return builder.call(function, vectors)


def _divide(context, builder, vec, values):
    if vec.swift and newton.AVAILABLE:
        return newton.divide(builder, *values)
    return builder.fdiv(*values, flags=FLAGS)


def _root(context, builder, vec, values):
    if vec.swift and newton.AVAILABLE:
        return newton.root(builder, values[0])
    return call_intrinsic(builder, "llvm.sqrt", values)


def _pick(predicate):
    """Python's min and max: the first argument unless the second is strictly beyond it."""

    def build(context, builder, vec, values):
        first, second = values
        return builder.select(builder.fcmp_ordered(predicate, second, first), second, first)

    return build


def _intrinsic(name):
    return lambda context, builder, vec, values: call_intrinsic(builder, name, values)


for _operators, _method in (
    ((operator.add, operator.iadd), "fadd"),
    ((operator.sub, operator.isub), "fsub"),
    ((operator.mul, operator.imul), "fmul"),
):
    for _operator in _operators:
        define_operation(
            _operator, 2, lambda c, b, vec, values, m=_method: getattr(b, m)(*values, flags=FLAGS)
        )
for _operator in (operator.truediv, operator.itruediv):
    define_operation(_operator, 2, _divide)
define_operation(operator.neg, 1, lambda c, b, vec, values: b.fneg(values[0]))
define_operation(operator.pos, 1, lambda c, b, vec, values: values[0])
define_operation(math.sqrt, 1, _root)
define_operation(min, 2, _pick("<"))
define_operation(max, 2, _pick(">"))
for _function, _name in (
    (abs, "llvm.fabs"), (math.fabs, "llvm.fabs"), (math.floor, "llvm.floor"),
    (math.ceil, "llvm.ceil"), (math.copysign, "llvm.copysign"),
):  # fmt: skip
    define_operation(_function, 2 if _function is math.copysign else 1, _intrinsic(_name))

# ---------------------------------------------------------------------------------- comparisons


for _operator, _predicate in (
    (operator.lt, "<"), (operator.le, "<="), (operator.gt, ">"), (operator.ge, ">="),
    (operator.eq, "=="),
):  # fmt: skip
    define_operation(
        _operator, 2, lambda c, b, vec, values, p=_predicate: b.fcmp_ordered(p, *values),
        lambda vec: vec.mask,
    )  # fmt: skip
define_operation(
    operator.ne, 2, lambda c, b, vec, values: b.fcmp_unordered("!=", *values), lambda vec: vec.mask
)
define_operation(
    math.isnan, 1, lambda c, b, vec, values: b.fcmp_unordered("uno", values[0], values[0]),
    lambda vec: vec.mask,
)  # fmt: skip


def _define_mask_operation(function, count, build):
    @infer_global(function)
    class Template(AbstractTemplate):
        def generic(self, arguments, keywords):
            masks = all(isinstance(a, Mask) for a in arguments)
            if masks and len(arguments) == count and len(set(arguments)) == 1:
                return signature(arguments[0], *arguments)
            return None

    lower_builtin(function, *[Mask] * count)(lambda c, b, sig, values: build(b, *values))


_define_mask_operation(operator.and_, 2, lambda b, x, y: b.and_(x, y))
_define_mask_operation(operator.or_, 2, lambda b, x, y: b.or_(x, y))
_define_mask_operation(operator.invert, 1, lambda b, x: b.not_(x))


@infer_global(bool)
class _TruthOfOneLane(AbstractTemplate):
    def generic(self, arguments, keywords):
        if len(arguments) == 1 and isinstance(arguments[0], Mask) and arguments[0].vec.width == 1:
            return signature(types.boolean, *arguments)
        return None


@lower_builtin(bool, Mask)
def _truth(context, builder, sig, values):
    return builder.extract_element(values[0], ir.Constant(I32, 0))


@lower_cast(Mask, types.Boolean)
def _mask_to_boolean(context, builder, source, target, value):
    return builder.extract_element(value, ir.Constant(I32, 0))


@infer_global(int)
class _IntegerOfOneLane(AbstractTemplate):
    def generic(self, arguments, keywords):
        if len(arguments) == 1 and isinstance(arguments[0], Vec) and arguments[0].width == 1:
            return signature(types.intp, *arguments)
        return None


@lower_builtin(int, Vec)
def _to_integer(context, builder, sig, values):
    lane = builder.extract_element(values[0], ir.Constant(I32, 0))
    return context.cast(builder, lane, sig.args[0].element, types.intp)


# ---------------------------------------------------------------------------------------- where


def _select(condition, a, b):
    """Choose by lane; only compiled code calls it."""
    raise TypeError("for compiled code only")


@infer_global(_select)
class _Select(AbstractTemplate):
    def generic(self, arguments, keywords):
        mask, *values = arguments
        vec = vec_of([mask.vec, *values])
        return None if vec is None else signature(vec, *arguments)


def _lower_select(context, builder, sig, values):
    vec = sig.return_type
    chosen = [
        as_vec(context, builder, value, source, vec)
        for value, source in zip(values[1:], sig.args[1:], strict=True)
    ]
    return builder.select(values[0], *chosen)


for _pair in (*_kinds(2), (types.Number, types.Number)):
    lower_builtin(_select, Mask, *_pair)(_lower_select)


@overload(define.where)
def _where(condition, a, b):
    if isinstance(condition, Mask):
        return lambda condition, a, b: _select(condition, a, b)
    return lambda condition, a, b: a if condition else b


# --------------------------------------------------------------------------------------- powers


def _power(builder, base, exponent):
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
        return _power(builder, values[0], exponent.literal_value)
    vec = vec_of(sig.args)
    vectors = [
        as_vec(context, builder, value, source, vec)
        for value, source in zip(values, sig.args, strict=True)
    ]
    return vecmath.call(context, builder, vec, math.pow, vectors)


for _operator in (operator.pow, operator.ipow, math.pow):
    infer_global(_operator)(type("PowerTemplate", (_PowerTemplate,), {}))
    for _pair in _kinds(2):
        lower_builtin(_operator, *_pair)(_lower_power)
for _function in vecmath.FUNCTIONS:
    define_operation(
        _function,
        1,
        lambda c, b, vec, values, f=_function: vecmath.call(c, b, vec, f, values),
    )
