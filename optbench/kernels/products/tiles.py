"""The innermost loops of a matrix product, written as LLVM code: one tile of C, one panel of B.

All arguments are integers: addresses, steps in bytes, numbers of rows and columns. A function here
makes the code for one dtype and size of tile.
"""

import functools
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from optbench.kernels.products.registers import REGISTER, WORD, Registers, least, word
from optbench.kernels.simd.vectors import FLAGS

INTEGER = 8
"""Bytes of a number of a table."""
Adjacent: TypeAlias = Literal["inner", "rows", "nowhere", "tables"]


@dataclass(frozen=True)
class _Operands:
    """What a tile is the product of.

    Attributes
    ----------
    starts : list of address
        Of the rows of A.
    a_inner : bytes
        From one number of such a row to the next.
    offsets : address or None
        Of the table of the places of such numbers, counted in numbers, where there is one.
    b : address
        Of the first row of B.
    b_row : bytes
        From one row of B to the next.
    k : int
        Length of the inner dimension.
    mask : mask or None
        What there is of the last register of a row of B; None if all.
    """

    starts: list[ir.Value]
    a_inner: ir.Value
    offsets: ir.Value | None
    b: ir.Value
    b_row: ir.Value
    k: ir.Value
    mask: ir.Value | None


@dataclass(frozen=True)
class _Tile:
    """A tile of C.

    Attributes
    ----------
    c : address
    c_row : bytes
        From one row to the next.
    rows : int or None
        How many rows are there; None if all are.
    left : int
        How many columns of the last register are there; more than it has if all are.
    """

    c: ir.Value
    c_row: ir.Value
    rows: ir.Value | None
    left: ir.Value


@functools.cache
def tile_product(
    number: types.Float, rows: int, vectors: int, adjacent: Adjacent,
    ragged: bool = False, masked: bool = False,
) -> Any:  # fmt: skip
    """Return ``multiply(a, a_row, a_inner, b, b_row, c, c_row, k, add, m, n)``, a product into C.

    Parameters
    ----------
    number : numba type
    rows, vectors : int
        Size of the tile; `n` says how many of its columns C has, more than the tile without its
        last register.
    adjacent : {"inner", "rows", "nowhere", "tables"}
        Along which dimension the numbers of A are adjacent. With "tables" `a_row` and `a_inner` are
        addresses of tables of int64: number h of row i is ``bases[i] + offsets[h]`` numbers on.
    ragged : bool
        Whether `m` says how many rows of the tile C has, at least one; else C has all.
    masked : bool
        Whether of the last register of a row of B only what C has columns for may be read.
    """

    @intrinsic
    def multiply(typing, a, a_row, a_inner, b, b_row, c, c_row, k, add, m, n):
        def generate(context, builder, sig, values):
            a, a_row, a_inner, b, b_row, c, c_row, k, add, m, n = values
            registers = Registers(builder, number)
            if adjacent == "inner":
                a_inner = word(registers.size)
            if adjacent == "rows":
                a_row = word(registers.size)
            last = builder.sub(m, word(1)) if ragged else word(rows - 1)
            numbers = [least(builder, word(r), last) if ragged else word(r) for r in range(rows)]
            offsets = None
            if adjacent == "tables":
                offsets, a_inner = a_inner, word(INTEGER)
                starts = [_entry(registers, a, a_row, row) for row in numbers]
            else:
                starts = [builder.add(a, builder.mul(a_row, row)) for row in numbers]
            left = builder.sub(n, word((vectors - 1) * registers.width))
            mask = registers.first(left) if masked else None
            operands = _Operands(starts, a_inner, offsets, b, b_row, k, mask)
            sums = _sums(builder, registers, operands, vectors)
            adding = builder.icmp_signed("!=", add, word(0))
            tile = _Tile(c, c_row, m if ragged else None, left)
            _write(builder, registers, sums, tile, adding)
            return context.get_dummy_value()

        return types.none(*[types.int64] * 11), generate

    return multiply


def _entry(registers: Registers, start: ir.Value, table: ir.Value, i: ir.Value) -> ir.Value:
    """Return the address of the number whose place, from `start` on, is number i of a table."""
    builder = registers.builder
    place = registers.integer(builder.add(table, builder.mul(word(INTEGER), i)))
    return builder.add(start, builder.mul(word(registers.size), place))


def _sums(
    builder: ir.IRBuilder, registers: Registers, operands: _Operands, vectors: int
) -> list[list[ir.Value]]:
    """Build the loop over the inner dimension; return the sums [row][register]."""
    before = builder.block
    loop, after = (builder.append_basic_block(name) for name in ("inner", "done"))
    builder.branch(loop)
    builder.position_at_end(loop)
    steps = [
        (word(0), word(1)), (operands.offsets or word(0), operands.a_inner),
        (operands.b, operands.b_row),
    ]  # fmt: skip
    phis = [builder.phi(WORD) for _ in steps]
    sums = [[builder.phi(registers.vector) for _ in range(vectors)] for _ in operands.starts]
    _, a_offset, b_here = phis
    if operands.offsets is not None:
        a_offset = builder.mul(word(registers.size), registers.integer(a_offset))
    row = [
        registers.read(
            builder.add(b_here, word(v * REGISTER)), operands.mask if v == vectors - 1 else None
        )
        for v in range(vectors)
    ]
    new = []
    for start, sums_of_row in zip(operands.starts, sums, strict=True):
        factor = registers.spread(builder.add(start, a_offset))
        new.append([
            builder.fadd(old, builder.fmul(factor, part, flags=FLAGS), flags=FLAGS)
            for old, part in zip(sums_of_row, row, strict=True)
        ])  # fmt: skip
    for phi, (start, step) in zip(phis, steps, strict=True):
        phi.add_incoming(start, before)
        phi.add_incoming(builder.add(phi, step), loop)
    for old_row, new_row in zip(sums, new, strict=True):
        for old, value in zip(old_row, new_row, strict=True):
            old.add_incoming(registers.zero, before)
            old.add_incoming(value, loop)
    count = phis[0].incomings[1][0]
    builder.cbranch(builder.icmp_signed("<", count, operands.k), loop, after)
    builder.position_at_end(after)
    return new


def _write(
    builder: ir.IRBuilder,
    registers: Registers,
    sums: list[list[ir.Value]],
    tile: _Tile,
    adding: ir.Value,
) -> None:
    """Write the sums to a tile, or add them if `adding`."""
    rows = [builder.add(tile.c, builder.mul(tile.c_row, word(r))) for r in range(len(sums))]
    all_lanes = word(registers.width)

    def mask(r: int, last: bool, whole: bool) -> ir.Value | None:
        if tile.rows is None and (whole or not last):
            return None
        count = tile.left if last else all_lanes
        if tile.rows is not None:
            count = builder.select(builder.icmp_signed("<", word(r), tile.rows), count, word(0))
        return registers.first(count)

    def write(whole: bool, more: bool) -> None:
        for r, values in enumerate(sums):
            for v, value in enumerate(values):
                address = builder.add(rows[r], word(v * REGISTER))
                lanes = mask(r, v == len(values) - 1, whole)
                if more:
                    value = builder.fadd(registers.read(address, lanes), value)
                registers.write(value, address, lanes)

    def write_or_add(whole: bool) -> None:
        with builder.if_else(adding) as (then, otherwise):
            with then:
                write(whole, True)
            with otherwise:
                write(whole, False)

    if tile.rows is not None:
        write_or_add(False)
        return
    with builder.if_else(builder.icmp_signed(">=", tile.left, all_lanes)) as (then, otherwise):
        with then:
            write_or_add(True)
        with otherwise:
            write_or_add(False)
