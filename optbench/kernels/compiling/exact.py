"""Compiling plain Python for numbers with the results that Python itself gives, bit for bit.

Products and sums are rounded one by one, powers are the C library's, which Python calls too, and
neither is folded or rewritten. What Python refuses (a division by 0, a power or a root that
overflows or has no real value) raises an `ArithmeticError` or `ValueError` in compiled code, too:
whoever calls it may then let Python say what is wrong.
"""

import math
import operator
from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core import ir as numba_ir
from numba.core.compiler_machinery import FunctionPass, register_pass
from numba.core.dispatcher import Dispatcher
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.core.untyped_passes import FixupArgs
from numba.extending import lower_builtin, overload

from optbench.kernels.compiling.parts import PartCompiler

EXACT: dict[str, Any] = dict(error_model="python", nogil=True)
"""Options of functions that Python calls."""
_FUNCTIONS = (
    "sqrt", "exp", "expm1", "log", "log1p", "log2", "log10", "sin", "cos", "tan", "sinh", "cosh",
    "tanh", "asin", "acos", "atan", "asinh", "acosh", "atanh",
)  # fmt: skip
"""Of `math`, with one argument, which Python takes from the C library as compiled code does."""


def power(base, exponent):
    """Return ``base ** exponent`` of numbers, a float; only compiled code calls it."""
    raise TypeError("for compiled code only")


@infer_global(power)
class _Power(AbstractTemplate):
    def generic(self, arguments, keywords):
        if len(arguments) == 2 and all(isinstance(kind, types.Number) for kind in arguments):
            return signature(types.float64, types.float64, types.float64)
        return None


@lower_builtin(power, types.float64, types.float64)
def _lower_power(context, builder, sig, values):
    double = ir.DoubleType()
    kind = ir.FunctionType(double, [double, double])
    pow_of_c = cgutils.get_or_insert_function(builder.module, kind, "pow")
    # Not LLVM's `pow`, which turns x ** 2.0 into a product. (A set's own `add`, since llvmlite's
    # knows no such attribute of functions that are declared.)
    for attribute in ("nobuiltin", "nounwind", "willreturn", "memory(none)"):
        set.add(pow_of_c.attributes, attribute)
    result = builder.call(pow_of_c, values)
    fine = builder.or_(
        _is_finite(builder, result),
        builder.not_(builder.and_(*[_is_finite(builder, value) for value in values])),
    )
    with builder.if_then(builder.not_(fine), likely=False):
        context.call_conv.return_user_exc(builder, OverflowError, ("a power that is no number",))
    return result


def _is_finite(builder, value):
    """Say whether an LLVM number is neither infinite nor NaN."""
    size = builder.fsub(value, value)  # 0, or NaN
    return builder.fcmp_ordered("==", size, ir.Constant(value.type, 0.0))


@register_pass(mutates_CFG=False, analysis_only=False)
class ExactPowers(FunctionPass):
    """Has ``**`` mean `power`."""

    _name = "exact_powers"

    def __init__(self):
        super().__init__()

    def run_pass(self, state):
        """Change the expressions."""
        changed = False
        for block in state.func_ir.blocks.values():
            for statement in block.find_insts(numba_ir.Assign):
                value = statement.value
                if getattr(value, "op", "") in ("binop", "inplace_binop") and value.fn in (
                    operator.pow, operator.ipow,
                ):  # fmt: skip
                    value.op, value.fn = "binop", power
                    changed = True
        return changed


class ExactCompiler(PartCompiler):
    """The pipeline of parts, with exact powers."""

    def define_pipelines(self):
        """Return the only pipeline."""
        (passes,) = super().define_pipelines()
        passes._finalized = False
        passes.add_pass_after(ExactPowers, FixupArgs)
        passes.finalize()
        return [passes]


def exact_helper(function: Callable[..., Any]) -> Dispatcher:
    """Compile what only compiled code calls: a part of it, see `parts`."""
    options = dict(no_cpython_wrapper=True, no_cfunc_wrapper=True, **EXACT)
    return numba.njit(pipeline_class=ExactCompiler, **options)(function)


def _checked(function: Callable[[float], float]) -> Dispatcher:
    """Return a function of `math` that raises where Python's does."""

    def checked(x):
        value = function(x)
        if not math.isfinite(value) and math.isfinite(x):
            raise ValueError("math domain or range error")
        return value

    return exact_helper(checked)


FUNCTIONS: dict[Callable[..., Any], Any] = {
    **{getattr(math, name): _checked(getattr(math, name)) for name in _FUNCTIONS},
    **{getattr(math, n): getattr(math, n) for n in ("fabs", "copysign", "isnan", "isfinite")},
    math.pow: power,
}
"""What of `math` compiled code may call, and what it calls in its place."""
BUILTINS = {"abs", "bool", "float", "int", "len", "max", "min", "range", "round"}
"""What of Python's own functions compiled code may call."""


def number(value):
    """Return what `float` returns, which Numba does not know of truth values."""
    return float(value)


@overload(number)
def _number(value):
    if isinstance(value, types.Boolean):
        return lambda value: 1.0 if value else 0.0
    if isinstance(value, types.Number):
        return lambda value: np.float64(value)
    return None
