"""How the driver calls block functions: one pointer to the arrays, and a few integers.

An array that is passed by value is seven to nine words; a problem takes seven arrays and a rule
nine, and moving them at every step would cost more than the step. The driver places them in memory
once a block and hands over their address.
"""

import functools
from typing import NamedTuple

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from optbench.kernels.borrow import disowned
from optbench.kernels.compile import jit


class ProblemCall(NamedTuple):
    """``problem(call, t, full)`` fills g and f at x.

    `t` is the step from 0, `key` holds the lanes' streams; `full` asks for all training data and no
    noise. `p` and `q` are an instance's constants, `work` its buffers.
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
    """``rule(call, t, phase, across)`` moves x, from g, in step t.

    `phase` counts the gradients of a step; `across` says that all columns are one lane.
    """

    x: np.ndarray  # [d, B]
    g: np.ndarray  # [d, B]
    f: np.ndarray  # [B]
    S: np.ndarray  # [k, d, B] state
    L: np.ndarray  # [q, B] lane state
    H: np.ndarray  # [h, B] hyperparameters
    U: np.ndarray  # [steps, u] step scalars
    layers: np.ndarray  # [n + 1] int64 row ranges of the parameter tensors
    key: np.ndarray  # [B] uint64


FIELDS = {
    ProblemCall: ("f2 f2 f1 f1 i1 f1 u1", 2),
    MetricsCall: ("f2 f2 f1 i1 f1", 1),
    RuleCall: ("f2 f2 f1 f3 f2 f2 f2 i1 u1", 3),
}
"""Of each call the kinds and dimensions of its arrays, and the number of integers after them."""


def group_type(cls, specs, dtype):
    """Numba type of a named tuple of arrays and scalars.

    Parameters
    ----------
    cls : NamedTuple class
    specs : str
        For each field a kind ("f" the dtype, "i" int64, "u" uint64) and a dimension.
    dtype : numpy.dtype
    """
    kinds = {"f": dtype, "i": np.int64, "u": np.uint64}
    fields = []
    for kind, ndim in specs.split():
        scalar = numba.from_dtype(np.dtype(kinds[kind]))
        fields.append(types.Array(scalar, int(ndim), "C") if ndim != "0" else scalar)
    return types.NamedTuple(tuple(fields), cls)


def signature(cls, dtype):
    """Numba signature of the functions that take a call of the class `cls`."""
    specs, integers = FIELDS[cls]
    pointer = types.CPointer(group_type(cls, specs, np.dtype(dtype)))
    return types.void(pointer, *[types.int64] * integers)


@intrinsic
def place(typing, group):
    """Put a call into memory of this function and return its address."""

    def generate(context, builder, sig, values):
        return cgutils.alloca_once_value(builder, values[0])

    return types.CPointer(group)(group), generate


@intrinsic
def fetch(typing, pointer):
    """Return the call at an address; its arrays own nothing."""
    if not isinstance(pointer, types.CPointer):
        return None
    group = pointer.dtype

    def generate(context, builder, sig, values):
        fields = []
        for number, kind in enumerate(group.types):
            place = builder.gep(
                values[0], [ir.Constant(ir.IntType(32), 0), ir.Constant(ir.IntType(32), number)]
            )
            fields.append(disowned(context, builder, kind, builder.load(place)))
        return context.make_tuple(builder, group, fields)

    return group(pointer), generate


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
        arrays = self.cls(*arguments[: len(self.cls._fields)])
        _invoker(self.cls, self.dtype)(self.entry, arrays, *arguments[len(arrays) :])

    def inspect_llvm(self):
        """Return the LLVM code by signature, as Numba's dispatchers do."""
        return self.entry.inspect_llvm()

    def inspect_asm(self):
        """Return the assembly by signature, as Numba's dispatchers do."""
        return self.entry.inspect_asm()


@functools.cache
def _invoker(cls, dtype):
    specs, integers = FIELDS[cls]
    kind = signature(cls, dtype)
    group = group_type(cls, specs, dtype)
    return jit(
        _INVOKE[integers], types.void(types.FunctionType(kind), group, *[types.int64] * integers)
    )


def _invoke_1(entry, arrays, a):
    entry(place(arrays), a)


def _invoke_2(entry, arrays, a, b):
    entry(place(arrays), a, b)


def _invoke_3(entry, arrays, a, b, c):
    entry(place(arrays), a, b, c)


_INVOKE = {1: _invoke_1, 2: _invoke_2, 3: _invoke_3}
