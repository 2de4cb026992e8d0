"""How compiled code gets at the lanes of a block as Vecs: windows of rows, numbers of a line.

Each function here makes one of the functions that `access` returns, for one type of Vecs.
"""

import functools
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.base import BaseContext
from numba.extending import intrinsic

from optbench.kernels.simd import folding
from optbench.kernels.simd.array_views import View, composed, opened
from optbench.kernels.simd.rows import Rows, load_lanes, store_lanes
from optbench.kernels.simd.vec import Vec, as_vec
from optbench.kernels.simd.vectors import I32
from optbench.kernels.sizes import CACHE_LINE, SPARE


@functools.cache
def access(vec: Vec, from_end: bool = True) -> dict[str, Any]:
    """Return what generated block functions use to get at lanes as Vecs of the type `vec`.

    Parameters
    ----------
    vec : Vec
    from_end : bool
        Whether the code may count rows from the end (see `Rows`).

    Returns
    -------
    dict of str to compiled function
        ``rows(block, lane)`` -> Rows, ``fixed_rows(block, lane)`` -> Rows that are read-only,
        ``spare(work)`` -> Rows of a buffer (see `sizes.spare_size`), ``spare_beside(work)`` -> as
        many Rows behind them, of Vecs of at most half `SPARE` lanes,
        ``spare_from(work, first, count)`` -> `count` of them, ``kept_from(work, spares, first,
        columns, lane)`` -> Rows that last, behind `spares` of these (see `sizes.room_size`),
        ``load(line, lane)`` -> Vec, ``load_apart(line, lane, step)`` -> Vec of numbers that are not
        neighbours, ``load_cyclic(line, lane, n)`` -> Vec of the first `n` numbers repeated without
        end,
        ``store(line, lane, value)``, ``zero()`` -> Vec, ``total(value)`` -> Vec with the sum of the
        lanes in every lane, ``sum_lanes(value)`` -> the sum as a number,
        ``greatest_lane(value)`` -> the largest lane.
    """
    rows_type, fixed_type = (Rows(vec, writable, from_end) for writable in (True, False))
    return {
        "rows": _window(rows_type),
        "fixed_rows": _window(fixed_type),
        "spare": _spare(rows_type),
        "spare_beside": _spare(rows_type, beside=True),
        "spare_from": _spare_from(rows_type),
        "kept_from": _kept_from(rows_type),
        "load": _load(vec),
        "load_apart": _load_apart(vec),
        "load_cyclic": _load_cyclic(vec),
        "store": _store(vec),
        "zero": _zero(vec),
        "total": folding.total(vec),
        "sum_lanes": folding.sum_lanes(vec),
        "greatest_lane": folding.greatest_lane(vec),
    }


def _line(vec: Vec, line: types.Type | None = None) -> types.Type:
    """Return the type of a row of a block by itself: a view where `line` is one."""
    return line if line == View(vec.element, 1) else types.Array(vec.element, 1, "C")


def _window(rows_type: Rows) -> Any:
    @intrinsic
    def window(typing, block, lane):
        def generate(context, builder, sig, values):
            data, (count, stride) = opened(context, builder, sig.args[0], values[0])
            window = cgutils.create_struct_proxy(rows_type)(context, builder)
            window.pointer = builder.gep(data, [values[1]])
            window.count, window.stride = count, stride
            return window._getvalue()

        return rows_type(block, types.intp), generate

    return window


@intrinsic
def with_rows(typing, block, count):
    """Return a block as one of so many rows: where that is a constant, loops over them unroll."""

    def generate(context, builder, sig, values):
        data, (_, columns) = opened(context, builder, block, values[0])
        return composed(context, builder, block, data, [values[1], columns])

    return (block(block, types.intp), generate) if isinstance(block, View) else None


@intrinsic
def rows_from(typing, block, first, count):
    """Return the view of `count` rows of a block, from row `first` on."""

    def generate(context, builder, sig, values):
        data, (_, columns) = opened(context, builder, block, values[0])
        data = builder.gep(data, [builder.mul(values[1], columns)])
        return composed(context, builder, block, data, [values[2], columns])

    return (block(block, types.intp, types.intp), generate) if isinstance(block, View) else None


def _spare(rows_type: Rows, beside: bool = False) -> Any:
    @intrinsic
    def spare(typing, work):
        def generate(context, builder, sig, values):
            data, (count,) = opened(context, builder, sig.args[0], values[0])
            rows = builder.sdiv(count, ir.Constant(count.type, SPARE))
            window = cgutils.create_struct_proxy(rows_type)(context, builder)
            window.pointer = _lined(builder, data)
            window.count = builder.sub(rows, ir.Constant(rows.type, 1))
            window.stride = ir.Constant(rows.type, rows_type.vec.width)
            if beside:  # rows have room for `SPARE` numbers, the widest Vec's
                taken = builder.mul(window.count, window.stride)
                window.pointer = builder.gep(window.pointer, [taken])
            return window._getvalue()

        return rows_type(_line(rows_type.vec, work)), generate

    return spare


def _lined(builder: ir.IRBuilder, data: ir.Value) -> ir.Value:
    """Return the next cache line: rows that straddle two cost a factor of two."""
    place = builder.ptrtoint(data, ir.IntType(64))
    place = builder.add(place, ir.Constant(place.type, CACHE_LINE - 1))
    place = builder.and_(place, ir.Constant(place.type, -CACHE_LINE))
    return builder.inttoptr(place, data.type)


def _spare_from(rows_type: Rows) -> Any:
    @intrinsic
    def spare_from(typing, work, first, count):
        def generate(context, builder, sig, values):
            data, _ = opened(context, builder, sig.args[0], values[0])
            window = cgutils.create_struct_proxy(rows_type)(context, builder)
            window.stride = ir.Constant(values[1].type, rows_type.vec.width)
            place = builder.mul(values[1], window.stride)
            window.pointer = builder.gep(_lined(builder, data), [place])
            window.count = values[2]
            return window._getvalue()

        return rows_type(_line(rows_type.vec, work), types.intp, types.intp), generate

    return spare_from


def _kept_from(rows_type: Rows) -> Any:
    @intrinsic
    def kept_from(typing, work, spares, first, columns, lane):
        def generate(context, builder, sig, values):
            data, (count,) = opened(context, builder, sig.args[0], values[0])
            _, spares, first, columns, lane = values
            before = builder.mul(spares, ir.Constant(spares.type, SPARE))
            place = builder.add(before, builder.add(builder.mul(first, columns), lane))
            window = cgutils.create_struct_proxy(rows_type)(context, builder)
            window.pointer = builder.gep(_lined(builder, data), [place])
            rest = builder.sub(builder.sub(count, before), ir.Constant(count.type, SPARE))
            window.count = builder.sub(builder.sdiv(rest, columns), first)
            window.stride = columns
            return window._getvalue()

        return rows_type(_line(rows_type.vec, work), *[types.intp] * 4), generate

    return kept_from


def _load(vec: Vec) -> Any:
    @intrinsic
    def load(typing, line, lane):
        def generate(context, builder, sig, values):
            data, _ = opened(context, builder, sig.args[0], values[0])
            return load_lanes(context, builder, vec, builder.gep(data, [values[1]]))

        return vec(_line(vec, line), types.intp), generate

    return load


def _load_apart(vec: Vec) -> Any:
    @intrinsic
    def load_apart(typing, line, lane, step):
        def generate(context, builder, sig, values):
            data, _ = opened(context, builder, sig.args[0], values[0])
            places = [values[1]]
            while len(places) < vec.width:
                places.append(builder.add(places[-1], values[2]))
            return _collected(context, builder, vec, data, places)

        return vec(_line(vec, line), types.intp, types.intp), generate

    return load_apart


def _load_cyclic(vec: Vec) -> Any:
    @intrinsic
    def load_cyclic(typing, line, lane, n):
        def generate(context, builder, sig, values):
            data, _ = opened(context, builder, sig.args[0], values[0])
            _, lane, n = values
            zero, one = (ir.Constant(n.type, number) for number in (0, 1))
            places = [builder.srem(lane, n)]
            while len(places) < vec.width:
                after = builder.add(places[-1], one)
                places.append(builder.select(builder.icmp_signed("<", after, n), after, zero))
            return _collected(context, builder, vec, data, places)

        return vec(_line(vec, line), types.intp, types.intp), generate

    return load_cyclic


def _collected(
    context: BaseContext, builder: ir.IRBuilder, vec: Vec, data: ir.Value, places: list[ir.Value]
) -> ir.Value:
    """Return a Vec of the numbers at some places."""
    value = ir.Constant(context.get_value_type(vec), ir.Undefined)
    for lane, place in enumerate(places):
        number = builder.load(builder.gep(data, [place]))
        value = builder.insert_element(value, number, ir.Constant(I32, lane))
    return value


def _store(vec: Vec) -> Any:
    @intrinsic
    def store(typing, line, lane, value):
        if value != vec and vec.can_convert_from(typing, value) is None:
            return None

        def generate(context, builder, sig, values):
            data, _ = opened(context, builder, sig.args[0], values[0])
            converted = as_vec(context, builder, values[2], sig.args[2], vec)
            address = builder.gep(data, [values[1]])
            store_lanes(context, builder, vec, address, converted)
            return context.get_dummy_value()

        return types.none(_line(vec, line), types.intp, value), generate

    return store


def _zero(vec: Vec) -> Any:
    @intrinsic
    def zero(typing):
        return vec(), lambda context, builder, sig, values: ir.Constant(
            context.get_value_type(vec), None
        )

    return zero
