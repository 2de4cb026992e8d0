"""exp, log, sin and the like on Vecs: glibc's vector library, polynomials, or one lane at a time.

glibc has vector functions of at most 4 ulp for registers of 256 and 512 bits; they are used where
they exist. The functions that matter most have polynomials (see `polynomials`) for machines without
them. What has neither is called once a lane.
"""

import ctypes
import math

import llvmlite.binding as llvm
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.typing import signature

from optbench.kernels.features import LEVEL
from optbench.kernels.newton import join, pieces

FUNCTIONS = (
    math.exp, math.log, math.sin, math.cos, math.tan, math.tanh, math.sinh, math.cosh, math.asin,
    math.acos, math.atan, math.expm1, math.log1p, math.log2, math.log10, math.erf,
)  # fmt: skip
LIBRARY = "libmvec.so.1"


def _library():
    """Load glibc's vector library; return it, or None where there is none."""
    if LEVEL == "generic":
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
    found = [symbol(function, element) for function in FUNCTIONS for element in _ELEMENTS]
    found += [symbol(math.pow, element, 2) for element in _ELEMENTS]
    return sorted(name for name, _ in filter(None, found))


_ELEMENTS = (types.float64, types.float32)


def call(context, builder, vec, function, values):
    """Apply a `math` function to LLVM vectors of the Vec type `vec`."""
    known = symbol(function, vec.element, len(values))
    if known is not None and vec.width % known[1] == 0:
        return _call_library(builder, *known, values)
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
