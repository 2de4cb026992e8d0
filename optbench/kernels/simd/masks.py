"""What author code can decide with Vecs: comparisons, logic, `where`; branches of one lane."""

import itertools
import math
import operator
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core.imputils import lower_cast
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import lower_builtin, overload

from optbench.define.primitives import where as plain_where
from optbench.kernels.simd.operations import Builds, Operands, define_operation, vectors_of
from optbench.kernels.simd.vec import Mask, Vec, as_mask, mask_of, vec_of
from optbench.kernels.simd.vectors import I32, call_intrinsic, constant


def _compare(predicate: str) -> Builds:
    return lambda c, builder, vec, values: builder.fcmp_ordered(predicate, *values)


def _differ(context, builder, vec, values):
    return builder.fcmp_unordered("!=", values[0], values[-1])


def _size(predicate: str) -> Builds:
    """Compare the absolute value with infinity."""

    def build(context, builder, vec, values):
        size = call_intrinsic(builder, "llvm.fabs", values)
        return builder.fcmp_ordered(predicate, size, constant(size.type, math.inf))

    return build


for _function, _count, _build in (
    (operator.lt, 2, _compare("<")),
    (operator.le, 2, _compare("<=")),
    (operator.gt, 2, _compare(">")),
    (operator.ge, 2, _compare(">=")),
    (operator.eq, 2, _compare("==")),
    (operator.ne, 2, _differ),
    (math.isnan, 1, _differ),
    (math.isinf, 1, _size("==")),
    (math.isfinite, 1, _size("<")),
):
    define_operation(_function, _count, _build, lambda vec: vec.mask)


MASKS = Operands(mask_of, Mask, (types.Boolean,))


def _define_mask_operation(
    function: Callable[..., Any], count: int, build: Callable[..., ir.Value]
) -> None:
    """Give an operator of Masks (or truth values, but one) a meaning."""

    def lower(context, builder, sig, values):
        masks = [
            as_mask(context, builder, value, source, sig.return_type)
            for value, source in zip(values, sig.args, strict=True)
        ]
        return build(builder, *masks)

    MASKS.define(function, count, lower)


for _operators, _name in (
    ((operator.and_, operator.iand), "and_"),
    ((operator.or_, operator.ior), "or_"),
    ((operator.xor, operator.ixor), "xor"),
):
    for _operator in _operators:
        _define_mask_operation(_operator, 2, lambda b, x, y, name=_name: getattr(b, name)(x, y))
_define_mask_operation(operator.invert, 1, lambda b, x: b.not_(x))


# ------------------------------------------------------------------------- what one lane can do


def _define_for_one_lane(
    function: Callable[..., Any],
    kind: type,
    result: types.Type,
    convert: Callable[..., ir.Value],
) -> None:
    """Give `function` of a Vec or a Mask of one lane a meaning; more lanes have no one answer.

    `convert` is ``convert(context, builder, type, scalar)``.
    """

    @infer_global(function)
    class Template(AbstractTemplate):
        def generic(self, arguments, keywords):
            if len(arguments) == 1 and isinstance(arguments[0], kind) and arguments[0].width == 1:
                return signature(result, *arguments)
            return None

    @lower_builtin(function, kind)
    def lower(context, builder, sig, values):
        lane = builder.extract_element(values[0], ir.Constant(I32, 0))
        return convert(context, builder, sig.args[0], lane)


def _not_zero(context, builder, vec, lane):
    return builder.fcmp_unordered("!=", lane, ir.Constant(lane.type, 0.0))


_define_for_one_lane(bool, Mask, types.boolean, lambda c, b, mask, lane: lane)
_define_for_one_lane(operator.not_, Mask, types.boolean, lambda c, b, mask, lane: b.not_(lane))
_define_for_one_lane(bool, Vec, types.boolean, _not_zero)
_define_for_one_lane(
    operator.not_, Vec, types.boolean, lambda c, b, vec, lane: b.not_(_not_zero(c, b, vec, lane))
)
_define_for_one_lane(
    int, Vec, types.intp, lambda c, b, vec, lane: c.cast(b, lane, vec.element, types.intp)
)


@lower_cast(Mask, types.Boolean)
def _mask_to_boolean(context, builder, source, target, value):
    return builder.extract_element(value, ir.Constant(I32, 0))


# ---------------------------------------------------------------------------------------- where


def select(condition, a, b):
    """Choose by lane; only compiled code calls it."""
    raise TypeError("for compiled code only")


@infer_global(select)
class _Select(AbstractTemplate):
    def generic(self, arguments, keywords):
        mask, *values = arguments
        vec = vec_of([mask.vec, *values])
        return None if vec is None else signature(vec, *arguments)


def _lower_select(context, builder, sig, values):
    pair = vectors_of(context, builder, sig.return_type, sig.args[1:], values[1:])
    return builder.select(values[0], *pair)


for _pair in itertools.product((Vec, types.Number), repeat=2):
    lower_builtin(select, Mask, *_pair)(_lower_select)


@overload(plain_where)
def _where(condition, a, b):
    if isinstance(condition, Mask):
        return lambda condition, a, b: select(condition, a, b)
    return lambda condition, a, b: a if condition else b
