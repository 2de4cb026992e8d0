"""Views: what the driver hands around in place of arrays, an address and the lengths.

An array of Numba's is seven to nine words with an owner, and each time it is named there are some
twenty instructions to compile, and two calls that count references. A view owns nothing, is
C-ordered, and has no more than what its elements are found by. It is indexed by whole numbers from
0 on: by all of them, for an element, or by the first, for the view of what they pick.

Each target has a Numba of its own, which `install` teaches what views can do.
"""

import functools
import operator
from types import SimpleNamespace
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils, imputils
from numba.core.base import BaseContext
from numba.core.typing import templates
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


def _index(index: types.Type) -> tuple[types.Type | None, int]:
    """Return the type that an index is converted to, and its length."""
    if isinstance(index, types.Integer):
        return types.intp, 1
    if isinstance(index, types.BaseTuple) and all(isinstance(i, types.Integer) for i in index):
        return types.UniTuple(types.intp, len(index)), len(index)
    return None, 0


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


def _get(context, builder, sig, values):
    view, kind = sig.args
    address, rest = _element(context, builder, view, *values, kind)
    if rest:
        return composed(context, builder, sig.return_type, address, rest)
    return context.unpack_value(builder, view.dtype, address)


def _set(context, builder, sig, values):
    view, kind, _ = sig.args
    address, _ = _element(context, builder, view, *values[:2], kind)
    context.pack_value(builder, view.dtype, values[2], address)
    return context.get_dummy_value()


def _shape(context, builder, view, value):
    _, lengths = opened(context, builder, view, value)
    return context.make_tuple(builder, types.UniTuple(types.intp, view.ndim), lengths)


def _size(context, builder, view, value):
    _, lengths = opened(context, builder, view, value)
    return functools.reduce(builder.mul, lengths)


def _dtype(context, builder, view, value):
    return context.get_dummy_value()


def install(numba: Any) -> None:
    """Teach a target.

    Parameters
    ----------
    numba : namespace
        Of Numba's or its CUDA target's ``register_model``, ``AttributeTemplate``,
        ``AbstractTemplate``, ``signature``, ``infer_getattr``, ``infer_global``, ``lower_getattr``
        and ``lower_builtin``.
    """
    numba.register_model(View)(ViewModel)
    _type_attributes(numba)
    _type_indices(numba)
    for name, lower in (("shape", _shape), ("size", _size), ("dtype", _dtype)):
        numba.lower_getattr(View, name)(lower)
    for index in (types.intp, types.UniTuple):
        numba.lower_builtin(operator.getitem, View, index)(_get)
        numba.lower_builtin(operator.setitem, View, index, types.Any)(_set)


def _type_attributes(numba):
    class Attributes(numba.AttributeTemplate):
        key = View

        def resolve_shape(self, view):
            return types.UniTuple(types.intp, view.ndim)

        def resolve_size(self, view):
            return types.intp

        def resolve_dtype(self, view):
            return types.DType(view.dtype)

    numba.infer_getattr(Attributes)


def _type_indices(numba):
    class Get(numba.AbstractTemplate):
        def generic(self, arguments, keywords):
            view, index = arguments
            if not isinstance(view, View):
                return None
            kind, count = _index(index)
            if not 0 < count <= view.ndim:
                return None
            rest = view.ndim - count
            result = View(view.dtype, rest) if rest else view.dtype
            return numba.signature(result, view, kind)

    class Set(numba.AbstractTemplate):
        def generic(self, arguments, keywords):
            view, index, value = arguments
            if not isinstance(view, View):
                return None
            kind, count = _index(index)
            whole = count == view.ndim
            return numba.signature(types.none, view, kind, view.dtype) if whole else None

    numba.infer_global(operator.getitem)(Get)
    numba.infer_global(operator.setitem)(Set)


install(
    SimpleNamespace(
        register_model=register_model, AttributeTemplate=templates.AttributeTemplate,
        AbstractTemplate=templates.AbstractTemplate, signature=templates.signature,
        infer_getattr=templates.infer_getattr, infer_global=templates.infer_global,
        lower_getattr=imputils.lower_getattr, lower_builtin=lower_builtin,
    )
)  # fmt: skip
