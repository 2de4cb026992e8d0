"""The processor's floating-point mode: flush subnormal numbers to zero (x86 only).

Numbers below the normal range count as 0 in lanes: converged ones would be ten times slower. So
that a point has one value, whoever asks for it, all that calls compiled problems and rules from
Python does so under `flushed`, which gives the thread its own mode back even if they raise.
"""

import contextlib
import functools
import platform
from collections.abc import Callable, Iterator

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from optbench.kernels.compiling.options import jit

_X86 = platform.machine() in ("x86_64", "AMD64")
FLUSH = np.uint32(0x8040)
"""Bits of MXCSR: results (FTZ) and operands (DAZ) below the normal range are zero."""
ALL_BITS, NO_BITS = np.uint32(0xFFFFFFFF), np.uint32(0)


def _access(builder, name, pointer):
    byte_pointer = ir.IntType(8).as_pointer()
    kind = ir.FunctionType(ir.VoidType(), [byte_pointer])
    function = cgutils.get_or_insert_function(builder.module, kind, name)
    builder.call(function, [builder.bitcast(pointer, byte_pointer)])


@intrinsic
def get_mode(typing):
    """Return the control register of this thread; 0 on other processors."""

    def generate(context, builder, sig, values):
        if not _X86:
            return ir.Constant(ir.IntType(32), 0)
        place = cgutils.alloca_once(builder, ir.IntType(32))
        _access(builder, "llvm.x86.sse.stmxcsr", place)
        return builder.load(place)

    return types.uint32(), generate


@intrinsic
def set_mode(typing, mode):
    """Set the control register of this thread."""

    def generate(context, builder, sig, values):
        if _X86:
            place = cgutils.alloca_once(builder, ir.IntType(32))
            builder.store(context.cast(builder, values[0], sig.args[0], types.uint32), place)
            _access(builder, "llvm.x86.sse.ldmxcsr", place)
        return context.get_dummy_value()

    return types.none(mode), generate


@contextlib.contextmanager
def flushed() -> Iterator[None]:
    """Flush subnormal numbers to zero in this thread, for a while."""
    before = mode_setter()(ALL_BITS, FLUSH)
    try:
        yield
    finally:
        mode_setter()(NO_BITS, before)


@functools.cache
def mode_setter() -> Callable[[np.uint32, np.uint32], np.uint32]:
    """Compile ``set(mask, bits)``: the mode's bits in the mask stay, `bits` are set.

    It returns the mode before.
    """
    return jit(_replaced_mode, types.uint32(types.uint32, types.uint32))


def _replaced_mode(mask, bits):
    before = get_mode()
    set_mode((before & mask) | bits)
    return before
