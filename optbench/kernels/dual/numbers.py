"""`Dual`: W lanes of a value and of its derivatives along several directions, as a Numba type.

A problem that its author wrote without a gradient is compiled with Duals in place of `Vec`: each
operation carries, beside the value, the derivatives along a few coordinate directions (Griewank
and Walther 2008, Evaluating derivatives, chapter 3). A pass over the code gives the gradient's
entries for these directions, exact to rounding; ceil(d / directions) passes give all of it. Numbers
that meet a Dual have derivative 0. Comparisons compare values and give a `Mask`, so `where`,
and branches at one lane, choose values and derivatives together.

Where many lanes are computed at once, each direction is a vector over the lanes. Where code
branches and there is one lane, the directions themselves are the lanes of one vector.
"""

from collections.abc import Sequence

from llvmlite import ir
from numba import types
from numba.core.base import BaseContext
from numba.core.imputils import lower_cast
from numba.core.typeconv import Conversion
from numba.extending import models, register_model

from optbench.kernels.simd.operations import Operands
from optbench.kernels.simd.vec import Vec, as_vec
from optbench.kernels.simd.vectors import I32, splat


class Dual(types.Type):
    """Type of a value of type `vec` with derivatives along a number of directions.

    Attributes
    ----------
    tangent : Vec
        Type of the vectors of derivatives.
    tangents : int
        How many of them there are.
    """

    def __init__(self, vec: Vec, directions: int):
        self.vec, self.directions = vec, directions
        wide = vec.width > 1
        self.tangent = vec if wide else Vec(vec.element, directions)
        self.tangents = directions if wide else 1
        super().__init__(f"Dual({vec}, {directions})")

    @property
    def width(self) -> int:
        """Number of lanes."""
        return self.vec.width

    def can_convert_from(self, context, other):
        """Numbers and Vecs become Duals whose derivatives are 0."""
        return Conversion.unsafe if self.takes(other) else None

    def unify(self, context, other):
        """Return the type of a variable that holds a number first and a Dual later: Dual."""
        return self if self.takes(other) else None

    def takes(self, other: types.Type) -> bool:
        """Whether values of a type are constants beside Duals: `where` of numbers gives Vecs."""
        return other == self.vec or isinstance(other, (types.Float, types.Integer))


@register_model(Dual)
class DualModel(models.StructModel):
    """The value, then the vectors of derivatives."""

    def __init__(self, manager, fe_type):
        tangents = [(f"tangent_{k}", fe_type.tangent) for k in range(fe_type.tangents)]
        super().__init__(manager, fe_type, [("value", fe_type.vec), *tangents])


def split(builder: ir.IRBuilder, dual: Dual, value: ir.Value) -> tuple[ir.Value, list[ir.Value]]:
    """Return (value, list of tangents) of a Dual, as LLVM vectors."""
    return (
        builder.extract_value(value, 0),
        [builder.extract_value(value, k + 1) for k in range(dual.tangents)],
    )


def assemble(
    context: BaseContext,
    builder: ir.IRBuilder,
    dual: Dual,
    value: ir.Value,
    tangents: Sequence[ir.Value],
) -> ir.Value:
    """Return the Dual of a value and its tangents, which are LLVM vectors."""
    whole = ir.Constant(context.get_value_type(dual), ir.Undefined)
    for k, part in enumerate((value, *tangents)):
        whole = builder.insert_value(whole, part, k)
    return whole


def no_tangents(context: BaseContext, dual: Dual) -> list[ir.Value]:
    """Return the derivatives of a constant."""
    return [ir.Constant(context.get_value_type(dual.tangent), None)] * dual.tangents


def spread(builder: ir.IRBuilder, dual: Dual, slope: ir.Value) -> ir.Value:
    """Return a vector over the lanes in the shape of a tangent."""
    if dual.width > 1:
        return slope
    lane = builder.extract_element(slope, ir.Constant(I32, 0))
    return splat(builder, lane, dual.directions)


def as_dual(
    context: BaseContext, builder: ir.IRBuilder, value: ir.Value, source: types.Type, dual: Dual
) -> ir.Value:
    """Return `value` of type `source`, a Dual or a constant, as a value of the type `dual`."""
    if isinstance(source, Dual):
        return value
    vector = as_vec(context, builder, value, source, dual.vec)
    return assemble(context, builder, dual, vector, no_tangents(context, dual))


def value_of(
    context: BaseContext, builder: ir.IRBuilder, value: ir.Value, source: types.Type, dual: Dual
) -> ir.Value:
    """Return the value part of a Dual or a constant as an LLVM vector."""
    if isinstance(source, Dual):
        return builder.extract_value(value, 0)
    return as_vec(context, builder, value, source, dual.vec)


@lower_cast(Vec, Dual)
@lower_cast(types.Float, Dual)
@lower_cast(types.Integer, Dual)
def _constant_to_dual(context, builder, source, target, value):
    return as_dual(context, builder, value, source, target)


def dual_of(arguments: Sequence[types.Type]) -> Dual | None:
    """Return the Dual type among `arguments` if the others are constants beside it, else None."""
    duals = {a for a in arguments if isinstance(a, Dual)}
    if len(duals) != 1:
        return None
    dual = duals.pop()
    return dual if all(a == dual or dual.takes(a) for a in arguments) else None


DUALS = Operands(dual_of, Dual, (Vec, types.Number))
