"""Operations of nets by number: compiled code finds their addresses in a table.

A table is a row of addresses that compiled code knows by its symbol, one a dtype. So the walk over
a net's records need not be compiled for the operations that it meets, and `q` holds numbers alone,
the same in every process. Whoever is about to run a net has filled in what it uses.
"""

import functools
from collections.abc import Callable

import numpy as np
from llvmlite import binding, ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, overload
from numpy.typing import DTypeLike, NDArray

from optbench.kernels.compiling import saved_units
from optbench.kernels.compiling.parts import PartCompiler
from optbench.kernels.memory.calls import LossCall, OperationCall, caller
from optbench.kernels.memory.pointers import place

MOST = 64
"""Operations there may be: number i is that of a way forward, i + MOST that of its way back."""
FIRST_LOSS, LOSSES = 2 * MOST, 512
"""The number of the first loss of an author's, and how many there may be in a process."""
SYMBOL = "optbench_operations_"

PLAIN: dict[int, Callable[..., None]] = {}
"""The functions by number, for plain Python: they take what `run_operation` or `run_loss` takes."""


def run_operation(number, params, grads, q, work, key, r, rows, mode, t, first):
    """Run an operation of a net on the record at `r`, forward or back by its number."""
    PLAIN[int(number)](params, grads, q, work, key, r, rows, mode, t, first)


def run_loss(number, z, slopes, losses, y):
    """Fill `losses` [n] and `slopes` [1, n] of an author's loss at outputs z [1, n], answers y [n].

    n is a multiple of 64; `slopes` may be z.
    """
    PLAIN[int(number)](z, slopes, losses, y)


@functools.cache
def table(dtype: DTypeLike) -> NDArray[np.int64]:
    """Return the addresses of the operations of a dtype by number, 0 where there are none yet."""
    addresses = np.zeros(FIRST_LOSS + LOSSES, np.int64)
    binding.add_symbol(SYMBOL + str(np.dtype(dtype)), addresses.ctypes.data)
    return addresses


def _provide(names: list[str]) -> None:
    """Make the tables that a compiled function knows by these symbols."""
    for name in names:
        table(np.dtype(name.removeprefix(SYMBOL)))


saved_units.PROVIDERS[SYMBOL] = _provide


@functools.cache
def _address_in(dtype: np.dtype) -> Callable[[int], int]:
    """Return what reads the address of an operation in compiled code."""

    @intrinsic
    def address_of(typing, number):
        def generate(context, builder, sig, values):
            word = ir.IntType(64)
            addresses = cgutils.add_global_variable(
                builder.module, ir.ArrayType(word, FIRST_LOSS + LOSSES), SYMBOL + str(dtype)
            )
            zero, index = (
                ir.Constant(word, 0),
                context.cast(builder, values[0], sig.args[0], types.int64),
            )
            return builder.load(builder.gep(addresses, [zero, index]))

        return types.int64(number), generate

    return address_of


_AS_PARTS = dict(no_cfunc_wrapper=True, pipeline_class=PartCompiler)


@overload(run_operation, target="cpu", strict=False, jit_options=_AS_PARTS)
def _run_operation(number, params, grads, q, work, key, r, rows, mode, t, first):
    dtype = np.dtype(str(params.dtype))
    table(dtype)
    address_of, call_block = _address_in(dtype), caller(OperationCall, dtype)

    def run(number, params, grads, q, work, key, r, rows, mode, t, first):
        call = place(OperationCall(params, grads, q, work, key))
        call_block(address_of(number), call, (r, rows, mode, t, first))

    return run


@overload(run_loss, target="cpu", strict=False, jit_options=_AS_PARTS)
def _run_loss(number, z, slopes, losses, y):
    dtype = np.dtype(str(z.dtype))
    table(dtype)
    address_of, call_block = _address_in(dtype), caller(LossCall, dtype)

    def run(number, z, slopes, losses, y):
        call_block(address_of(number), place(LossCall(z, slopes, losses, y)), (z.shape[1],))

    return run
