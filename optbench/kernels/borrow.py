"""Arrays without reference counts, for the loops of the driver.

Numba counts references to an array's memory with atomic operations, also where a field is read from
a named tuple or a row is taken; at nanoseconds a step they are most of the time. The driver's
arguments outlive the call, so it works on copies of their descriptors that own nothing.
"""

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic


@intrinsic
def borrow(typing, group):
    """Return a named tuple with its arrays borrowed: valid while the original is alive."""
    if not isinstance(group, types.BaseNamedTuple):
        return None

    def generate(context, builder, sig, values):
        fields = cgutils.unpack_tuple(builder, values[0], len(group.types))
        borrowed = [
            disowned(context, builder, kind, field)
            for kind, field in zip(group.types, fields, strict=True)
        ]
        return context.make_tuple(builder, group, borrowed)

    return group(group), generate


def disowned(context, builder, kind, value):
    """Return an LLVM array value that owns nothing; other values as they are."""
    if not isinstance(kind, types.Array):
        return value
    array = context.make_array(kind)(context, builder, value=value)
    array.meminfo = ir.Constant(array.meminfo.type, None)
    array.parent = ir.Constant(array.parent.type, None)
    return array._getvalue()
