"""Work in pieces that compiled code shares with idle threads, while it runs.

An idle thread waits at a seat: a word of a table that compiled code knows by its symbol, one table
a process. Whoever has work puts its address there, in one go, and does pieces itself meanwhile;
pieces are taken one by one until none is left. Nobody waits for a thread that has not begun: its
seat is taken back, so that threads which the system does not run cost nothing.

What a piece writes must not depend on who does it. Then results do not depend on the number of
threads.
"""

import functools
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from llvmlite import binding, ir
from numba import types
from numba.core import cgutils
from numba.core.dispatcher import Dispatcher
from numba.extending import intrinsic

from optbench.kernels.compiling import saved_units
from optbench.kernels.compiling.options import helper, jit
from optbench.kernels.memory.pointers import Pointer, place
from optbench.kernels.memory.shared_words import count_up, give_way, read, replaced, rest, write

SEATS, APART = 64, 64
"""Idle threads that work may be shared with, and the bytes from one seat to the next: a line of
the cache each."""
EMPTY, WAITING, BUSY = 0, 1, 2
"""What a seat holds but for addresses of work."""
SYMBOL = "optbench_seats"
PATIENCE, NAP = 20_000, 100
"""How often an idle thread looks for work before it naps in between, and for how many microseconds:
the first takes milliseconds, longer than a step of a net does without a product."""

_WORD = ir.IntType(64)


class Work(NamedTuple):
    """Work in pieces: ``function(arguments, i)`` does piece `i` of `pieces`.

    `begun` and `ended` count the pieces that were taken, and the other threads that are through.
    """

    function: int
    arguments: int
    pieces: int
    begun: int
    ended: int


_FUNCTION, _ARGUMENTS, _PIECES, _BEGUN, _ENDED = (8 * i for i in range(len(Work._fields)))
"""Where the words of some work are, in bytes from its address on."""


@functools.cache
def seats() -> np.ndarray:
    """Return the table of seats, a word at the beginning of each line."""
    table = np.zeros((SEATS + 1) * APART // 8, np.int64)
    first = -table.ctypes.data % APART // 8
    binding.add_symbol(SYMBOL, table[first:].ctypes.data)
    return table


saved_units.PROVIDERS[SYMBOL] = lambda names: seats()


@intrinsic
def first_seat(typing):
    """Return the address of the first seat."""
    seats()

    def generate(context, builder, sig, values):
        module = builder.module
        table = module.globals.get(SYMBOL) or cgutils.add_global_variable(module, _WORD, SYMBOL)
        return builder.ptrtoint(table, _WORD)

    return types.int64(), generate


@intrinsic
def address_of(typing, pointer):
    """Return the address (int64) that a `Pointer` is."""
    if not isinstance(pointer, Pointer):
        return None

    def generate(context, builder, sig, values):
        return builder.ptrtoint(values[0], _WORD)

    return types.int64(pointer), generate


@intrinsic
def do_piece(typing, function, arguments, i):
    """Call the code at the address `function`, which takes two integers and cannot fail."""

    def generate(context, builder, sig, values):
        kind = ir.FunctionType(ir.VoidType(), [_WORD] * 2)
        builder.call(builder.inttoptr(values[0], kind.as_pointer()), values[1:])
        return context.get_dummy_value()

    return types.none(types.int64, types.int64, types.int64), generate


@functools.cache
def function_at(symbol: str) -> Callable[[], int]:
    """Return what gives the address of the code of a symbol that takes two integers."""

    @intrinsic
    def address(typing):
        def generate(context, builder, sig, values):
            kind = ir.FunctionType(ir.VoidType(), [_WORD] * 2)
            function = cgutils.get_or_insert_function(builder.module, kind, symbol)
            return builder.ptrtoint(function, _WORD)

        return types.int64(), generate

    return address


@helper
def do_pieces(work):
    """Do pieces of some work, given its address, until all have begun."""
    i = count_up(work + _BEGUN)
    while i < read(work + _PIECES):
        do_piece(read(work + _FUNCTION), read(work + _ARGUMENTS), i)
        i = count_up(work + _BEGUN)


@helper
def share(function, arguments, pieces):
    """Do all pieces of some work, in this thread and in those that wait at seats.

    Parameters
    ----------
    function : int
        The address of code that does a piece: see `do_piece`.
    arguments : int
        What it is given, with the number of the piece.
    pieces : int
        How many there are.
    """
    work = address_of(place(Work(function, arguments, pieces, 0, 0)))
    seat, helping = first_seat(), 0
    last = seat + SEATS * APART
    while seat < last and helping + 1 < pieces:
        if read(seat) == WAITING and replaced(seat, WAITING, work):
            helping += 1
        seat += APART
    do_pieces(work)
    while seat > first_seat():
        seat -= APART
        if read(seat) == work and replaced(seat, work, WAITING):
            helping -= 1  # it never began
    while read(work + _ENDED) < helping:
        give_way()


@functools.cache
def sitter() -> Dispatcher:
    """Compile what an idle thread runs.

    Returns
    -------
    dispatcher
        ``sit(over)`` does pieces of others' work until the word at the address `over` is not 0.
    """

    def sit(over):
        seat, last = first_seat(), first_seat() + SEATS * APART
        while seat < last and not (read(seat) == EMPTY and replaced(seat, EMPTY, WAITING)):
            seat += APART
        looked = 0
        while seat < last:
            work = read(seat)
            if work != WAITING:
                if replaced(seat, work, BUSY):
                    do_pieces(work)
                    count_up(work + _ENDED)
                    write(seat, WAITING)
                looked = 0
            elif read(over) != 0:
                if replaced(seat, WAITING, EMPTY):
                    break
            elif looked < PATIENCE:
                looked += 1
                give_way()
            else:
                rest(NAP)

    return jit(sit, types.void(types.int64))
