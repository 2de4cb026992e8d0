"""Views: what the driver hands around in place of arrays, an address and the lengths.

An array of Numba's is seven to nine words with an owner, and each time it is named there are some
twenty instructions to compile, and two calls that count references. A view owns nothing, is
C-ordered, and has no more than what its elements are found by. It is indexed by whole numbers from
0 on: by all of them, for an element, or by the first, for the view of what they pick.
"""

import operator
from typing import Any

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
from numba.extending import intrinsic, lower_builtin, models, register_model


class View(types.Type):
    """Type of a view.

    Parameters
    ----------
    dtype : numba type
        Of the elements.
    ndim : int
        Number of dimensions, at least one.
    """

    def __init__(self, dtype: types.Type, ndim: int) -> None:
        self.dtype, self.ndim = dtype, ndim
        super().__init__(f"View({dtype}, {ndim})")

    @property
    def mangling_args(self) -> tuple[str, tuple[Any, ...]]:
        """What the symbols of functions that take it are named after."""
        return f"View_{self.dtype}_{self.ndim}", ()


@register_model(View)
class ViewModel(models.StructModel):
    """The address of the first element, then the lengths."""

    def __init__(self, manager, fe_type):
        lengths = [(f"length{i}", types.intp) for i in range(fe_type.ndim)]
        super().__init__(manager, fe_type, [("data", types.CPointer(fe_type.dtype)), *lengths])


def view_of(kind: types.Type) -> types.Type:
    """Return the type of a view of an array, and any other type as it is."""
    return View(kind.dtype, kind.ndim) if isinstance(kind, types.Array) else kind


def array_of(kind: types.Type) -> types.Type:
    """Return the type of the array that a view shows, and any other type as it is."""
    return types.Array(kind.dtype, kind.ndim, "C") if isinstance(kind, View) else kind


def composed(
    context: BaseContext, builder: ir.IRBuilder, view: View, data: ir.Value, lengths: list[ir.Value]
) -> ir.Value:
    """Return a view of LLVM values."""
    value = ir.Constant(context.get_value_type(view), ir.Undefined)
    for number, part in enumerate([data, *lengths]):
        value = builder.insert_value(value, part, number)
    return value


def opened(
    context: BaseContext, builder: ir.IRBuilder, kind: types.Type, value: ir.Value
) -> tuple[ir.Value, list[ir.Value]]:
    """Return the address of the first element, and the lengths, of a view or a C-ordered array."""
    if isinstance(kind, View):
        data, *lengths = (builder.extract_value(value, i) for i in range(1 + kind.ndim))
        return data, lengths
    array = context.make_array(kind)(context, builder, value=value)
    return array.data, cgutils.unpack_tuple(builder, array.shape, kind.ndim)


@intrinsic
def line_at(typing, address, n):
    """Return a view of n whole numbers (int64) in memory that outlives it, given its address."""
    view = View(types.int64, 1)

    def generate(context, builder, sig, values):
        word = context.get_value_type(types.int64)
        return composed(
            context, builder, view, builder.inttoptr(values[0], word.as_pointer()), [values[1]]
        )

    return view(types.int64, types.int64), generate


@infer_getattr
class _Attributes(AttributeTemplate):
    key = View

    def resolve_shape(self, view):
        return types.UniTuple(types.intp, view.ndim)


@lower_getattr(View, "shape")
def _shape(context, builder, view, value):
    _, lengths = opened(context, builder, view, value)
    return context.make_tuple(builder, types.UniTuple(types.intp, view.ndim), lengths)


def _index(index: types.Type) -> tuple[types.Type | None, int]:
    """Return the type that an index is converted to, and its length."""
    if isinstance(index, types.Integer):
        return types.intp, 1
    if isinstance(index, types.BaseTuple) and all(isinstance(i, types.Integer) for i in index):
        return types.UniTuple(types.intp, len(index)), len(index)
    return None, 0


@infer_global(operator.getitem)
class _Get(AbstractTemplate):
    def generic(self, arguments, keywords):
        view, index = arguments
        if not isinstance(view, View):
            return None
        kind, count = _index(index)
        if not 0 < count <= view.ndim:
            return None
        rest = view.ndim - count
        return signature(View(view.dtype, rest) if rest else view.dtype, view, kind)


@infer_global(operator.setitem)
class _Set(AbstractTemplate):
    def generic(self, arguments, keywords):
        view, index, value = arguments
        if not isinstance(view, View):
            return None
        kind, count = _index(index)
        return signature(types.none, view, kind, view.dtype) if count == view.ndim else None


def _element(context, builder, view, value, index, kind):
    """Return where an index leads to, and the lengths that it leaves."""
    data, lengths = opened(context, builder, view, value)
    indices = [index] if kind == types.intp else cgutils.unpack_tuple(builder, index)
    place = indices[0]
    for number, length in enumerate(lengths[1:], 1):
        place = builder.mul(place, length)
        if number < len(indices):
            place = builder.add(place, indices[number])
    return builder.gep(data, [place]), lengths[len(indices) :]


@lower_builtin(operator.getitem, View, types.intp)
@lower_builtin(operator.getitem, View, types.UniTuple)
def _get(context, builder, sig, values):
    view, kind = sig.args
    address, rest = _element(context, builder, view, *values, kind)
    if rest:
        return composed(context, builder, sig.return_type, address, rest)
    return context.unpack_value(builder, view.dtype, address)


@lower_builtin(operator.setitem, View, types.intp, types.Any)
@lower_builtin(operator.setitem, View, types.UniTuple, types.Any)
def _set(context, builder, sig, values):
    view, kind, _ = sig.args
    address, _ = _element(context, builder, view, *values[:2], kind)
    context.pack_value(builder, view.dtype, values[2], address)
    return context.get_dummy_value()
