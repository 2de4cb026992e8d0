"""The operations of a tape as compiled units: two of each kind, found by number when a net runs.

What a net does not use is not compiled. Whoever is about to run a net loads its operations: that
puts the addresses of their machine code into the table of the dtype (see
`optbench.kernels.memory.operations`).
"""

import functools
from collections.abc import Callable, Iterable
from typing import Any, Literal

import numpy as np

from optbench.kernels.authors.retype import retype
from optbench.kernels.compiling.options import entry, helper
from optbench.kernels.memory.calls import Block, OperationCall, signature
from optbench.kernels.memory.fetching import fetch
from optbench.kernels.memory.operations import MOST, PLAIN, table
from optbench.nets.tape.operations import NUMBERS, operation

Way = Literal["forward", "backward"]
WAYS: tuple[Way, ...] = ("forward", "backward")


def load(names: Iterable[str], dtype: str) -> None:
    """Compile the operations of a net for a dtype, if they are not yet, and fill in its table."""
    addresses = table(np.dtype(dtype))
    for name in names:
        for way, number in zip(WAYS, numbers(name), strict=True):
            if not addresses[number]:
                addresses[number] = compiled(name, way, dtype).address


def numbers(name: str) -> tuple[int, int]:
    """Return the numbers of an operation in the table, forward and back."""
    return NUMBERS[name], NUMBERS[name] + MOST


def _plain(number: int) -> tuple[Callable[..., None], Callable[..., None]]:
    """Return what plain Python runs for an operation, forward and back."""

    def forward(params, grads, q, work, key, r, rows, mode, t, first):
        operation(number).forward(params, q, work, r, rows, mode, t, key)

    def backward(params, grads, q, work, key, r, rows, mode, t, first):
        operation(number).backward(params, grads, q, work, r, rows, mode, t, key, first)

    return forward, backward


for _number in NUMBERS.values():
    PLAIN[_number], PLAIN[_number + MOST] = _plain(_number)


@functools.cache
def compiled(name: str, way: Way, dtype: str) -> Block:
    """Return one way of an operation, compiled once a process."""
    return Block(
        entry(_unit(name, way, dtype), signature(OperationCall, np.dtype(dtype))),
        OperationCall, np.dtype(dtype), 1,
    )  # fmt: skip


@functools.cache
def _unit(name: str, way: Way, dtype: str) -> Callable[..., Any]:
    """Return ``unit(call, r, rows, mode, t, first)`` of an operation, not yet compiled."""
    function: Any = helper(retype(getattr(operation(NUMBERS[name]), way), np.dtype(dtype)))

    def forward(call, r, rows, mode, t, first):
        params, _, q, work, key = fetch(call)
        function(params, q, work, r, rows, mode, t, key)

    def backward(call, r, rows, mode, t, first):
        params, grads, q, work, key = fetch(call)
        function(params, grads, q, work, r, rows, mode, t, key, first)

    return forward if way == "forward" else backward
