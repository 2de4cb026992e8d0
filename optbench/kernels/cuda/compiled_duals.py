"""What problems without `g` are compiled with on CUDA: rows of duals, and where results go.

Importing this module teaches Numba's CUDA target duals; in the simulator `plain_duals` stand for
them.
"""

import operator
from typing import Any

import numpy as np

from optbench.kernels.cuda import plain_duals
from optbench.kernels.cuda.compiling import part
from optbench.kernels.cuda.device import SIMULATED
from optbench.kernels.cuda.dual_rules import DIRECTIONS

if not SIMULATED:
    from numba.cuda import cgutils, types
    from numba.cuda.extending import intrinsic, lower_builtin, overload, overload_attribute
    from numba.cuda.typing.templates import AbstractTemplate, infer_global, signature

    from optbench.kernels.cuda import dual_functions
    from optbench.kernels.cuda.dual_types import (
        ScalarDual,
        ScalarRows,
        ScalarTerm,
        assembled,
        split,
    )


def _define_rows() -> None:
    """Let code take a coordinate of a point as a dual, and ask how many there are."""

    def generic(self, arguments, keywords):
        rows, index = arguments
        if isinstance(rows, ScalarRows) and isinstance(index, types.Integer):
            return signature(rows.dual, rows, types.intp)
        return None

    infer_global(operator.getitem)(type("DualRow", (AbstractTemplate,), dict(generic=generic)))

    def lower(context, builder, sig, values):
        kind = sig.args[0]
        rows = cgutils.create_struct_proxy(kind)(context, builder, value=values[0])
        array = context.make_array(kind.rows)(context, builder, value=rows.rows)
        count = cgutils.unpack_tuple(builder, array.shape, 1)[0]
        below = builder.icmp_signed("<", values[1], count.type(0))
        index = builder.select(below, builder.add(values[1], count), values[1])
        getter = signature(kind.dual.real, kind.rows, types.intp)
        value = context.get_function(operator.getitem, getter)(builder, [rows.rows, index])
        number = ScalarTerm(context, builder, kind.dual.real, value)
        own = builder.sub(index, rows.first)
        place = [builder.icmp_signed("==", own, own.type(k)) for k in range(DIRECTIONS)]
        zero, one = number.constant(0.0), number.constant(1.0)
        seeds = [
            ScalarTerm(context, builder, kind.dual.real, here).choose(one, zero) for here in place
        ]
        return assembled(context, builder, kind.dual, (number, seeds))

    lower_builtin(operator.getitem, ScalarRows, types.intp)(lower)

    @overload(len)
    def length(rows):
        if isinstance(rows, ScalarRows):
            return lambda rows: _count(rows)
        return None

    @overload_attribute(ScalarRows, "size")
    def size(rows):
        return lambda rows: _count(rows)

    @overload_attribute(ScalarRows, "shape")
    def shape(rows):
        return lambda rows: (_count(rows),)


if not SIMULATED:

    @intrinsic
    def _count(typing, rows):
        def generate(context, builder, sig, values):
            kind = sig.args[0]
            view = cgutils.create_struct_proxy(kind)(context, builder, value=values[0])
            array = context.make_array(kind.rows)(context, builder, value=view.rows)
            return cgutils.unpack_tuple(builder, array.shape, 1)[0]

        return types.intp(rows), generate

    @intrinsic
    def dual_rows(typing, rows, first):
        """Return rows whose numbers are duals."""
        kind = ScalarRows(rows)

        def generate(context, builder, sig, values):
            view = cgutils.create_struct_proxy(kind)(context, builder)
            view.rows, view.first = values
            return view._getvalue()

        return kind(rows, types.intp), generate

    def _part_of(place):
        """Return what gives the value of a result (place 0), or its derivative number place - 1."""

        @intrinsic
        def part_of(typing, result):
            real = result.real if isinstance(result, ScalarDual) else types.float64

            def generate(context, builder, sig, values):
                term, tangents = split(context, builder, sig.args[0], values[0], real)
                tangents = tangents or [term.constant(0.0)] * DIRECTIONS
                return (term, *tangents)[place].value

            return real(result), generate

        return part_of

    _value, *_tangents = map(_part_of, range(1 + DIRECTIONS))
    _first_tangent, _second_tangent = _tangents

    @overload(plain_duals.single)
    def _single(value):
        if isinstance(value, ScalarDual):
            return lambda value: value
        return lambda value: np.float32(value)

    def differentiated(f, g, lane, first, result):
        """Write a result to the line f, and its derivatives to the rows of g from `first` on."""
        f[lane] = _value(result)
        g[first, lane] = _first_tangent(result)
        if first + 1 < g.shape[0]:
            g[first + 1, lane] = _second_tangent(result)

    dual_functions.install()
    _define_rows()
    DIFFERENTIATED = part(differentiated)


def dual_views() -> dict[str, Any]:
    """Return what generated functions of problems without `g` call, compiled."""
    return {} if SIMULATED else dict(dual_rows=dual_rows, differentiated=DIFFERENTIATED)
