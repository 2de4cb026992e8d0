"""glibc's vector versions of exp, log, sin and the like: which are there, under which names.

They have at most 4 ulp, for registers of 256 and 512 bits. ``OPTBENCH_VECTOR_MATH=polynomial`` does
without them, as machines without glibc do.
"""

import ctypes
import math
import os
from collections.abc import Callable
from typing import NamedTuple

import llvmlite.binding as llvm
from numba import types

from optbench.errors import UserError
from optbench.kernels.compiling.features import LEVEL

FUNCTIONS: dict[int, tuple[Callable[..., float], ...]] = {
    1: (
        math.exp, math.log, math.sin, math.cos, math.tan, math.tanh, math.sinh, math.cosh,
        math.asin, math.acos, math.atan, math.asinh, math.acosh, math.atanh, math.expm1,
        math.log1p, math.log2, math.log10, math.erf, math.erfc, math.gamma, math.lgamma,
    ),
    2: (math.atan2, math.hypot),
}  # fmt: skip
"""What authors may call, by the number of arguments."""
LIBRARY = "libmvec.so.1"
WAYS = ("library", "polynomial")
_ELEMENTS = (types.float64, types.float32)


def _way() -> str:
    """Return the way that ``OPTBENCH_VECTOR_MATH`` names, else the library."""
    way = os.environ.get("OPTBENCH_VECTOR_MATH") or "library"
    if way not in WAYS:
        raise UserError(f"OPTBENCH_VECTOR_MATH={way}: use {' or '.join(WAYS)}")
    return way


WAY = _way()


def _library() -> ctypes.CDLL | None:
    """Load glibc's vector library; return it, or None where it is not there or switched off."""
    if LEVEL == "generic" or WAY == "polynomial":
        return None
    try:
        library = ctypes.CDLL(LIBRARY)
    except OSError:
        return None
    llvm.load_library_permanently(LIBRARY)
    return library


_LIBRARY = _library()


class VectorFunction(NamedTuple):
    """A function of glibc's: its symbol, and the lanes of the vectors that it takes."""

    name: str
    lanes: int


def vector_function(
    function: Callable[..., float], element: types.Float, arguments: int = 1
) -> VectorFunction | None:
    """Return glibc's vector version of a `math` function, or None."""
    double = element == types.float64
    letter, lanes = ("e", 8) if LEVEL == "avx512" else ("d", 4)
    lanes *= 1 if double else 2
    name = f"_ZGV{letter}N{lanes}{'v' * arguments}_{function.__name__}{'' if double else 'f'}"
    there = _LIBRARY is not None and hasattr(_LIBRARY, name)
    return VectorFunction(name, lanes) if there else None


def symbols() -> list[str]:
    """Return the names of all vector functions in use: a part of the compile cache's key."""
    functions = [(f, count) for count, group in FUNCTIONS.items() for f in group]
    functions.append((math.pow, 2))
    entries = [
        vector_function(f, element, count) for f, count in functions for element in _ELEMENTS
    ]
    return sorted(entry.name for entry in filter(None, entries))
