"""`Rows`: what author code sees of a block: x[i] is a Vec of W lanes of row i."""

import functools
import operator

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.imputils import lower_getattr
from numba.core.typing.templates import (
    AbstractTemplate,
    AttributeTemplate,
    infer_getattr,
    infer_global,
    signature,
)
from numba.extending import intrinsic, lower_builtin, models, overload, register_model

from optbench.kernels.simd import masks, operations  # noqa: F401 - teach Numba what Vecs can do
from optbench.kernels.simd.vec import Vec, as_vec, splat
from optbench.kernels.sizes import CACHE_LINE, SPARE


class Rows(types.Type):
    """Type of a window of W lanes on a block; `writable` is False for the point x of a problem."""

    def __init__(self, vec, writable=True):
        self.vec, self.writable = vec, writable
        # Rules reach rows by generated code that counts from 0; authors may count from the end.
        self.from_end = not vec.swift
        super().__init__(f"Rows({vec}{'' if writable else ', read-only'})")


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
        known = (types.Float, types.Integer)
        if not isinstance(rows, Rows) or not rows.writable:
            return None
        if value == rows.vec or isinstance(value, known):
            return signature(types.none, rows, types.intp, value)
        return None


@lower_builtin(operator.getitem, Rows, types.intp)
def _get_row(context, builder, sig, values):
    return load_row(context, builder, sig.args[0], *values)


def load_row(context, builder, rows_type, rows, index):
    """Return row `index` of a window as an LLVM vector."""
    return _load(context, builder, rows_type.vec, _row(context, builder, rows_type, rows, index))


@lower_builtin(operator.setitem, Rows, types.intp, Vec)
@lower_builtin(operator.setitem, Rows, types.intp, types.Float)
@lower_builtin(operator.setitem, Rows, types.intp, types.Integer)
def _set_row(context, builder, sig, values):
    rows, index, value = values
    vec = sig.args[0].vec
    value = as_vec(context, builder, value, sig.args[2], vec)
    store_lanes(context, builder, vec, _row(context, builder, sig.args[0], rows, index), value)
    return context.get_dummy_value()


def _row(context, builder, rows_type, rows, index):
    """Return the address of a row; negative indices count from the end."""
    window = cgutils.create_struct_proxy(rows_type)(context, builder, value=rows)
    if rows_type.from_end:
        negative = builder.icmp_signed("<", index, ir.Constant(index.type, 0))
        index = builder.select(negative, builder.add(index, window.count), index)
    return builder.gep(window.pointer, [builder.mul(index, window.stride)])


def _vector_pointer(context, builder, vec, address):
    # Registers that are put aside must not straddle cache lines: that costs a factor of two. (A
    # set's own `add`, since llvmlite's knows no attributes of the target.)
    set.add(builder.function.attributes, '"stackrealign"')
    return builder.bitcast(address, context.get_value_type(vec).as_pointer())


def _load(context, builder, vec, address):
    value = builder.load(_vector_pointer(context, builder, vec, address))
    value.align = vec.element.bitwidth // 8
    return value


def store_lanes(context, builder, vec, address, value):
    """Write an LLVM vector to an address that is aligned like its elements."""
    stored = builder.store(value, _vector_pointer(context, builder, vec, address))
    stored.align = vec.element.bitwidth // 8


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


@functools.cache
def access(vec):
    """Return what generated block functions use to get at lanes as Vecs of the type `vec`.

    Returns
    -------
    dict of str to compiled function
        ``rows(block, lane)`` -> Rows, ``fixed_rows(block, lane)`` -> Rows that are read-only,
        ``spare(work)`` -> Rows of a buffer (see `spare_size`), ``load(line, lane)`` -> Vec,
        ``store(line, lane, value)``, ``zero()`` -> Vec, ``total(value)`` -> Vec with the sum of the
        lanes in every lane, ``sum_lanes(value)`` -> the sum as a number.
    """
    line_type = types.Array(vec.element, 1, "C")

    def window_of(rows_type):
        @intrinsic
        def window(typing, block, lane):
            def generate(context, builder, sig, values):
                array = context.make_array(sig.args[0])(context, builder, value=values[0])
                count, stride = cgutils.unpack_tuple(builder, array.shape, 2)
                window = cgutils.create_struct_proxy(rows_type)(context, builder)
                window.pointer = builder.gep(array.data, [values[1]])
                window.count, window.stride = count, stride
                return window._getvalue()

            return rows_type(block, types.intp), generate

        return window

    rows_type = Rows(vec)

    @intrinsic
    def spare(typing, work):
        def generate(context, builder, sig, values):
            array = context.make_array(sig.args[0])(context, builder, value=values[0])
            # Rows that straddle cache lines cost a factor of two.
            place = builder.ptrtoint(array.data, ir.IntType(64))
            place = builder.add(place, ir.Constant(place.type, CACHE_LINE - 1))
            place = builder.and_(place, ir.Constant(place.type, -CACHE_LINE))
            rows = builder.sdiv(array.nitems, ir.Constant(array.nitems.type, SPARE))
            window = cgutils.create_struct_proxy(rows_type)(context, builder)
            window.pointer = builder.inttoptr(place, array.data.type)
            window.count = builder.sub(rows, ir.Constant(rows.type, 1))
            window.stride = ir.Constant(rows.type, vec.width)
            return window._getvalue()

        return rows_type(line_type), generate

    @intrinsic
    def load(typing, line, lane):
        def generate(context, builder, sig, values):
            array = context.make_array(sig.args[0])(context, builder, value=values[0])
            return _load(context, builder, vec, builder.gep(array.data, [values[1]]))

        return vec(line_type, types.intp), generate

    @intrinsic
    def store(typing, line, lane, value):
        if value != vec and not isinstance(value, (types.Float, types.Integer)):
            return None

        def generate(context, builder, sig, values):
            array = context.make_array(sig.args[0])(context, builder, value=values[0])
            converted = as_vec(context, builder, values[2], sig.args[2], vec)
            address = builder.gep(array.data, [values[1]])
            store_lanes(context, builder, vec, address, converted)
            return context.get_dummy_value()

        return types.none(line_type, types.intp, value), generate

    @intrinsic
    def zero(typing):
        return vec(), lambda context, builder, sig, values: ir.Constant(
            context.get_value_type(vec), None
        )

    @intrinsic
    def total(typing, value):
        def generate(context, builder, sig, values):
            lanes = [
                builder.extract_element(values[0], ir.Constant(ir.IntType(32), lane))
                for lane in range(vec.width)
            ]
            return splat(builder, _sum(builder, lanes), vec.width)

        return vec(vec), generate

    @intrinsic
    def sum_lanes(typing, value):
        def generate(context, builder, sig, values):
            lanes = [
                builder.extract_element(values[0], ir.Constant(ir.IntType(32), lane))
                for lane in range(vec.width)
            ]
            return _sum(builder, lanes)

        return vec.element(vec), generate

    return {
        "rows": window_of(Rows(vec)),
        "fixed_rows": window_of(Rows(vec, writable=False)),
        "spare": spare,
        "load": load,
        "store": store,
        "zero": zero,
        "total": total,
        "sum_lanes": sum_lanes,
    }


def _sum(builder, values):
    """Add scalars pairwise, always in the same order."""
    while len(values) > 1:
        values = [builder.fadd(*pair) for pair in zip(values[::2], values[1::2], strict=True)]
    return values[0]
