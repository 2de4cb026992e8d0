"""Panels: a few columns of B, copied to the stack so that rows follow each other.

A tile reads its rows of B from a panel, the last register of a row included, so that panels are
padded to whole registers. Arguments are addresses, steps in bytes, numbers of rows and columns.
"""

import functools
from collections.abc import Sequence
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from optbench.kernels.products.registers import REGISTER, WORD, Registers, least, word
from optbench.kernels.simd.vectors import I32


@functools.cache
def panel_copy(number: types.Float, vectors: int) -> Any:
    """Return ``copy(b, b_row, to, k, n)``: k rows of at most n columns to `to`, row after row.

    A row of the copy is `vectors` registers long, more than `n` without its last register.
    """

    @intrinsic
    def copy(typing, b, b_row, to, k, n):
        def generate(context, builder, sig, values):
            b, b_row, to, k, n = values
            registers = Registers(builder, number)
            left = builder.sub(n, word((vectors - 1) * registers.width))
            mask = registers.first(least(builder, left, word(registers.width)))
            with cgutils.for_range(builder, k) as loop:
                source = builder.add(b, builder.mul(b_row, loop.index))
                target = builder.add(to, builder.mul(word(vectors * REGISTER), loop.index))
                for v in range(vectors):
                    part = registers.read(
                        builder.add(source, word(v * REGISTER)), mask if v == vectors - 1 else None
                    )
                    registers.write(part, builder.add(target, word(v * REGISTER)))
            return context.get_dummy_value()

        return types.none(*[types.int64] * 5), generate

    return copy


@functools.cache
def panel_transpose(number: types.Float, vectors: int) -> Any:
    """Return ``transpose(b, b_row, to, k, n)``: what `panel_copy` does, of B stored transposed.

    Columns from `n` on repeat the last one, and rows are written up to whole registers of `k`.
    """

    @intrinsic
    def transpose(typing, b, b_row, to, k, n):
        def generate(context, builder, sig, values):
            b, b_row, to, k, n = values
            registers = Registers(builder, number)
            width = registers.width
            last = builder.sub(n, word(1))
            blocks = builder.sdiv(builder.add(k, word(width - 1)), word(width))
            for v in range(vectors):
                rows = [
                    builder.add(b, builder.mul(b_row, least(builder, word(v * width + i), last)))
                    for i in range(width)
                ]
                with cgutils.for_range(builder, blocks) as loop:
                    done = builder.mul(loop.index, word(width))
                    offset = builder.mul(loop.index, word(REGISTER))
                    left = least(builder, builder.sub(k, done), word(width))
                    mask = registers.first(left)
                    block = [registers.read(builder.add(row, offset), mask) for row in rows]
                    target = builder.add(to, builder.mul(done, word(vectors * REGISTER)))
                    for i, part in enumerate(_transposed(builder, block)):
                        place = (i * vectors + v) * REGISTER
                        registers.write(part, builder.add(target, word(place)))
            return context.get_dummy_value()

        return types.none(*[types.int64] * 5), generate

    return transpose


def _transposed(builder: ir.IRBuilder, block: Sequence[ir.Value]) -> list[ir.Value]:
    """Transpose a square of registers: halves change places, then quarters, and so on."""
    width, rows = len(block), list(block)
    step = width // 2
    while step:
        low = [lane if not lane & step else width + (lane ^ step) for lane in range(width)]
        high = [lane | step if not lane & step else width + lane for lane in range(width)]
        for i in range(width):
            if not i & step:
                pair = rows[i], rows[i | step]
                for place, order in ((i, low), (i | step, high)):
                    lanes = ir.Constant(
                        ir.VectorType(I32, width), [ir.Constant(I32, lane) for lane in order]
                    )
                    rows[place] = builder.shuffle_vector(*pair, lanes)
        step //= 2
    return rows


@functools.cache
def stack_panel(size: int) -> Any:
    """Return ``panel()``, the address of that many bytes of this function's stack."""

    @intrinsic
    def panel(typing):
        def generate(context, builder, sig, values):
            with builder.goto_entry_block():  # Numba's own way fills it with zeros
                place = builder.alloca(ir.ArrayType(ir.IntType(8), size))
            place.align = 64
            set.add(builder.function.attributes, '"stackrealign"')
            return builder.ptrtoint(place, WORD)

        return types.int64(), generate

    return panel


@intrinsic
def never_inlined(typing):
    """Keep this function out of its callers: they would be multiplied by its variants."""

    def generate(context, builder, sig, values):
        builder.function.attributes.add("noinline")
        return context.get_dummy_value()

    return types.none(), generate
