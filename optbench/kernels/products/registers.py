"""Registers of the processor, while the code of a product is generated.

Code for products computes with addresses in bytes, which are 64-bit integers.
"""

from collections.abc import Sequence

from llvmlite import ir
from numba import types

from optbench.kernels.compiling.features import LEVEL
from optbench.kernels.simd.vectors import I32, call, splat

REGISTER = {"avx512": 64, "avx2": 32, "generic": 16}[LEVEL]
"""Bytes of a register."""
WORD = ir.IntType(64)


class Registers:
    """What code can do with registers of a dtype at addresses, which are integers.

    Parameters
    ----------
    builder : ir.IRBuilder
    number : numba type
        float64 or float32.

    Attributes
    ----------
    width : int
        Numbers of a register.
    size : int
        Bytes of a number.
    """

    def __init__(self, builder: ir.IRBuilder, number: types.Float):
        self.builder, self.size = builder, number.bitwidth // 8
        self.width = REGISTER // self.size
        self.element = ir.FloatType() if self.size == 4 else ir.DoubleType()
        self.vector = ir.VectorType(self.element, self.width)
        self.zero = ir.Constant(self.vector, None)

    def pointer(self, address: ir.Value, kind: ir.Type) -> ir.Value:
        """Return an address as a pointer."""
        return self.builder.inttoptr(address, kind.as_pointer())

    def spread(self, address: ir.Value) -> ir.Value:
        """Read one number into all lanes."""
        value = self.builder.load(self.pointer(address, self.element))
        value.align = self.size
        return splat(self.builder, value, self.width)

    def integer(self, address: ir.Value) -> ir.Value:
        """Read a 64-bit integer."""
        return self.builder.load(self.pointer(address, WORD))

    def read(self, address: ir.Value, mask: ir.Value | None = None) -> ir.Value:
        """Read a register; what `mask` leaves out is not touched and 0."""
        pointer = self.pointer(address, self.vector)
        if mask is not None:
            align = ir.Constant(I32, self.size)
            return self._masked("load", self.vector, [pointer, align, mask, self.zero])
        value = self.builder.load(pointer)
        value.align = self.size
        return value

    def write(self, value: ir.Value, address: ir.Value, mask: ir.Value | None = None) -> None:
        """Write a register, without what `mask` leaves out."""
        pointer = self.pointer(address, self.vector)
        if mask is not None:
            align = ir.Constant(I32, self.size)
            self._masked("store", ir.VoidType(), [value, pointer, align, mask])
        else:
            self.builder.store(value, pointer).align = self.size

    def first(self, count: ir.Value) -> ir.Value:
        """Return the mask of the first `count` lanes, which is a 64-bit integer."""
        count = splat(self.builder, self.builder.trunc(count, I32), self.width)
        lanes = [ir.Constant(I32, lane) for lane in range(self.width)]
        return self.builder.icmp_signed("<", ir.Constant(count.type, lanes), count)

    def _masked(self, name: str, result: ir.Type, values: Sequence[ir.Value]) -> ir.Value:
        name = f"llvm.masked.{name}.v{self.width}f{8 * self.size}.p0"
        return call(self.builder, name, result, values)


def word(value: int) -> ir.Constant:
    """Return a 64-bit integer."""
    return ir.Constant(WORD, value)


def least(builder: ir.IRBuilder, value: ir.Value, most: ir.Value) -> ir.Value:
    """Return the smaller of two integers."""
    return builder.select(builder.icmp_signed("<", value, most), value, most)
