"""exp, log, sin and the like on Vecs: glibc's vector library, polynomials, or one lane at a time.

glibc has vector functions of at most 4 ulp for registers of 256 and 512 bits; they are used where
they exist. The functions that matter most have polynomials (see `polynomials`) for machines without
them, and everywhere with ``OPTBENCH_VECTOR_MATH=polynomial``. What has neither is called once a
lane.
"""

import ctypes
import math
import os

import llvmlite.binding as llvm
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.typing import signature

from optbench.errors import UserError
from optbench.kernels.features import LEVEL
from optbench.kernels.newton import join, pieces

FUNCTIONS = {
    1: (
        math.exp, math.log, math.sin, math.cos, math.tan, math.tanh, math.sinh, math.cosh,
        math.asin, math.acos, math.atan, math.asinh, math.acosh, math.atanh, math.expm1,
        math.log1p, math.log2, math.log10, math.erf, math.erfc, math.gamma, math.lgamma,
    ),
    2: (math.atan2, math.hypot),
}  # fmt: skip
"""What authors may call, by the number of arguments."""
LIBRARY = "libmvec.so.1"
_ELEMENTS = (types.float64, types.float32)


def _library():
    """Load glibc's vector library; return it, or None where it is not there or not wanted."""
    wanted = os.environ.get("OPTBENCH_VECTOR_MATH") or "library"
    if wanted not in ("library", "polynomial"):
        raise UserError(f"OPTBENCH_VECTOR_MATH={wanted}: use library or polynomial")
    if LEVEL == "generic" or wanted == "polynomial":
        return None
    try:
        library = ctypes.CDLL(LIBRARY)
    except OSError:
        return None
    llvm.load_library_permanently(LIBRARY)
    return library


_LIBRARY = _library()


def symbol(function, element, arguments=1):
    """Return (name, lanes) of glibc's vector version of a `math` function, or None."""
    double = element == types.float64
    letter, lanes = ("e", 8) if LEVEL == "avx512" else ("d", 4)
    lanes *= 1 if double else 2
    name = f"_ZGV{letter}N{lanes}{'v' * arguments}_{function.__name__}{'' if double else 'f'}"
    return (name, lanes) if _LIBRARY is not None and hasattr(_LIBRARY, name) else None


def symbols():
    """Return the names of all vector functions in use: a part of the compile cache's key."""
    functions = [(f, count) for count, group in FUNCTIONS.items() for f in group]
    functions.append((math.pow, 2))
    found = [symbol(f, element, count) for f, count in functions for element in _ELEMENTS]
    return sorted(name for name, _ in filter(None, found))


def call(context, builder, vec, function, values):
    """Apply a `math` function to LLVM vectors of the Vec type `vec`."""
    # Imported late: polynomials are written on Vecs, which are built on this module.
    from optbench.kernels import polynomials

    known = symbol(function, vec.element, len(values))
    if known is not None and vec.width % known[1] == 0:
        return _call_library(builder, *known, values)
    if function in polynomials.FUNCTIONS and vec.width > 1:
        return polynomials.call(context, builder, vec, function, values)
    return _call_each(context, builder, vec, function, values)


def _call_library(builder, name, lanes, values):
    part = ir.VectorType(values[0].type.element, lanes)
    target = cgutils.get_or_insert_function(
        builder.module, ir.FunctionType(part, [part] * len(values)), name
    )
    cut = [pieces(builder, value, lanes) for value in values]
    return join(builder, [builder.call(target, piece) for piece in zip(*cut, strict=True)])


def _call_each(context, builder, vec, function, values):
    """Call the scalar function once a lane."""
    scalar = signature(vec.element, *[vec.element] * len(values))
    typed = context.typing_context.resolve_value_type(function)
    resolved = context.typing_context.resolve_function_type(typed, scalar.args, {})
    implementation = context.get_function(typed, resolved)
    result = ir.Constant(values[0].type, ir.Undefined)
    for lane in range(vec.width):
        place = ir.Constant(ir.IntType(32), lane)
        scalars = [builder.extract_element(value, place) for value in values]
        result = builder.insert_element(result, implementation(builder, scalars), place)
    return result
