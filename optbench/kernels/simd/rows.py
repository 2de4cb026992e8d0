"""`Rows`: what author code sees of a block: x[i] is a Vec of W lanes of row i."""

import operator

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.base import BaseContext
from numba.core.imputils import lower_getattr
from numba.core.typing.templates import (
    AbstractTemplate,
    AttributeTemplate,
    infer_getattr,
    infer_global,
    signature,
)
from numba.extending import lower_builtin, models, overload, register_model

from optbench.kernels.simd import masks, operations  # noqa: F401 - teach Numba what Vecs can do
from optbench.kernels.simd.vec import Vec, as_vec


class Rows(types.Type):
    """Type of a window of W lanes on a block.

    Parameters
    ----------
    vec : Vec
        Type of a row.
    writable : bool
        False for the point x of a problem.
    from_end : bool
        Whether negative indices count from the end, as authors may count. The engine's own code
        counts from 0; to look at the sign costs two instructions an access.
    """

    def __init__(self, vec: Vec, writable: bool = True, from_end: bool = True):
        self.vec, self.writable, self.from_end = vec, writable, from_end
        limits = "" if writable else ", read-only"
        super().__init__(f"Rows({vec}{limits}{'' if from_end else ', from 0'})")


@register_model(Rows)
class RowsModel(models.StructModel):
    """First element of the window, number of rows, elements from row to row."""

    def __init__(self, manager, fe_type):
        pointer = types.CPointer(fe_type.vec.element)
        members = [("pointer", pointer), ("count", types.intp), ("stride", types.intp)]
        super().__init__(manager, fe_type, members)


@infer_global(operator.getitem)
class _GetRow(AbstractTemplate):
    def generic(self, arguments, keywords):
        rows, index = arguments
        if isinstance(rows, Rows) and isinstance(index, types.Integer):
            return signature(rows.vec, rows, types.intp)
        return None


@infer_global(operator.setitem)
class _SetRow(AbstractTemplate):
    def generic(self, arguments, keywords):
        rows, index, value = arguments
        if not isinstance(rows, Rows) or not rows.writable:
            return None
        if value == rows.vec or rows.vec.can_convert_from(None, value) is not None:
            return signature(types.none, rows, types.intp, value)
        return None


@lower_builtin(operator.getitem, Rows, types.intp)
def _get_row(context, builder, sig, values):
    return load_row(context, builder, sig.args[0], *values)


def load_row(
    context: BaseContext,
    builder: ir.IRBuilder,
    rows_type: Rows,
    rows: ir.Value,
    index: ir.Value,
) -> ir.Value:
    """Return row `index` of a window as an LLVM vector."""
    address = _row_address(context, builder, rows_type, rows, index)
    value = load_lanes(context, builder, rows_type.vec, address)
    if not rows_type.writable:
        value.set_metadata("alias.scope", _read_only(builder))
    return value


@lower_builtin(operator.setitem, Rows, types.intp, Vec)
@lower_builtin(operator.setitem, Rows, types.intp, types.Float)
@lower_builtin(operator.setitem, Rows, types.intp, types.Integer)
def _set_row(context, builder, sig, values):
    rows, index, value = values
    vec = sig.args[0].vec
    value = as_vec(context, builder, value, sig.args[2], vec)
    address = _row_address(context, builder, sig.args[0], rows, index)
    store_lanes(context, builder, vec, address, value)
    return context.get_dummy_value()


def _row_address(
    context: BaseContext,
    builder: ir.IRBuilder,
    rows_type: Rows,
    rows: ir.Value,
    index: ir.Value,
) -> ir.Value:
    window = cgutils.create_struct_proxy(rows_type)(context, builder, value=rows)
    if rows_type.from_end:
        index = from_start(builder, index, window.count)
    return builder.gep(window.pointer, [builder.mul(index, window.stride)])


def from_start(builder: ir.IRBuilder, index: ir.Value, count: ir.Value) -> ir.Value:
    """Return the row that `index` means among `count` rows: from the end if it is negative."""
    negative = builder.icmp_signed("<", index, ir.Constant(index.type, 0))
    return builder.select(negative, builder.add(index, count), index)


def _vector_pointer(
    context: BaseContext, builder: ir.IRBuilder, vec: Vec, address: ir.Value
) -> ir.Value:
    # Registers that are put aside must not straddle cache lines: that costs a factor of two. (A
    # set's own `add`, since llvmlite's knows no attributes of the target.)
    set.add(builder.function.attributes, '"stackrealign"')
    return builder.bitcast(address, context.get_value_type(vec).as_pointer())


def load_lanes(
    context: BaseContext, builder: ir.IRBuilder, vec: Vec, address: ir.Value
) -> ir.Value:
    """Read an LLVM vector from an address that is aligned like its elements."""
    value = builder.load(_vector_pointer(context, builder, vec, address))
    value.align = vec.element.bitwidth // 8
    return value


def store_lanes(
    context: BaseContext, builder: ir.IRBuilder, vec: Vec, address: ir.Value, value: ir.Value
) -> None:
    """Write an LLVM vector to an address that is aligned like its elements."""
    stored = builder.store(value, _vector_pointer(context, builder, vec, address))
    stored.align = vec.element.bitwidth // 8
    stored.set_metadata("noalias", _read_only(builder))


def _read_only(builder: ir.IRBuilder) -> ir.MDValue:
    """Return the scope of what no store changes: rows that are read-only need one load each."""
    domain = builder.module.add_metadata(["optbench"])
    return builder.module.add_metadata(
        [builder.module.add_metadata(["optbench read-only rows", domain])]
    )


@infer_getattr
class _RowsAttributes(AttributeTemplate):
    key = Rows

    def resolve_shape(self, rows):
        return types.UniTuple(types.intp, 1)

    def resolve_size(self, rows):
        return types.intp


@lower_getattr(Rows, "shape")
def _shape(context, builder, rows_type, rows):
    window = cgutils.create_struct_proxy(rows_type)(context, builder, value=rows)
    return context.make_tuple(builder, types.UniTuple(types.intp, 1), [window.count])


@lower_getattr(Rows, "size")
def _size(context, builder, rows_type, rows):
    return cgutils.create_struct_proxy(rows_type)(context, builder, value=rows).count


@overload(len)
def _len(rows):
    if isinstance(rows, Rows):
        return lambda rows: rows.size
    return None
