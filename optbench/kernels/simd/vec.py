"""`Vec`: W lanes of one coordinate, as a Numba type on LLVM's ``<W x element>``.

Author code is written for one lane; compiled with `Vec` in place of a number it computes W lanes at
once with explicit SIMD. A number that meets a Vec takes its element type, whatever it was: a
Python float or an integer does not turn float32 arithmetic into float64. Comparisons give a
`Mask`, which `where` consumes. What can be done with both is in `operations` and `masks`.

A Mask has no truth value, so code that branches on data does not compile at W > 1; at W = 1 it has
one. That is how such code runs one lane at a time, under the same typing rules.

A *swift* Vec divides and takes roots by reciprocal estimates and Newton steps where the processor
has them (see `newton`); it is for rules, whose denominators are kept away from 0.

A *setting* is a Vec that stands for a number which all steps have in common: a hyperparameter, by
lane. What is computed of settings and numbers alone is a setting, and each lane of it has the bits
that the numbers would give: one rounding an operation, exact quotients and roots, functions of the
C library. With other Vecs it becomes one of them, as a number does.
"""

from collections.abc import Sequence
from typing import Any

from llvmlite import ir
from numba import types
from numba.core.base import BaseContext
from numba.core.imputils import lower_cast
from numba.core.typeconv import Conversion
from numba.extending import models, register_model

from optbench.kernels.simd.vectors import splat


class Vec(types.Type):
    """Type of `width` lanes of an element type, float64 or float32.

    `swift` and `setting`: see the module.
    """

    def __init__(
        self, element: types.Float, width: int, swift: bool = False, setting: bool = False
    ):
        self.element, self.width, self.swift, self.setting = element, width, swift, setting
        words = f"{', swift' if swift else ''}{', setting' if setting else ''}"
        super().__init__(f"Vec({element}, {width}{words})")

    def can_convert_from(self, context, other):
        """Numbers become Vecs of equal lanes."""
        if isinstance(other, (types.Float, types.Integer)):
            return Conversion.unsafe
        return Conversion.promote if self.takes(other) else None

    def takes(self, other: types.Type) -> bool:
        """Say whether Vecs of another type, settings, are Vecs of this type as they are."""
        return (
            isinstance(other, Vec)
            and other.setting
            and (other.element, other.width) == (self.element, self.width)
        )

    def unify(self, context, other):
        """Return the type of a variable that holds a number first and a Vec later: Vec."""
        numbers = isinstance(other, (types.Float, types.Integer))
        return self if numbers or self.takes(other) else None

    @property
    def mask(self) -> "Mask":
        """Type of a comparison's result."""
        return Mask(self)


class Mask(types.Type):
    """Type of W truth values about Vecs of the type `vec`."""

    def __init__(self, vec: Vec):
        self.vec = vec
        super().__init__(f"Mask({vec})")

    @property
    def width(self) -> int:
        """Number of lanes."""
        return self.vec.width

    def can_convert_from(self, context, other):
        """A truth value becomes a Mask of equal lanes."""
        if isinstance(other, types.Boolean):
            return Conversion.unsafe
        return Conversion.promote if self.takes(other) else None

    def takes(self, other: types.Type) -> bool:
        """Say whether Masks of another type, about settings, are Masks of this type as they are."""
        return isinstance(other, Mask) and self.vec.takes(other.vec)

    def unify(self, context, other):
        """Inference types a comparison as Boolean before it learns that a Vec takes part."""
        return self if isinstance(other, types.Boolean) or self.takes(other) else None


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
        super().__init__(manager, fe_type, ir.VectorType(ir.IntType(1), fe_type.width))


# --------------------------------------------------------------------------- numbers become Vecs


def as_vec(
    context: BaseContext, builder: ir.IRBuilder, value: ir.Value, source: types.Type, target: Vec
) -> ir.Value:
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


@lower_cast(Vec, Vec)
@lower_cast(Mask, Mask)
def _setting_to_vec(context, builder, source, target, value):
    return value


def as_mask(
    context: BaseContext, builder: ir.IRBuilder, value: ir.Value, source: types.Type, target: Mask
) -> ir.Value:
    """Return `value` of type `source` as a value of the Mask type `target`."""
    if isinstance(source, Mask):
        return value
    bit = builder.trunc(value, ir.IntType(1)) if value.type.width > 1 else value
    return splat(builder, bit, target.width)


@lower_cast(types.Boolean, Mask)
def _boolean_to_mask(context, builder, source, target, value):
    return as_mask(context, builder, value, source, target)


def vec_of(arguments: Sequence[types.Type]) -> Vec | None:
    """Return the type of Vecs that `arguments`, Vecs of one type and numbers, have; else None."""
    numbers = (types.Float, types.Integer)
    if all(isinstance(a, (Vec, *numbers)) for a in arguments):
        return _common([a for a in arguments if isinstance(a, Vec)])
    return None


def _common(kinds: Sequence[Any]) -> Any:
    """Return the one type of some Vecs or Masks; beside others settings have the others'."""
    first: Any = None
    for kind in kinds:
        if first is None or kind.takes(first):
            first = kind
        elif kind != first and not first.takes(kind):
            return None
    return first


def mask_of(arguments: Sequence[types.Type]) -> Mask | None:
    """Return the Mask type among `arguments` if they are Masks of one type and truth values."""
    if all(isinstance(a, (Mask, types.Boolean)) for a in arguments):
        return _common([a for a in arguments if isinstance(a, Mask)])
    return None
