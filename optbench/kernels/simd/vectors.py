"""Vectors of LLVM while code is generated: constants, cutting and joining, calls of intrinsics."""

from collections.abc import Sequence

from llvmlite import ir
from numba.core import cgutils

I32 = ir.IntType(32)
FLAGS = ("contract",)
"""A product and a sum may become one instruction; nothing else is reordered."""


def constant(vector: ir.VectorType, number: float) -> ir.Constant:
    """Return the constant with `number` in every lane."""
    return ir.Constant(vector, [ir.Constant(vector.element, number)] * vector.count)


def splat(builder: ir.IRBuilder, scalar: ir.Value, width: int) -> ir.Value:
    """Return a vector of `width` lanes with `scalar` in every lane."""
    vector = ir.VectorType(scalar.type, width)
    undefined = ir.Constant(vector, ir.Undefined)
    one = builder.insert_element(undefined, scalar, ir.Constant(I32, 0))
    zeros = ir.Constant(ir.VectorType(I32, width), None)
    return builder.shuffle_vector(one, undefined, zeros)


def elements(builder: ir.IRBuilder, vector: ir.Value) -> list[ir.Value]:
    """Return the numbers in the lanes of a vector."""
    lanes = range(vector.type.count)
    return [builder.extract_element(vector, ir.Constant(I32, lane)) for lane in lanes]


def pieces(builder: ir.IRBuilder, vector: ir.Value, lanes: int) -> list[ir.Value]:
    """Cut a vector into vectors of `lanes` lanes."""
    undefined = ir.Constant(vector.type, ir.Undefined)
    cut = []
    for first in range(0, vector.type.count, lanes):
        order = _indices(range(first, first + lanes))
        cut.append(builder.shuffle_vector(vector, undefined, order))
    return cut


def join(builder: ir.IRBuilder, parts: Sequence[ir.Value]) -> ir.Value:
    """Put a power of two of vectors together again."""
    parts = list(parts)
    while len(parts) > 1:
        order = _indices(range(2 * parts[0].type.count))
        parts = [
            builder.shuffle_vector(parts[i], parts[i + 1], order) for i in range(0, len(parts), 2)
        ]
    return parts[0]


def _indices(lanes: range) -> ir.Constant:
    """Return what a shuffle takes, lane after lane."""
    kind = ir.VectorType(I32, len(lanes))
    return ir.Constant(kind, [ir.Constant(I32, lane) for lane in lanes])


def call(builder: ir.IRBuilder, name: str, result: ir.Type, values: Sequence[ir.Value]) -> ir.Value:
    """Call a function outside of the module by its name."""
    kind = ir.FunctionType(result, [value.type for value in values])
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), values)


def call_intrinsic(builder: ir.IRBuilder, name: str, values: Sequence[ir.Value]) -> ir.Value:
    """Call an intrinsic of LLVM's that is overloaded on the type of its vectors, its result's."""
    vector = values[0].type
    letters = "f64" if vector.element == ir.DoubleType() else "f32"
    return call(builder, f"{name}.v{vector.count}{letters}", vector, values)


def fma(builder: ir.IRBuilder, x: ir.Value, y: ir.Value, z: ir.Value) -> ir.Value:
    """Return x y + z, rounded once."""
    return call_intrinsic(builder, "llvm.fma", [x, y, z])
