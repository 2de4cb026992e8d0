"""`DirectedRows`: a block seen along one direction, which differs from coordinate to coordinate.

x[i] is a Dual of one derivative, that of x along the direction. An author's code that fills g with
the gradient then fills it with Duals: the gradient, and what the Hessian makes of the direction
(Pearlmutter 1994, "Fast exact multiplication by the Hessian", with forward differentiation). So one
pass over the code, at two to three times its operations, gives a product with the Hessian that is
exact to rounding.
"""

import functools
import operator
from typing import Any

from numba import types
from numba.core import cgutils
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic, lower_builtin, models, register_model

from optbench.kernels.dual import functions  # noqa: F401 - teach Numba what Duals can do
from optbench.kernels.dual.numbers import Dual, as_dual, assemble, split
from optbench.kernels.dual.windows import DualWindow
from optbench.kernels.simd.array_views import opened
from optbench.kernels.simd.rows import Rows, from_start, load_row, store_lanes
from optbench.kernels.simd.vec import Vec


class DirectedRows(DualWindow):
    """Type of two windows of W lanes: values, and derivatives along the direction."""


@register_model(DirectedRows)
class DirectedRowsModel(models.StructModel):
    """Both windows."""

    def __init__(self, manager, fe_type):
        members = [("values", fe_type.rows), ("tangents", fe_type.rows)]
        super().__init__(manager, fe_type, members)


@infer_global(operator.setitem)
class _SetRow(AbstractTemplate):
    def generic(self, arguments, keywords):
        rows, index, value = arguments
        if not isinstance(rows, DirectedRows) or not rows.rows.writable:
            return None
        if value == rows.dual or rows.dual.takes(value):
            return signature(types.none, rows, types.intp, value)
        return None


@lower_builtin(operator.getitem, DirectedRows, types.intp)
def _get_row(context, builder, sig, values):
    kind = sig.args[0]
    window = cgutils.create_struct_proxy(kind)(context, builder, value=values[0])
    value = load_row(context, builder, kind.rows, window.values, values[1])
    tangent = load_row(context, builder, kind.rows, window.tangents, values[1])
    return assemble(context, builder, kind.dual, value, [tangent])


@lower_builtin(operator.setitem, DirectedRows, types.intp, Dual)
@lower_builtin(operator.setitem, DirectedRows, types.intp, Vec)
@lower_builtin(operator.setitem, DirectedRows, types.intp, types.Float)
@lower_builtin(operator.setitem, DirectedRows, types.intp, types.Integer)
def _set_row(context, builder, sig, values):
    kind, _, source = sig.args
    window = cgutils.create_struct_proxy(kind)(context, builder, value=values[0])
    dual = as_dual(context, builder, values[2], source, kind.dual)
    value, (tangent,) = split(builder, kind.dual, dual)
    for rows, part in ((window.values, value), (window.tangents, tangent)):
        own = cgutils.create_struct_proxy(kind.rows)(context, builder, value=rows)
        index = from_start(builder, values[1], own.count)
        address = builder.gep(own.pointer, [builder.mul(index, own.stride)])
        store_lanes(context, builder, kind.dual.vec, address, part)
    return context.get_dummy_value()


@functools.cache
def directed_access(vec: Vec) -> dict[str, Any]:
    """Return what generated block functions use to differentiate a gradient along a direction.

    Returns
    -------
    dict of str to compiled function
        ``directed(values, tangents)`` -> DirectedRows, of two Rows that are alike;
        ``put_value(f, lane, result)`` writes the value of a result, a Dual or a constant, to the
        line f.
    """
    dual = Dual(vec, 1)
    return {"directed": _directed(dual), "put_value": _put_value(dual)}


def _directed(dual: Dual) -> Any:
    @intrinsic
    def directed(typing, values, tangents):
        if not isinstance(values, Rows) or values != tangents:
            return None
        kind = DirectedRows(dual, values.writable)

        def generate(context, builder, sig, arguments):
            window = cgutils.create_struct_proxy(kind)(context, builder)
            window.values, window.tangents = arguments
            return window._getvalue()

        return kind(values, tangents), generate

    return directed


def _put_value(dual: Dual) -> Any:
    @intrinsic
    def put_value(typing, f, lane, result):
        if result != dual and not dual.takes(result):
            return None

        def generate(context, builder, sig, values):
            line, _ = opened(context, builder, sig.args[0], values[0])
            result = as_dual(context, builder, values[2], sig.args[2], dual)
            value, _ = split(builder, dual, result)
            store_lanes(context, builder, dual.vec, builder.gep(line, [values[1]]), value)
            return context.get_dummy_value()

        return types.none(f, types.intp, result), generate

    return put_value
