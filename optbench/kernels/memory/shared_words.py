"""Words of memory that threads share: reads and writes that others see, in order.

Arguments are addresses and values (int64). What a thread wrote before it stored, added or replaced
a word is seen by whoever reads that word after it.
"""

import os

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

WORD, BYTES = ir.IntType(64), 8
_POSIX = os.name == "posix"


def _at(builder, address):
    return builder.inttoptr(address, WORD.as_pointer())


@intrinsic
def read(typing, address):
    """Return a word."""

    def generate(context, builder, sig, values):
        return builder.load_atomic(_at(builder, values[0]), "acquire", BYTES)

    return types.int64(types.int64), generate


@intrinsic
def write(typing, address, value):
    """Set a word."""

    def generate(context, builder, sig, values):
        builder.store_atomic(values[1], _at(builder, values[0]), "release", BYTES)
        return context.get_dummy_value()

    return types.none(types.int64, types.int64), generate


@intrinsic
def count_up(typing, address):
    """Add 1 to a word; return what it was before."""

    def generate(context, builder, sig, values):
        return builder.atomic_rmw("add", _at(builder, values[0]), ir.Constant(WORD, 1), "acq_rel")

    return types.int64(types.int64), generate


@intrinsic
def replaced(typing, address, expected, value):
    """Set a word if it is as expected, in one go; say whether it was."""

    def generate(context, builder, sig, values):
        word = _at(builder, values[0])
        before = builder.cmpxchg(word, values[1], values[2], "acq_rel", "acquire")
        return builder.extract_value(before, 1)

    return types.boolean(types.int64, types.int64, types.int64), generate


@intrinsic
def give_way(typing):
    """Let another thread run on this core, if one waits for it."""

    def generate(context, builder, sig, values):
        if _POSIX:
            kind = ir.FunctionType(ir.IntType(32), [])
            builder.call(cgutils.get_or_insert_function(builder.module, kind, "sched_yield"), [])
        return context.get_dummy_value()

    return types.none(), generate


@intrinsic
def rest(typing, microseconds):
    """Sleep."""

    def generate(context, builder, sig, values):
        if _POSIX:
            number = ir.IntType(32)
            function = cgutils.get_or_insert_function(
                builder.module, ir.FunctionType(number, [number]), "usleep"
            )
            builder.call(function, [builder.trunc(values[0], number)])
        return context.get_dummy_value()

    return types.none(types.int64), generate
