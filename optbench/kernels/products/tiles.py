"""The innermost loops of a matrix product, written as LLVM code: one tile of C, one panel of B.

All arguments are integers: addresses, steps in bytes, numbers of rows and columns. A function here
makes the code for one dtype and size of tile.
"""

import functools

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from optbench.kernels.compiling.features import LEVEL
from optbench.kernels.simd.operations import FLAGS
from optbench.kernels.simd.vec import splat

REGISTER = {"avx512": 64, "avx2": 32, "generic": 16}[LEVEL]
"""Bytes of a register."""

_BYTE, _WORD, _I32 = ir.IntType(8), ir.IntType(64), ir.IntType(32)


class _Registers:
    """Loads and stores of registers of a dtype."""

    def __init__(self, builder, number):
        self.builder, self.size = builder, number.bitwidth // 8
        self.width = REGISTER // self.size
        self.element = ir.FloatType() if self.size == 4 else ir.DoubleType()
        self.vector = ir.VectorType(self.element, self.width)
        self.zero = ir.Constant(self.vector, None)

    def pointer(self, address, kind):
        return self.builder.inttoptr(address, kind.as_pointer())

    def spread(self, address):
        """Load one number into all lanes."""
        value = self.builder.load(self.pointer(address, self.element))
        value.align = self.size
        return splat(self.builder, value, self.width)

    def load(self, address, mask=None):
        """Load a register; what `mask` leaves out is not touched and 0."""
        pointer = self.pointer(address, self.vector)
        if mask is not None:
            align = ir.Constant(_I32, self.size)
            return self._masked("load", self.vector, [pointer, align, mask, self.zero])
        value = self.builder.load(pointer)
        value.align = self.size
        return value

    def store(self, value, address, mask=None):
        pointer = self.pointer(address, self.vector)
        if mask is not None:
            align = ir.Constant(_I32, self.size)
            self._masked("store", ir.VoidType(), [value, pointer, align, mask])
        else:
            self.builder.store(value, pointer).align = self.size

    def first(self, count):
        """Return the mask of the first `count` lanes, which is a 64-bit integer."""
        count = splat(self.builder, self.builder.trunc(count, _I32), self.width)
        lanes = [ir.Constant(_I32, lane) for lane in range(self.width)]
        return self.builder.icmp_signed("<", ir.Constant(count.type, lanes), count)

    def _masked(self, name, result, values):
        name = f"llvm.masked.{name}.v{self.width}f{8 * self.size}.p0"
        kind = ir.FunctionType(result, [value.type for value in values])
        return self.builder.call(
            cgutils.get_or_insert_function(self.builder.module, kind, name), values
        )


def _word(value):
    return ir.Constant(_WORD, value)


def _least(builder, value, most):
    return builder.select(builder.icmp_signed("<", value, most), value, most)


@functools.cache
def tile(number, rows, vectors, kind):
    """Return ``tile(a, a_row, a_inner, b, b_row, c, c_row, k, add, m, n)``, a product into C.

    Parameters
    ----------
    number : numba type
    rows, vectors : int
        Size of the tile; `m` and `n` say how much of it C has, at least one row, and more columns
        than the tile without its last register.
    kind : {"n", "t", "any"}
        Where the numbers of A are adjacent: along the inner dimension, along the rows, or nowhere.
        With the first two `m` is not looked at.
    """

    @intrinsic
    def multiply(typing, a, a_row, a_inner, b, b_row, c, c_row, k, add, m, n):
        def generate(context, builder, sig, values):
            a, a_row, a_inner, b, b_row, c, c_row, k, add, m, n = values
            registers = _Registers(builder, number)
            if kind == "n":
                a_inner = _word(registers.size)
            if kind == "t":
                a_row = _word(registers.size)
            last = _word(rows - 1) if kind != "any" else builder.sub(m, _word(1))
            at = [
                _least(builder, _word(r), last) if kind == "any" else _word(r) for r in range(rows)
            ]
            starts = [builder.add(a, builder.mul(a_row, row)) for row in at]
            sums = _sums(builder, registers, starts, a_inner, b, b_row, k, vectors)
            adding = builder.icmp_signed("!=", add, _word(0))
            left = builder.sub(n, _word((vectors - 1) * registers.width))
            _write(builder, registers, sums, c, c_row, m, left, kind == "any", adding)
            return context.get_dummy_value()

        return types.none(*[types.int64] * 11), generate

    return multiply


def _sums(builder, registers, starts, a_inner, b, b_row, k, vectors):
    """Build the loop over the inner dimension; return the sums [row][register]."""
    before = builder.block
    loop, after = (builder.append_basic_block(name) for name in ("inner", "done"))
    builder.branch(loop)
    builder.position_at_end(loop)
    steps = [(_word(0), _word(1)), (_word(0), a_inner), (b, b_row)]
    phis = [builder.phi(_WORD) for _ in steps]
    sums = [[builder.phi(registers.vector) for _ in range(vectors)] for _ in starts]
    _, a_offset, b_here = phis
    row = [registers.load(builder.add(b_here, _word(v * REGISTER))) for v in range(vectors)]
    new = []
    for start, before_it in zip(starts, sums, strict=True):
        factor = registers.spread(builder.add(start, a_offset))
        new.append([
            builder.fadd(old, builder.fmul(factor, part, flags=FLAGS), flags=FLAGS)
            for old, part in zip(before_it, row, strict=True)
        ])  # fmt: skip
    for phi, (start, step) in zip(phis, steps, strict=True):
        phi.add_incoming(start, before)
        phi.add_incoming(builder.add(phi, step), loop)
    for old_row, new_row in zip(sums, new, strict=True):
        for old, value in zip(old_row, new_row, strict=True):
            old.add_incoming(registers.zero, before)
            old.add_incoming(value, loop)
    count = phis[0].incomings[1][0]
    builder.cbranch(builder.icmp_signed("<", count, k), loop, after)
    builder.position_at_end(after)
    return new


def _write(builder, registers, sums, c, c_row, m, left, ragged, adding):
    """Write a tile to C, or add it; `left` columns of the last register are there."""
    places = [builder.add(c, builder.mul(c_row, _word(r))) for r in range(len(sums))]
    all_lanes = _word(registers.width)

    def mask(r, last, whole):
        if not ragged and (whole or not last):
            return None
        count = left if last else all_lanes
        if ragged:
            count = builder.select(builder.icmp_signed("<", _word(r), m), count, _word(0))
        return registers.first(count)

    def write(whole, more):
        for r, values in enumerate(sums):
            for v, value in enumerate(values):
                address = builder.add(places[r], _word(v * REGISTER))
                there = mask(r, v == len(values) - 1, whole)
                if more:
                    value = builder.fadd(registers.load(address, there), value)
                registers.store(value, address, there)

    def write_or_add(whole):
        with builder.if_else(adding) as (then, otherwise):
            with then:
                write(whole, True)
            with otherwise:
                write(whole, False)

    if ragged:
        write_or_add(False)
        return
    with builder.if_else(builder.icmp_signed(">=", left, all_lanes)) as (then, otherwise):
        with then:
            write_or_add(True)
        with otherwise:
            write_or_add(False)


@functools.cache
def copied(number, vectors):
    """Return ``copy(b, b_row, to, k, n)``: k rows of at most n columns to `to`, row after row.

    A row of the copy is `vectors` registers long, more than `n` without its last register.
    """

    @intrinsic
    def copy(typing, b, b_row, to, k, n):
        def generate(context, builder, sig, values):
            b, b_row, to, k, n = values
            registers = _Registers(builder, number)
            left = builder.sub(n, _word((vectors - 1) * registers.width))
            mask = registers.first(_least(builder, left, _word(registers.width)))
            with cgutils.for_range(builder, k) as loop:
                source = builder.add(b, builder.mul(b_row, loop.index))
                goal = builder.add(to, builder.mul(_word(vectors * REGISTER), loop.index))
                for v in range(vectors):
                    part = registers.load(
                        builder.add(source, _word(v * REGISTER)), mask if v == vectors - 1 else None
                    )
                    registers.store(part, builder.add(goal, _word(v * REGISTER)))
            return context.get_dummy_value()

        return types.none(*[types.int64] * 5), generate

    return copy


@functools.cache
def turned(number, vectors):
    """Return ``turn(b, b_row, to, k, n)``: what `copied` does, of B that is stored transposed.

    Columns from `n` on repeat the last one, and rows are written up to whole registers of `k`.
    """

    @intrinsic
    def turn(typing, b, b_row, to, k, n):
        def generate(context, builder, sig, values):
            b, b_row, to, k, n = values
            registers = _Registers(builder, number)
            width = registers.width
            last = builder.sub(n, _word(1))
            blocks = builder.sdiv(builder.add(k, _word(width - 1)), _word(width))
            for v in range(vectors):
                rows = [
                    builder.add(b, builder.mul(b_row, _least(builder, _word(v * width + i), last)))
                    for i in range(width)
                ]
                with cgutils.for_range(builder, blocks) as loop:
                    done = builder.mul(loop.index, _word(width))
                    offset = builder.mul(loop.index, _word(REGISTER))
                    left = _least(builder, builder.sub(k, done), _word(width))
                    mask = registers.first(left)
                    block = [registers.load(builder.add(row, offset), mask) for row in rows]
                    goal = builder.add(to, builder.mul(done, _word(vectors * REGISTER)))
                    for i, part in enumerate(_transposed(builder, block)):
                        place = (i * vectors + v) * REGISTER
                        registers.store(part, builder.add(goal, _word(place)))
            return context.get_dummy_value()

        return types.none(*[types.int64] * 5), generate

    return turn


def _transposed(builder, block):
    """Transpose a square of registers: halves change places, then quarters, and so on."""
    width, block = len(block), list(block)
    step = width // 2
    while step:
        low = [lane if not lane & step else width + (lane ^ step) for lane in range(width)]
        high = [lane | step if not lane & step else width + lane for lane in range(width)]
        for i in range(width):
            if not i & step:
                pair = block[i], block[i | step]
                for place, order in ((i, low), (i | step, high)):
                    lanes = ir.Constant(
                        ir.VectorType(_I32, width), [ir.Constant(_I32, lane) for lane in order]
                    )
                    block[place] = builder.shuffle_vector(*pair, lanes)
        step //= 2
    return block


@functools.cache
def panel(size):
    """Return ``panel()``, the address of that many bytes of this function's stack."""

    @intrinsic
    def make(typing):
        def generate(context, builder, sig, values):
            with builder.goto_entry_block():  # Numba's own way fills it with zeros
                place = builder.alloca(ir.ArrayType(_BYTE, size))
            place.align = 64
            set.add(builder.function.attributes, '"stackrealign"')
            return builder.ptrtoint(place, _WORD)

        return types.int64(), generate

    return make


@intrinsic
def apart(typing):
    """Keep this function out of its callers: they would be multiplied by its variants."""

    def generate(context, builder, sig, values):
        builder.function.attributes.add("noinline")
        return context.get_dummy_value()

    return types.none(), generate
