"""Integers in float32 kernels on CUDA take the kernel's dtype, as they do in Vecs on the CPU.

Numba types a float32 that meets an integer, and a quotient of two integers, as float64, whose
arithmetic takes a GPU two to sixty-four times as long.
"""

import builtins
import contextlib
import math
import operator
import threading

import numpy as np

COMPARISONS = ("lt", "le", "gt", "ge", "eq", "ne")
ARITHMETIC = ("add", "sub", "mul", "truediv", "mod")
MATH = (
    "sqrt", "exp", "expm1", "log", "log1p", "log2", "log10", "sin", "cos", "tan", "sinh", "cosh",
    "tanh", "asin", "acos", "atan", "asinh", "acosh", "atanh", "erf", "erfc", "gamma", "lgamma",
)  # fmt: skip
_compiling = threading.local()


@contextlib.contextmanager
def kernels_of(dtype):
    """Say of which dtype the kernels are that this thread compiles meanwhile."""
    before = getattr(_compiling, "single", False)
    _compiling.single = np.dtype(dtype) == np.float32
    try:
        yield
    finally:
        _compiling.single = before


def install(types, signature, template, register):
    """Teach Numba's CUDA target.

    Parameters
    ----------
    types : module
        Numba's types.
    signature : callable
    template : class
        Numba's AbstractTemplate.
    register : callable
        Registers a template for a function.
    """
    single = types.float32

    def rule(function, result, whole=False):
        """Give `function` float32 arguments: of mixed kinds, and if `whole` of integers alone."""

        def generic(self, args, kws):
            if not all(a == single or isinstance(a, types.Integer) for a in args):
                return None
            floats = [a == single for a in args]
            if function is operator.pow and floats[0]:
                return None  # Numba has whole powers of float32
            meant = any(floats) or (whole and getattr(_compiling, "single", False))
            return signature(result, *[single] * len(args)) if meant and not all(floats) else None

        # CUDA's own templates are tried before those of all targets.
        facts = dict(key=function, generic=generic, metadata={"target": "cuda"})
        register(function)(type(f"Single_{function.__name__}", (template,), facts))

    for name in ARITHMETIC:
        rule(getattr(operator, name), single, whole=name == "truediv")
        rule(getattr(operator, "i" + name), single, whole=name == "truediv")
    rule(operator.pow, single)
    for name in COMPARISONS:
        rule(getattr(operator, name), types.boolean)
    for function in (builtins.max, builtins.min, math.copysign, math.atan2, math.hypot):
        rule(function, single)
    for name in MATH:
        rule(getattr(math, name), single, whole=True)
