"""Views of arrays that own nothing, by the place of their first number."""

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic


@intrinsic
def view(typing, v, start, shape):
    """Return a contiguous array of a shape that begins at ``v[start]`` and owns nothing.

    NumPy's reshape does the same, with checks and copies that take long to compile.
    """
    kind = types.Array(v.dtype, shape.count, "C")

    def generate(context, builder, sig, values):
        source = context.make_array(sig.args[0])(context, builder, value=values[0])
        lengths = cgutils.unpack_tuple(builder, values[2], shape.count)
        item = context.get_abi_sizeof(context.get_value_type(v.dtype))
        strides, stride = [], ir.Constant(ir.IntType(64), item)
        for length in reversed(lengths):
            strides.insert(0, stride)
            stride = builder.mul(stride, length)
        view = context.make_array(kind)(context, builder)
        context.populate_array(
            view,
            data=builder.gep(source.data, [values[1]]),
            shape=lengths,
            strides=strides,
            itemsize=ir.Constant(ir.IntType(64), item),
            meminfo=None,
        )
        return view._getvalue()

    return kind(v, types.intp, types.UniTuple(types.intp, shape.count)), generate
