"""What integers become where they meet float32: the kernel's dtype, as they do in Vecs.

Numba types a float32 that meets an integer, and a quotient of two integers, as float64. Whatever
depends on it is then computed twice as slowly, on a GPU up to sixty-four times. In kernels of
float32, and in no other code, the CPU's and CUDA's Numba are taught otherwise.
"""

import builtins
import contextlib
import math
import operator
import threading
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any, Literal

import numba
import numpy as np
import numpy.typing as npt
from numba.core.typing import templates
from numba.cpython.builtins import do_minmax
from numba.extending import lower_builtin

COMPARISONS = ("lt", "le", "gt", "ge", "eq", "ne")
ARITHMETIC = ("add", "sub", "mul", "truediv", "floordiv", "mod")
MATH = (
    "sqrt", "exp", "expm1", "log", "log1p", "log2", "log10", "sin", "cos", "tan", "sinh", "cosh",
    "tanh", "asin", "acos", "atan", "asinh", "acosh", "atanh", "erf", "erfc", "gamma", "lgamma",
)  # fmt: skip
_compiling = threading.local()


@contextlib.contextmanager
def kernels_of(dtype: npt.DTypeLike) -> Iterator[None]:
    """Say of which dtype the kernels are that this thread compiles meanwhile."""
    before = compiling_single()
    _compiling.single = np.dtype(dtype) == np.float32
    try:
        yield
    finally:
        _compiling.single = before


def compiling_single() -> bool:
    """Say whether this thread compiles a kernel of float32."""
    return getattr(_compiling, "single", False)


def install_on_cpu() -> None:
    """Teach Numba itself."""
    install(
        SimpleNamespace(
            types=numba.types, signature=templates.signature,
            infer_global=templates.infer_global, AbstractTemplate=templates.AbstractTemplate,
        ),
        "cpu",
    )  # fmt: skip
    for function, beyond in ((builtins.max, operator.gt), (builtins.min, operator.lt)):
        _pick_the_first(function, beyond)


def _pick_the_first(function: Callable[..., Any], beyond: Callable[..., Any]) -> None:
    """Let `max` or `min` of float32 be Python's, which Numba builds into its own typing alone."""

    def lower(context, builder, sig, values):
        return do_minmax(context, builder, sig.args, values, beyond)

    lower_builtin(function, numba.types.VarArg(numba.types.Float))(lower)


def install(target_numba: Any, target: Literal["cpu", "cuda"]) -> None:
    """Teach a target.

    Parameters
    ----------
    target_numba : namespace
        Of Numba's or its CUDA target's ``types``, ``signature``, ``AbstractTemplate``,
        ``infer_global``.
    target : {"cpu", "cuda"}
    """
    number = target_numba.types.float32
    for name in ARITHMETIC:
        _retype(target_numba, target, getattr(operator, name), number, whole=name == "truediv")
        _retype(
            target_numba, target, getattr(operator, "i" + name), number, whole=name == "truediv"
        )
    _retype(target_numba, target, operator.pow, number)
    _retype(target_numba, target, operator.ipow, number)
    for name in COMPARISONS:
        _retype(target_numba, target, getattr(operator, name), target_numba.types.boolean)
    for function in (builtins.max, builtins.min, math.copysign, math.atan2, math.hypot, math.pow):
        _retype(target_numba, target, function, number)
    for name in MATH:
        _retype(target_numba, target, getattr(math, name), number, whole=True)


def _retype(
    target_numba: Any,
    target: Literal["cpu", "cuda"],
    function: Callable[..., Any],
    result: numba.types.Type,
    whole: bool = False,
) -> None:
    """Give `function` float32 arguments: of mixed kinds, and if `whole` of integers alone."""
    types, number = target_numba.types, target_numba.types.float32

    def generic(self, args, kws):
        if not compiling_single():
            return None
        if not all(a == number or isinstance(a, types.Integer) for a in args):
            return None
        floats = [a == number for a in args]
        if function in (operator.pow, operator.ipow) and floats[0]:
            return None  # Numba has whole powers of float32
        if all(floats) or not (whole or any(floats)):
            return None
        return target_numba.signature(result, *[number] * len(args))

    # A target's own templates are tried before those of all targets.
    facts = dict(key=function, generic=generic, metadata={"target": target})
    name = f"Single_{function.__name__}"
    target_numba.infer_global(function)(type(name, (target_numba.AbstractTemplate,), facts))
