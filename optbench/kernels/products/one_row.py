"""Products of one row, such as a batch of one example makes: B is read once, from where it is.

A row times B is computed in up to eight registers of columns at once, whose sums do not wait for
each other. A row times B' is as many dot products along rows of B.
"""

from collections.abc import Callable, Sequence
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.dispatcher import Dispatcher
from numba.extending import intrinsic

from optbench.kernels.compiling.options import helper
from optbench.kernels.products.panels import never_inlined
from optbench.kernels.products.registers import REGISTER, Registers, least, word
from optbench.kernels.products.tiles import tile_product
from optbench.kernels.simd.vectors import FLAGS, I32

AT_ONCE = 8
"""Dot products at once: as many as hide the time of an addition, and as have registers for
their addresses."""


def row_product(number: types.Float) -> Dispatcher:
    """Return ``multiply(a, a_inner, b, b_row, c, k, add, n)``: c [n] (+)= a [k] B [k, n].

    Arguments are addresses, steps in bytes and numbers. The numbers of c are summed in the order
    in which those of larger tiles are.
    """
    width = REGISTER // (number.bitwidth // 8)
    eight, four, two, one = (tile_product(number, 1, v, "nowhere") for v in (8, 4, 2, 1))
    rest = tile_product(number, 1, 1, "nowhere", masked=True)

    @helper
    def multiply(a, a_inner, b, b_row, c, k, add, n):
        never_inlined()
        while n >= 8 * width:
            eight(a, 0, a_inner, b, b_row, c, 0, k, add, 1, 8 * width)
            b, c, n = b + 8 * REGISTER, c + 8 * REGISTER, n - 8 * width
        if n >= 4 * width:
            four(a, 0, a_inner, b, b_row, c, 0, k, add, 1, 4 * width)
            b, c, n = b + 4 * REGISTER, c + 4 * REGISTER, n - 4 * width
        if n >= 2 * width:
            two(a, 0, a_inner, b, b_row, c, 0, k, add, 1, 2 * width)
            b, c, n = b + 2 * REGISTER, c + 2 * REGISTER, n - 2 * width
        if n >= width:
            one(a, 0, a_inner, b, b_row, c, 0, k, add, 1, width)
            b, c, n = b + REGISTER, c + REGISTER, n - width
        if n > 0:
            rest(a, 0, a_inner, b, b_row, c, 0, k, add, 1, n)

    return multiply


def dot_products(number: types.Float) -> Dispatcher:
    """Return ``multiply(a, b, b_row, c, k, add, n)``: c [n] (+)= a [k] B', where B is [n, k]."""
    size = number.bitwidth // 8
    width, some = REGISTER // size, _dots(number)

    @helper
    def multiply(a, b, b_row, c, k, add, n):
        never_inlined()
        for j in range(0, n, width):
            some(a, b + j * b_row, b_row, c + j * size, k, add, min(n - j, width))

    return multiply


def _dots(number: types.Float) -> Callable[..., Any]:
    """Return ``dots(a, b, b_row, c, k, add, n)``: at most a register of dot products."""

    @intrinsic
    def dots(typing, a, b, b_row, c, k, add, n):
        def generate(context, builder, sig, values):
            a, b, b_row, c, k, add, n = values
            registers = Registers(builder, number)
            last = builder.sub(n, word(1))  # what rows beyond it give is not written
            rows = [
                builder.add(b, builder.mul(b_row, least(builder, word(i), last)))
                for i in range(registers.width)
            ]
            sums = []
            for first in range(0, len(rows), AT_ONCE):
                sums += _along(builder, registers, a, rows[first : first + AT_ONCE], k)
            value, lanes = _folded(builder, sums), registers.first(n)
            with builder.if_else(builder.icmp_signed("!=", add, word(0))) as (then, otherwise):
                with then:
                    before = registers.read(c, lanes)
                    registers.write(builder.fadd(before, value), c, lanes)
                with otherwise:
                    registers.write(value, c, lanes)
            return context.get_dummy_value()

        return types.none(*[types.int64] * 7), generate

    return dots


def _along(
    builder: ir.IRBuilder, registers: Registers, a: ir.Value, rows: Sequence[ir.Value], k: ir.Value
) -> list[ir.Value]:
    """Build the loop along k; return a register of partial sums a row."""
    places = [cgutils.alloca_once(builder, registers.vector) for _ in rows]
    for place in places:
        builder.store(registers.zero, place)

    def step(offset: ir.Value, mask: ir.Value | None) -> None:
        factor = registers.read(builder.add(a, offset), mask)
        for row, place in zip(rows, places, strict=True):
            part = registers.read(builder.add(row, offset), mask)
            term = builder.fmul(factor, part, flags=FLAGS)
            builder.store(builder.fadd(builder.load(place), term, flags=FLAGS), place)

    whole = builder.sdiv(k, word(registers.width))
    with cgutils.for_range(builder, whole) as loop:
        step(builder.mul(loop.index, word(REGISTER)), None)
    left = builder.sub(k, builder.mul(whole, word(registers.width)))
    with builder.if_then(builder.icmp_signed(">", left, word(0))):
        step(builder.mul(whole, word(REGISTER)), registers.first(left))
    return [builder.load(place) for place in places]


def _folded(builder: ir.IRBuilder, sums: Sequence[ir.Value]) -> ir.Value:
    """Return the totals of as many registers as one has lanes, in one register.

    Two become one whose lanes hold sums of two of theirs; the first keeps the lanes without a bit
    of `step`, the other those with it.
    """
    sums, step = list(sums), len(sums) // 2
    width = len(sums)
    while step:
        near = [lane if not lane & step else width + lane for lane in range(width)]
        far = [lane | step if not lane & step else width + (lane ^ step) for lane in range(width)]
        halves = []
        for first, other in zip(sums[:step], sums[step:], strict=True):
            parts = []
            for order in (near, far):
                lanes = ir.Constant(ir.VectorType(I32, width), [ir.Constant(I32, i) for i in order])
                parts.append(builder.shuffle_vector(first, other, lanes))
            halves.append(builder.fadd(*parts))
        sums, step = halves, step // 2
    return sums[0]
