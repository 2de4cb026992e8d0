"""All fields of a group at once, arrays as arrays: what authors' code and nets are given."""

import functools
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from optbench.kernels.memory.pointers import WORD, Pointer, read_field
from optbench.kernels.simd.array_views import opened, view_of


def _array(context, builder, kind, view):
    """Return an array that shows what a view does."""
    from numba.np.arrayobj import populate_array  # the compiler has it by then, who loads does not

    size = context.get_abi_sizeof(context.get_data_type(kind.dtype))
    data, lengths = opened(context, builder, view_of(kind), view)
    strides = [ir.Constant(WORD, size)]
    for length in reversed(lengths[1:]):
        strides.insert(0, builder.mul(length, strides[0]))
    array = context.make_array(kind)(context, builder)
    populate_array(array, data, lengths, strides, ir.Constant(WORD, size), None)
    return array._getvalue()


@intrinsic
def fetch(typing, pointer):
    """Return all fields of a group as a tuple, arrays as arrays."""
    return _fetched(pointer, pointer.cls._fields) if isinstance(pointer, Pointer) else None


@functools.cache
def fetching(*arrays: str) -> Callable[[Any], tuple[Any, ...]]:
    """Return what does so with the fields that are named, and returns all other arrays as views."""

    @intrinsic
    def fetch(typing, pointer):
        return _fetched(pointer, arrays) if isinstance(pointer, Pointer) else None

    return fetch


def _fetched(pointer, arrays):
    """Return the signature and the generator of what fetches a group."""
    kinds = [
        kind if name in arrays else view_of(kind)
        for name, kind in zip(pointer.cls._fields, pointer.kinds, strict=True)
    ]

    def generate(context, builder, sig, values):
        fields = []
        for number, kind in enumerate(kinds):
            field = read_field(context, builder, pointer, values[0], number)
            array = isinstance(kind, types.Array)
            fields.append(_array(context, builder, kind, field) if array else field)
        return context.make_tuple(builder, sig.return_type, fields)

    return types.Tuple(kinds)(pointer), generate
