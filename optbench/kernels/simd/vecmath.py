"""exp, log, sin and the like on Vecs: glibc's vector library, polynomials, or one lane at a time.

On AVX-512 exp and log have code of their own, which takes less time (see `avx512`). For the others
glibc has vector functions of at most 4 ulp, for registers of 256 and 512 bits; they are used where
they exist. The functions that matter most have polynomials (see `polynomials`) for machines without
them, and everywhere with ``OPTBENCH_VECTOR_MATH=polynomial``. What has neither is called once a
lane.
"""

from collections.abc import Callable

from llvmlite import ir
from numba.core.base import BaseContext
from numba.core.typing import signature

from optbench.kernels.compiling.vector_library import VectorFunction, vector_function
from optbench.kernels.simd import avx512, polynomials
from optbench.kernels.simd.vec import Vec
from optbench.kernels.simd.vectors import I32, join, pieces
from optbench.kernels.simd.vectors import call as call_by_name


def call(
    context: BaseContext,
    builder: ir.IRBuilder,
    vec: Vec,
    function: Callable[..., float],
    values: list[ir.Value],
) -> ir.Value:
    """Apply a `math` function to LLVM vectors of the Vec type `vec`."""
    if vec.setting:
        return _call_each(context, builder, vec, function, values)
    if avx512.USED and function in avx512.FUNCTIONS and avx512.fits(values[0].type):
        return avx512.call_function(builder, function, values[0])
    entry = vector_function(function, vec.element, len(values))
    if entry is not None and vec.width % entry.lanes == 0:
        return _call_library(builder, entry, values)
    if function in polynomials.FUNCTIONS and vec.width > 1:
        return polynomials.call(context, builder, vec, function, values)
    return _call_each(context, builder, vec, function, values)


def _call_library(builder: ir.IRBuilder, entry: VectorFunction, values: list[ir.Value]) -> ir.Value:
    """Call glibc's vector function once a register."""
    part = ir.VectorType(values[0].type.element, entry.lanes)
    cut = [pieces(builder, value, entry.lanes) for value in values]
    parts = zip(*cut, strict=True)
    return join(builder, [call_by_name(builder, entry.name, part, piece) for piece in parts])


def _call_each(
    context: BaseContext,
    builder: ir.IRBuilder,
    vec: Vec,
    function: Callable[..., float],
    values: list[ir.Value],
) -> ir.Value:
    """Call the scalar function once a lane."""
    scalar = signature(vec.element, *[vec.element] * len(values))
    typed = context.typing_context.resolve_value_type(function)
    resolved = context.typing_context.resolve_function_type(typed, scalar.args, {})
    implementation = context.get_function(typed, resolved)
    result = ir.Constant(values[0].type, ir.Undefined)
    for lane in range(vec.width):
        index = ir.Constant(I32, lane)
        scalars = [builder.extract_element(value, index) for value in values]
        result = builder.insert_element(result, implementation(builder, scalars), index)
    return result
