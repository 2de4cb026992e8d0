"""exp, log, sin and the like on Vecs: glibc's vector library, polynomials, or one lane at a time.

glibc has vector functions of at most 4 ulp for registers of 256 and 512 bits; they are used where
they exist. The functions that matter most have polynomials (see `polynomials`) for machines without
them, and everywhere with ``OPTBENCH_VECTOR_MATH=polynomial``. What has neither is called once a
lane.
"""

from llvmlite import ir
from numba.core import cgutils
from numba.core.typing import signature

from optbench.kernels.compiling.vector_library import symbol
from optbench.kernels.simd import polynomials
from optbench.kernels.simd.newton import join, pieces


def call(context, builder, vec, function, values):
    """Apply a `math` function to LLVM vectors of the Vec type `vec`."""
    known = symbol(function, vec.element, len(values))
    if known is not None and vec.width % known[1] == 0:
        return _call_library(builder, *known, values)
    if function in polynomials.FUNCTIONS and vec.width > 1:
        return polynomials.call(context, builder, vec, function, values)
    return _call_each(context, builder, vec, function, values)


def _call_library(builder, name, lanes, values):
    part = ir.VectorType(values[0].type.element, lanes)
    target = cgutils.get_or_insert_function(
        builder.module, ir.FunctionType(part, [part] * len(values)), name
    )
    cut = [pieces(builder, value, lanes) for value in values]
    return join(builder, [builder.call(target, piece) for piece in zip(*cut, strict=True)])


def _call_each(context, builder, vec, function, values):
    """Call the scalar function once a lane."""
    scalar = signature(vec.element, *[vec.element] * len(values))
    typed = context.typing_context.resolve_value_type(function)
    resolved = context.typing_context.resolve_function_type(typed, scalar.args, {})
    implementation = context.get_function(typed, resolved)
    result = ir.Constant(values[0].type, ir.Undefined)
    for lane in range(vec.width):
        place = ir.Constant(ir.IntType(32), lane)
        scalars = [builder.extract_element(value, place) for value in values]
        result = builder.insert_element(result, implementation(builder, scalars), place)
    return result
