"""A rule on one large net: its rows are pieces that idle threads take a share of.

Where a rule takes each coordinate by itself, what one piece does is nobody else's business, and
results are the same whoever does it. The driver calls a function of blocks that stands for the
rule; it finds the rule's address at the end of the table of tensors, which such rules read the
first and the last row of alone.
"""

import dataclasses
import functools
from typing import NamedTuple

import numpy as np
from numba import types
from numba.core.dispatcher import Dispatcher
from numpy.typing import DTypeLike

from optbench.kernels.compiling import saved_units
from optbench.kernels.compiling.options import BY_SYMBOL, add_symbol, entry
from optbench.kernels.driver.tasks import Program
from optbench.kernels.memory.calls import Block, RuleCall, call_type, caller, signature
from optbench.kernels.memory.pointers import Pointer, at, place
from optbench.kernels.memory.shared_words import write
from optbench.kernels.memory.sharing import address_of, function_at, share
from optbench.kernels.simd.array_views import line_at

ROWS = 512
"""Rows of 64 parameters of a piece: tens of microseconds."""
LEAST = 2 * ROWS
"""Rows of nets whose steps are shared."""
SYMBOL = "optbench_rule_piece_"


class Step(NamedTuple):
    """A step of a rule, from row `low` to row `high`: its pieces say what became of them.

    `stopped` is 1 once a number of the new x is not finite, `failed` once a piece has raised.
    """

    rule: int
    call: int
    t: int
    low: int
    high: int
    stopped: int
    failed: int


class Rows(NamedTuple):
    """The table of tensors of a piece: it has one tensor."""

    low: int
    high: int
    rows: int
    columns: int


STEP = Pointer(Step, [types.int64] * len(Step._fields), lasting=False)
_STOPPED, _FAILED = (8 * Step._fields.index(name) for name in ("stopped", "failed"))


def shared(program: Program) -> Program:
    """Return a program whose rule is shared, or the same one where that does not pay or go."""
    table = program.tensor_table
    rows = int(table[len(table) // 3] - table[0]) if len(table) else 0
    if not (program.across and program.layout.coordinatewise and rows >= LEAST):
        return program
    block = Block(_rule(program.dtype), RuleCall, program.dtype, program.rule.lanes)
    return dataclasses.replace(
        program, rule=block, tensor_table=np.append(table, program.rule.address)
    )


@functools.cache
def _rule(dtype: np.dtype) -> Dispatcher:
    """Compile what stands for a rule (see `calls.RuleCall`)."""
    piece_at, call_rule = function_at(_symbol(dtype)), caller(RuleCall, dtype)

    def rule(call, t, phase, across):
        table = call.tensor_table
        low, high, address = table[0], table[table.shape[0] // 3], table[table.shape[0] - 1]
        step = place(Step(address, address_of(call), t, low, high, 0, 0))
        share(piece_at(), address_of(step), -(-(high - low) // ROWS))
        if step.failed:  # raise it here
            return call_rule(address, call, (t, phase, across))
        return step.stopped == 0

    return entry(rule, signature(RuleCall, dtype))


@functools.cache
def _symbol(dtype: DTypeLike) -> str:
    """Return the symbol of what does a piece of a `Step`, once it is there."""
    real = np.dtype(dtype)
    return add_symbol(_piece(real), SYMBOL + real.name)


@functools.cache
def _piece(dtype: np.dtype) -> Dispatcher:
    """Compile what does piece i of a `Step`."""
    to_call, try_rule = at(call_type(RuleCall, dtype)), caller(RuleCall, dtype, tries=True)

    def piece(step, i):
        low = step.low + i * ROWS
        high = min(low + ROWS, step.high)
        call = to_call(step.call)
        rows = line_at(address_of(place(Rows(low, high, 0, 0))), 4)
        own = RuleCall(
            call.x, call.y, call.g, call.f, call.S, call.L, call.H, call.U, call.moving, rows,
            call.key, call.M,
        )  # fmt: skip
        moved = try_rule(step.rule, place(own), (step.t, 0, 1))
        if moved == 0:
            write(address_of(step) + _STOPPED, 1)
        if moved < 0:
            write(address_of(step) + _FAILED, 1)

    return entry(piece, types.void(STEP, types.int64), **BY_SYMBOL)


def _provide(symbols: list[str]) -> None:
    for one in symbols:
        _symbol(one.removeprefix(SYMBOL))


saved_units.PROVIDERS[SYMBOL] = _provide
