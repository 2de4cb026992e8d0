"""What Numba's CUDA target is taught: numbers of the kernel's dtype, and loops without branches.

Numba types a float32 that meets an integer, and a quotient of two integers, as float64, whose
arithmetic takes a GPU two to sixty-four times as long. In float32 kernels integers take the
kernel's dtype instead, as they do in Vecs on the CPU.

Its loops over a range test their counter twice, and do not tell that it cannot overflow, so that
every index is checked for being negative: a quarter of the instructions of a kernel.
"""

import builtins
import contextlib
import math
import operator
import threading

import numpy as np
from llvmlite import ir

COMPARISONS = ("lt", "le", "gt", "ge", "eq", "ne")
ARITHMETIC = ("add", "sub", "mul", "truediv", "mod")
MATH = (
    "sqrt", "exp", "expm1", "log", "log1p", "log2", "log10", "sin", "cos", "tan", "sinh", "cosh",
    "tanh", "asin", "acos", "atan", "asinh", "acosh", "atanh", "erf", "erfc", "gamma", "lgamma",
)  # fmt: skip
_compiling = threading.local()


@contextlib.contextmanager
def kernels_of(dtype, rolled=False):
    """Say of which kind the kernels are that this thread compiles meanwhile.

    Parameters
    ----------
    dtype : dtype
    rolled : bool
        Whether loops stay loops. Unrolled ones keep four coordinates in registers at once, more
        than a thread has where a rule divides and takes roots.
    """
    before = _kind()
    _compiling.kind = (np.dtype(dtype) == np.float32, rolled)
    try:
        yield
    finally:
        _compiling.kind = before


def _kind():
    return getattr(_compiling, "kind", (False, False))


def install(numba):
    """Teach the target.

    Parameters
    ----------
    numba : namespace
        Of Numba's CUDA target: ``types``, ``signature``, ``AbstractTemplate``, ``infer_global``,
        ``lower_builtin``, ``iternext`` (a decorator) and ``create_struct_proxy``.
    """
    single = numba.types.float32
    for name in ARITHMETIC:
        _retype(numba, getattr(operator, name), single, whole=name == "truediv")
        _retype(numba, getattr(operator, "i" + name), single, whole=name == "truediv")
    _retype(numba, operator.pow, single)
    for name in COMPARISONS:
        _retype(numba, getattr(operator, name), numba.types.boolean)
    for function in (builtins.max, builtins.min, math.copysign, math.atan2, math.hypot):
        _retype(numba, function, single)
    for name in MATH:
        _retype(numba, getattr(math, name), single, whole=True)
    _count_without_branches(numba)
    _begin_anew(numba)


def _retype(numba, function, result, whole=False):
    """Give `function` float32 arguments: of mixed kinds, and if `whole` of integers alone."""
    types, single = numba.types, numba.types.float32

    def generic(self, args, kws):
        if not all(a == single or isinstance(a, types.Integer) for a in args):
            return None
        floats = [a == single for a in args]
        if function is operator.pow and floats[0]:
            return None  # Numba has whole powers of float32
        meant = any(floats) or (whole and _kind()[0])
        if not meant or all(floats):
            return None
        return numba.signature(result, *[single] * len(args))

    # CUDA's own templates are tried before those of all targets.
    facts = dict(key=function, generic=generic, metadata={"target": "cuda"})
    name = f"Single_{function.__name__}"
    numba.infer_global(function)(type(name, (numba.AbstractTemplate,), facts))


def _count_without_branches(numba):
    """Advance a range's iterator whether or not it has ended: nobody looks at it then."""

    def following(context, builder, sig, args, result):
        state = numba.create_struct_proxy(sig.args[0])(context, builder, args[0])
        count, value = builder.load(state.count), builder.load(state.iter)
        if _kind()[1]:  # an empty instruction, so that nobody can tell how often it turns
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
        state.start = _hidden(builder, zero, True) if _kind()[1] else zero
        state.stop, state.step = args[0], one
        return state._getvalue()

    numba.lower_builtin(range, numba.types.int64)(from_zero)


def _hidden(builder, value, here):
    """Return a whole number through an empty instruction, which may have to stay where it is."""
    return builder.asm(ir.FunctionType(value.type, [value.type]), "", "=l,0", [value], here)
