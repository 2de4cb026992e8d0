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
from optbench.kernels.memory.calls import OperationCall, caller
from optbench.kernels.memory.pointers import place

MOST = 64
"""Operations there may be: number i is that of a way forward, i + MOST that of its way back."""
SYMBOL = "optbench_operations_"

PLAIN: dict[int, Callable[..., None]] = {}
"""The functions by number, for plain Python: they take what `run_operation` takes after it."""


def run_operation(number, params, grads, q, work, key, r, rows, mode, t, first):
    """Run an operation of a net on the record at `r`, forward or back by its number."""
    PLAIN[int(number)](params, grads, q, work, key, r, rows, mode, t, first)


@functools.cache
def table(dtype: DTypeLike) -> NDArray[np.int64]:
    """Return the addresses of the operations of a dtype by number, 0 where there are none yet."""
    addresses = np.zeros(2 * MOST, np.int64)
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
                builder.module, ir.ArrayType(word, 2 * MOST), SYMBOL + str(dtype)
            )
            zero, index = (
                ir.Constant(word, 0),
                context.cast(builder, values[0], sig.args[0], types.int64),
            )
            return builder.load(builder.gep(addresses, [zero, index]))

        return types.int64(number), generate

    return address_of


@overload(
    run_operation, target="cpu", strict=False,
    jit_options=dict(no_cfunc_wrapper=True, pipeline_class=PartCompiler),
)  # fmt: skip
def _run_operation(number, params, grads, q, work, key, r, rows, mode, t, first):
    dtype = np.dtype(str(params.dtype))
    table(dtype)
    address_of, call_block = _address_in(dtype), caller(OperationCall, dtype)

    def run(number, params, grads, q, work, key, r, rows, mode, t, first):
        call = place(OperationCall(params, grads, q, work, key))
        call_block(address_of(number), call, (r, rows, mode, t, first))

    return run
