"""How the driver calls block functions: one pointer to the arrays, and a few integers.

The driver writes a call's arrays down once a block and hands over the address: see
`memory.pointers`. Functions are reached by address, too, so that whoever calls them need not know
them when it is compiled.
"""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.dispatcher import Dispatcher
from numba.core.typing.templates import Signature
from numba.extending import intrinsic
from numpy.typing import DTypeLike

from optbench.kernels.compiling.explain import locating_author_errors
from optbench.kernels.compiling.options import jit
from optbench.kernels.memory.floating import flushed
from optbench.kernels.memory.pointers import Pointer, at, pointer_type, words


class ProblemCall(NamedTuple):
    """``problem(call, t, full)`` fills g and f at x.

    `t` is the step from 0, `key` the block's stream of draws; `full` asks for all training data and
    no noise. `p` and `q` are an instance's constants, `work` its buffers.

    A net's ``adjust(call, done, last)`` takes the same: x is the reported point after `done` steps,
    0 at the start, and g the point before the step. It may change x (layer-wise rates, max-norm),
    and fills f with 1 if the lane is to end there, else with 0; `last` says that it ends anyway.
    Its key may have a second word, see `memory.drawn`.
    """

    x: np.ndarray  # [d, B]
    g: np.ndarray  # [d, B]
    f: np.ndarray  # [B]
    p: np.ndarray
    q: np.ndarray  # int64
    work: np.ndarray
    key: np.ndarray  # [1] uint64


class MetricsCall(NamedTuple):
    """``metrics(call, part)`` fills m: objective and accuracy on part 0, 1 or 2 of the data."""

    x: np.ndarray  # [d, B]
    m: np.ndarray  # [2, B]
    p: np.ndarray
    q: np.ndarray  # int64
    work: np.ndarray


class RuleCall(NamedTuple):
    """``rule(call, t, phase, across)`` moves x to y, by g, in step t.

    `phase` counts the gradients of a step; `across` says that all columns are one lane. It returns
    whether the new x is finite in all lanes; where they are one lane it does not look.
    """

    x: np.ndarray  # [d, B]
    y: np.ndarray  # [d, B] takes the new x; may be x itself
    g: np.ndarray  # [d, B]
    f: np.ndarray  # [B]
    S: np.ndarray  # [k, d, B] state
    L: np.ndarray  # [q, B] lane state
    H: np.ndarray  # [h, B] hyperparameters
    U: np.ndarray  # [steps, u, w] step scalars; w = 1: of all lanes, w = B: by lane
    moving: np.ndarray  # [u] int64: 0 where by lane only the first step's are to be read
    tensor_table: np.ndarray  # [3 n + 1] int64, see `authors.tensors.tensor_table`
    key: np.ndarray  # [1] uint64
    M: np.ndarray  # memory and buffers of a matrix rule, see `authors.tensors`


class OperationCall(NamedTuple):
    """``operation(call, r, rows, mode, t, first)`` runs an operation of a net on a record.

    The record begins at place `r` of `q`; `mode`, `t` and `first` are as in `nets.operations`.
    """

    params: np.ndarray  # [P]
    grads: np.ndarray  # [P]
    q: np.ndarray  # int64
    work: np.ndarray
    key: np.uint64


class LossCall(NamedTuple):
    """``loss(call, n)`` fills f and g with an author's losses and slopes at outputs x, answers y.

    n is a multiple of 64; g may be x.
    """

    x: np.ndarray  # [1, n]
    g: np.ndarray  # [1, n]
    f: np.ndarray  # [n]
    y: np.ndarray  # [n]


FIELDS = {
    ProblemCall: ("f2 f2 f1 f1 i1 f1 u1", 2),
    MetricsCall: ("f2 f2 f1 i1 f1", 1),
    RuleCall: ("f2 f2 f2 f1 f3 f2 f2 f3 i1 i1 u1 f1", 3),
    OperationCall: ("f1 f1 i1 f1 u0", 5),
    LossCall: ("f2 f2 f1 f1", 1),
}
"""Of each call the kinds and dimensions of its arrays, and the number of integers after them."""
RETURNED = {
    ProblemCall: types.none, MetricsCall: types.none, RuleCall: types.boolean,
    OperationCall: types.none, LossCall: types.none,
}  # fmt: skip


def call_type(cls: type[NamedTuple], dtype: DTypeLike) -> Pointer:
    """Type of the address of a call of the class `cls`."""
    return pointer_type(cls, FIELDS[cls][0], dtype)


def signature(cls: type[NamedTuple], dtype: DTypeLike) -> Signature:
    """Numba signature of the functions that take a call of the class `cls`."""
    return RETURNED[cls](call_type(cls, dtype), *[types.int64] * FIELDS[cls][1])


@functools.cache
def caller(cls: type[NamedTuple], dtype: DTypeLike, *, tries: bool = False) -> Callable[..., None]:
    """Return what compiled code calls a function of a block with.

    Parameters
    ----------
    cls : NamedTuple class
        Of the call.
    dtype : numpy.dtype
    tries : bool
        Whether what the function raises is to be lost: an int64 is returned, -1 if it has raised.

    Returns
    -------
    intrinsic
        ``call_block(address, call, integers)``: the function's address (int64, see
        `Block.address`), the call's, and a tuple of integers. It returns what the function does;
        what the function raises, its caller raises.
    """
    arguments, returned = signature(cls, dtype).args, RETURNED[cls]
    result = types.int64 if tries else returned

    @intrinsic
    def call_block(typing, address, call, integers):
        def generate(context, builder, sig, values):
            kind = context.call_conv.get_function_type(returned, arguments)
            function = builder.inttoptr(values[0], kind.as_pointer())
            numbers = [
                context.cast(builder, value, given, types.int64)
                for value, given in zip(
                    cgutils.unpack_tuple(builder, values[2]), sig.args[2], strict=True
                )
            ]
            status, value = context.call_conv.call_function(
                builder, function, returned, arguments, [values[1], *numbers]
            )
            if tries:
                value = context.cast(builder, value, returned, types.int64)
                return builder.select(status.is_error, ir.Constant(value.type, -1), value)
            with cgutils.if_unlikely(builder, status.is_error):
                context.call_conv.return_status_propagate(builder, status)
            return value

        fits = arguments[0].same_words(call)
        return (result(types.int64, call, integers), generate) if fits else None

    return call_block


class Callee(Protocol):
    """What the driver calls by its address: a `Block`, or a `cpu.python_rule.PythonRule`."""

    lanes: int
    draws: bool

    @property
    def address(self) -> int:
        """Where the machine code begins."""


class Block:
    """A compiled block function: an address for the driver, and callable with arrays from Python.

    Parameters
    ----------
    entry : dispatcher
        Compiled for the `signature` of `cls` and `dtype`.
    cls : NamedTuple class
        The call that it takes.
    dtype : numpy.dtype
    lanes : int
        Lanes that it works on at once.
    draws : bool
        Whether it draws random numbers, so that all lanes of a block meet the same ones.
    """

    def __init__(
        self,
        entry: Dispatcher,
        cls: type[NamedTuple],
        dtype: DTypeLike,
        lanes: int,
        draws: bool = False,
    ) -> None:
        self.entry, self.cls, self.dtype = entry, cls, np.dtype(dtype)
        self.lanes, self.draws = lanes, draws

    @functools.cached_property
    def address(self) -> int:
        """Where the machine code begins; it stays there as long as the block is kept."""
        (compiled,) = self.entry.overloads.values()
        return compiled.library.get_pointer_to_function(compiled.fndesc.llvm_func_name)

    def __call__(self, *arguments: np.ndarray | int) -> bool | None:
        """Call with the arrays of the call, in order, and the integers after them.

        Returns
        -------
        bool or None
            Of a rule, what it says of the new x.

        Raises
        ------
        ValueError
            If x is not whole Vecs wide: compiled code would write beyond it.
        """
        call = self.cls(*arguments[: len(self.cls._fields)])
        columns = call.x.shape[1]  # type: ignore[attr-defined]  # all calls have a point
        if columns % self.lanes:
            raise ValueError(f"x has {columns} columns, expected a multiple of {self.lanes}")
        written = words(call, call_type(self.cls, self.dtype))
        integers = arguments[len(self.cls._fields) :]
        invoke = invoker(self.cls, self.dtype)
        with flushed(), locating_author_errors():
            return invoke(self.address, written.ctypes.data, integers)

    def inspect_llvm(self) -> dict[Any, str]:
        """Return the LLVM code by signature, as Numba's dispatchers do."""
        return self.entry.inspect_llvm()

    def inspect_asm(self) -> dict[Any, str]:
        """Return the assembly by signature, as Numba's dispatchers do."""
        return self.entry.inspect_asm()


@functools.cache
def invoker(cls: type[NamedTuple], dtype: np.dtype) -> Dispatcher:
    """Compile what calls a block function from Python: by its address, and that of its call."""
    call_block, to_call = caller(cls, dtype), at(call_type(cls, dtype))

    def invoke(address, call, integers):
        return call_block(address, to_call(call), integers)

    integers = types.UniTuple(types.int64, FIELDS[cls][1])
    return jit(invoke, RETURNED[cls](types.int64, types.int64, integers))
