# ruff: noqa: F821 - `_invoker` supplies `to_call`
"""How the driver calls block functions: one pointer to the arrays, and a few integers.

The driver writes a call's arrays down once a block and hands over the address: see `pointers`.
"""

import functools
from typing import NamedTuple

import numpy as np
from numba import types

from optbench.kernels.compiling.explain import locating_author_errors
from optbench.kernels.compiling.options import jit, with_globals
from optbench.kernels.memory.floating import flushed
from optbench.kernels.memory.pointers import at, pointer_type, words


class ProblemCall(NamedTuple):
    """``problem(call, t, full)`` fills g and f at x.

    `t` is the step from 0, `key` holds the lanes' streams; `full` asks for all training data and no
    noise. `p` and `q` are an instance's constants, `work` its buffers.

    A net's ``adjust(call, done, last)`` takes the same: x is the reported point after `done` steps,
    0 at the start, and g the point before the step. It may change x (layer-wise rates, max-norm),
    and fills f with 1 if the lane is to end there, else with 0; `last` says that it ends anyway.
    """

    x: np.ndarray  # [d, B]
    g: np.ndarray  # [d, B]
    f: np.ndarray  # [B]
    p: np.ndarray
    q: np.ndarray  # int64
    work: np.ndarray
    key: np.ndarray  # [B] uint64


class MetricsCall(NamedTuple):
    """``metrics(call, part)`` fills m: objective and accuracy on part 0, 1 or 2 of the data."""

    x: np.ndarray  # [d, B]
    m: np.ndarray  # [2, B]
    p: np.ndarray
    q: np.ndarray  # int64
    work: np.ndarray


class RuleCall(NamedTuple):
    """``rule(call, t, phase, across)`` moves x to y, by g, in step t.

    `phase` counts the gradients of a step; `across` says that all columns are one lane.
    """

    x: np.ndarray  # [d, B]
    y: np.ndarray  # [d, B] takes the new x; may be x itself
    g: np.ndarray  # [d, B]
    f: np.ndarray  # [B]
    S: np.ndarray  # [k, d, B] state
    L: np.ndarray  # [q, B] lane state
    H: np.ndarray  # [h, B] hyperparameters
    U: np.ndarray  # [steps, u] step scalars
    tensor_table: np.ndarray  # [3 n + 1] int64, see `authors.tensors`
    key: np.ndarray  # [B] uint64
    M: np.ndarray  # memory and buffers of a matrix rule, see `tensors`


FIELDS = {
    ProblemCall: ("f2 f2 f1 f1 i1 f1 u1", 2),
    MetricsCall: ("f2 f2 f1 i1 f1", 1),
    RuleCall: ("f2 f2 f2 f1 f3 f2 f2 f2 i1 u1 f1", 3),
}
"""Of each call the kinds and dimensions of its arrays, and the number of integers after them."""


def call_type(cls, dtype):
    """Type of the address of a call of the class `cls`."""
    return pointer_type(cls, FIELDS[cls][0], dtype)


def signature(cls, dtype):
    """Numba signature of the functions that take a call of the class `cls`."""
    return types.void(call_type(cls, dtype), *[types.int64] * FIELDS[cls][1])


class Block:
    """A compiled block function: a pointer for the driver, and callable with arrays from Python.

    Attributes
    ----------
    entry : dispatcher
        What the driver is handed.
    lanes : int
        Lanes that it works on at once.
    """

    def __init__(self, entry, cls, dtype, lanes):
        self.entry, self.cls, self.dtype, self.lanes = entry, cls, np.dtype(dtype), lanes

    def __call__(self, *arguments):
        """Call with the arrays of the call, in order, and the integers after them."""
        call = self.cls(*arguments[: len(self.cls._fields)])
        written = words(call, call_type(self.cls, self.dtype))
        numbers = arguments[len(self.cls._fields) :]
        invoke = _invoker(self.cls, self.dtype)
        with flushed(), locating_author_errors():
            invoke(self.entry, written.ctypes.data, *numbers)

    def inspect_llvm(self):
        """Return the LLVM code by signature, as Numba's dispatchers do."""
        return self.entry.inspect_llvm()

    def inspect_asm(self):
        """Return the assembly by signature, as Numba's dispatchers do."""
        return self.entry.inspect_asm()


@functools.cache
def _invoker(cls, dtype):
    """Compile what calls a block function from Python: by the address of its call."""
    numbers = [types.int64] * FIELDS[cls][1]
    scope = {"to_call": at(call_type(cls, dtype))}
    invoke = with_globals(_INVOKE[len(numbers)], scope)
    kind = types.FunctionType(signature(cls, dtype))
    return jit(invoke, types.void(kind, types.int64, *numbers))


def _invoke_1(entry, address, a):
    entry(to_call(address), a)


def _invoke_2(entry, address, a, b):
    entry(to_call(address), a, b)


def _invoke_3(entry, address, a, b, c):
    entry(to_call(address), a, b, c)


_INVOKE = {1: _invoke_1, 2: _invoke_2, 3: _invoke_3}
