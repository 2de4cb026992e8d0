"""What Numba's CUDA target is taught: numbers of the kernel's dtype, and loops without branches.

How integers meet float32 is in `compiling.promotion`. Numba's loops over a range test their counter
twice, and do not tell that it cannot overflow, so that every index is checked for being negative: a
quarter of the instructions of a kernel.
"""

import contextlib
import threading

from llvmlite import ir

from optbench.kernels.compiling import promotion

_compiling = threading.local()


@contextlib.contextmanager
def kernels_of(dtype, rolled=False):
    """Say of which kind the kernels are that this thread compiles meanwhile.

    Parameters
    ----------
    dtype : dtype
    rolled : bool
        Whether loops stay loops: see `rolling`.
    """
    with promotion.kernels_of(dtype), rolling(rolled):
        yield


@contextlib.contextmanager
def rolling(rolled):
    """Say whether loops stay loops in what this thread compiles meanwhile.

    Unrolled ones keep four coordinates in registers at once, more than a thread has where a rule
    divides and takes roots.
    """
    before = _rolled()
    _compiling.rolled = rolled
    try:
        yield
    finally:
        _compiling.rolled = before


def _rolled():
    return getattr(_compiling, "rolled", False)


def install(numba):
    """Teach the target.

    Parameters
    ----------
    numba : namespace
        Of Numba's CUDA target: ``types``, ``signature``, ``AbstractTemplate``, ``infer_global``,
        ``lower_builtin``, ``iternext`` (a decorator) and ``create_struct_proxy``.
    """
    promotion.install(numba, "cuda")
    _count_without_branches(numba)
    _begin_anew(numba)


def _count_without_branches(numba):
    """Advance a range's iterator whether or not it has ended: nobody looks at it then."""

    def following(context, builder, sig, args, result):
        state = numba.create_struct_proxy(sig.args[0])(context, builder, args[0])
        count, value = builder.load(state.count), builder.load(state.iter)
        if _rolled():  # an empty instruction, so that nobody can tell how often it turns
            count = builder.asm(
                ir.FunctionType(count.type, [count.type]), "", "=l,0", [count], False
            )
        zero, one = (context.get_constant(numba.types.int64, n) for n in (0, 1))
        result.set_valid(builder.icmp_signed(">", count, zero))
        result.yield_(value)
        builder.store(builder.sub(count, one, flags=["nsw"]), state.count)
        builder.store(builder.add(value, state.step, flags=["nsw"]), state.iter)

    ranges = numba.types.range_iter64_type
    numba.lower_builtin("iternext", ranges)(numba.iternext(following))


def _begin_anew(numba):
    """Let a loop's start be known only when it is reached.

    Else all addresses of its arrays would be computed once, before a lane's first step, and held in
    registers to its last.
    """
    ranges = numba.types.range_state64_type

    def from_zero(context, builder, sig, args):
        state = numba.create_struct_proxy(ranges)(context, builder)
        zero, one = (context.get_constant(numba.types.int64, n) for n in (0, 1))
        state.start = _hidden_zero(builder, zero.type) if _rolled() else zero
        state.stop, state.step = args[0], one
        return state._getvalue()

    numba.lower_builtin(range, numba.types.int64)(from_zero)


def _hidden_zero(builder, kind):
    """Return 0 through an empty instruction that has to stay where it is.

    It is made of an unsigned half, so that no index that counts up from it is checked for being
    negative.
    """
    half = ir.IntType(kind.width // 2)
    hidden = builder.asm(ir.FunctionType(half, [half]), "", "=r,0", [half(0)], True)
    return builder.zext(hidden, kind)
