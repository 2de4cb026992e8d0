"""Authors' Python with the arithmetic of compiled code: what Python refuses is NaN or inf.

A division by zero does so with NumPy's numbers; here the functions of `math` return such, and NaN
or inf in place of an error. A function is copied with all that it calls, so that the author's own
is as it was.
"""

import functools
import math
from collections.abc import Callable
from types import CellType, CodeType, FunctionType, SimpleNamespace
from typing import Any

import numpy as np

LOGARITHMS = {math.log: 0.0, math.log2: 0.0, math.log10: 0.0, math.log1p: -1.0}
"""Where they are -inf."""


def _as_compiled(function: Callable[..., float]) -> Callable[..., np.float64]:
    """Return a function of `math` that raises nothing."""

    def call(*arguments: float) -> np.float64:
        try:
            return np.float64(function(*arguments))
        except OverflowError:
            return np.float64(math.inf)
        except ValueError:
            return np.float64(-math.inf if LOGARITHMS.get(function) == arguments[0] else math.nan)

    return call


MATH = SimpleNamespace(
    **{
        name: _as_compiled(each) if callable(each) else each
        for name, each in vars(math).items()
        if not name.startswith("_")
    }
)


@functools.lru_cache(maxsize=1024)
def with_compiled_math(function: FunctionType) -> FunctionType:
    """Return a copy of a function that computes with `MATH`, as do the functions that it calls."""
    return _copied(function, {})


def _copied(function: FunctionType, copies: dict[FunctionType, FunctionType]) -> FunctionType:
    """Return the copy of a function; `copies` has those that are under way."""
    if function in copies:
        return copies[function]
    variables = dict(function.__globals__)
    old_cells = function.__closure__ or ()
    cells = tuple(CellType() for _ in old_cells)
    copy = FunctionType(
        function.__code__, variables, function.__name__, function.__defaults__, cells
    )
    copies[function] = copy
    for name in _names(function.__code__) & variables.keys():
        variables[name] = _replaced(variables[name], copies)
    for cell, old in zip(cells, old_cells, strict=True):
        cell.cell_contents = _replaced(old.cell_contents, copies)
    return copy


def _names(code: CodeType) -> set[str]:
    """Return the global names in a function's code, and in that of functions within."""
    inner = [const for const in code.co_consts if isinstance(const, CodeType)]
    return {*code.co_names}.union(*map(_names, inner))


def _replaced(value: Any, copies: dict[FunctionType, FunctionType]) -> Any:
    if value is math:
        return MATH
    if isinstance(value, FunctionType):
        return _copied(value, copies)
    of_math = getattr(value, "__module__", None) == "math"
    return getattr(MATH, value.__name__) if of_math else value
