"""`DualRows`: what author code without a gradient sees of a block, and where its results go.

x[i] is a Dual whose derivative is 1 along coordinate i. A pass covers the directions from `first`
on; block functions go through passes until all coordinates are covered.
"""

import functools
import operator
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.base import BaseContext
from numba.extending import intrinsic, lower_builtin, models, register_model

from optbench.kernels.dual import functions  # noqa: F401 - teach Numba what Duals can do
from optbench.kernels.dual.numbers import Dual, as_dual, assemble, split
from optbench.kernels.dual.windows import DualWindow
from optbench.kernels.simd.array_views import opened
from optbench.kernels.simd.rows import from_start, load_row, store_lanes
from optbench.kernels.simd.vec import Vec
from optbench.kernels.simd.vectors import I32, splat


class DualRows(DualWindow):
    """Type of a window of W lanes on a block, seen along some directions."""


@register_model(DualRows)
class DualRowsModel(models.StructModel):
    """The window, and the first of the directions."""

    def __init__(self, manager, fe_type):
        super().__init__(manager, fe_type, [("rows", fe_type.rows), ("first", types.intp)])


@lower_builtin(operator.getitem, DualRows, types.intp)
def _get_row(context, builder, sig, values):
    kind, index = sig.args[0], values[1]
    window = cgutils.create_struct_proxy(kind)(context, builder, value=values[0])
    count = cgutils.create_struct_proxy(kind.rows)(context, builder, value=window.rows).count
    index = from_start(builder, index, count)
    value = load_row(context, builder, kind.rows, window.rows, index)
    direction = builder.sub(index, window.first)
    seeds = _seeds(context, builder, kind.dual, direction)
    return assemble(context, builder, kind.dual, value, seeds)


def _seeds(
    context: BaseContext, builder: ir.IRBuilder, dual: Dual, direction: ir.Value
) -> list[ir.Value]:
    """Return the derivatives of one coordinate: 1 along `direction`, 0 along the others."""
    kind = context.get_value_type(dual.tangent)
    zero, one = ir.Constant(kind.element, 0.0), ir.Constant(kind.element, 1.0)
    own = [ir.Constant(direction.type, k) for k in range(dual.directions)]
    if dual.width == 1:
        directions = splat(builder, direction, kind.count)
        here = builder.icmp_signed("==", ir.Constant(directions.type, own), directions)
        ones, zeros = (ir.Constant(kind, [each] * kind.count) for each in (one, zero))
        return [builder.select(here, ones, zeros)]
    seeds = [builder.select(builder.icmp_signed("==", direction, k), one, zero) for k in own]
    return [splat(builder, seed, kind.count) for seed in seeds]


@functools.cache
def dual_access(vec: Vec, directions: int) -> dict[str, Any]:
    """Return what generated block functions use to differentiate author code.

    Returns
    -------
    dict of str to compiled function
        ``dual_rows(rows, first)`` -> DualRows, from rows of Vecs;
        ``differentiated(f, g, lane, first, result)`` writes the value of a result to the line f and
        its derivatives to the rows of the block g from `first` on, as far as there are any.
    """
    dual = Dual(vec, directions)
    return {"dual_rows": _dual_rows(dual), "differentiated": _differentiated(dual)}


def _dual_rows(dual: Dual) -> Any:
    @intrinsic
    def dual_rows(typing, rows, first):
        rows_type = DualRows(dual, rows.writable)

        def generate(context, builder, sig, values):
            window = cgutils.create_struct_proxy(rows_type)(context, builder)
            window.rows, window.first = values
            return window._getvalue()

        return rows_type(rows_type.rows, types.intp), generate

    return dual_rows


def _differentiated(dual: Dual) -> Any:
    vec = dual.vec

    @intrinsic
    def differentiated(typing, f, g, lane, first, result):
        if result != dual and not dual.takes(result):
            return None

        def generate(context, builder, sig, values):
            line, _ = opened(context, builder, sig.args[0], values[0])
            block, (count, stride) = opened(context, builder, sig.args[1], values[1])
            lane, first, result = values[2:]
            result = as_dual(context, builder, result, sig.args[4], dual)
            value, tangents = split(builder, dual, result)
            store_lanes(context, builder, vec, builder.gep(line, [lane]), value)
            for k in range(dual.directions):
                row = builder.add(first, ir.Constant(first.type, k))
                with builder.if_then(builder.icmp_signed("<", row, count)):
                    place = builder.add(builder.mul(row, stride), lane)
                    address = builder.gep(block, [place])
                    if vec.width > 1:
                        store_lanes(context, builder, vec, address, tangents[k])
                    else:
                        lanes = builder.extract_element(tangents[0], ir.Constant(I32, k))
                        builder.store(lanes, address)
            return context.get_dummy_value()

        return types.none(f, g, types.intp, types.intp, result), generate

    return differentiated
