"""`DualWindow`: what the windows have in common through which author code sees Duals."""

import operator

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
from numba.extending import overload

from optbench.kernels.dual.numbers import Dual
from optbench.kernels.simd.rows import Rows


class DualWindow(types.Type):
    """Type of a window of W lanes on a block whose elements are Duals.

    The values are Rows, the first member of its data model; types that derive from this one say
    where derivatives come from.
    """

    def __init__(self, dual: Dual, writable: bool):
        self.dual, self.rows = dual, Rows(dual.vec, writable=writable)
        super().__init__(f"{type(self).__name__}({dual}{', writable' if writable else ''})")


@infer_global(operator.getitem)
class _GetRow(AbstractTemplate):
    def generic(self, arguments, keywords):
        window, index = arguments
        if isinstance(window, DualWindow) and isinstance(index, types.Integer):
            return signature(window.dual, window, types.intp)
        return None


@infer_getattr
class _Attributes(AttributeTemplate):
    key = DualWindow

    def resolve_shape(self, window):
        return types.UniTuple(types.intp, 1)

    def resolve_size(self, window):
        return types.intp


@lower_getattr(DualWindow, "shape")
def _shape(context, builder, kind, value):
    count = _size(context, builder, kind, value)
    return context.make_tuple(builder, types.UniTuple(types.intp, 1), [count])


@lower_getattr(DualWindow, "size")
def _size(context, builder, kind, value):
    rows = builder.extract_value(value, 0)
    return cgutils.create_struct_proxy(kind.rows)(context, builder, value=rows).count


@overload(len)
def _len(window):
    if isinstance(window, DualWindow):
        return lambda window: window.size
    return None
