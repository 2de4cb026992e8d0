"""Constants of an author's code in the kernel's dtype.

`retype` gives every float in a function (literals, defaults, constants of modules and closures,
tuples and arrays of them, ``math.pi``) the kernel's dtype, since one float64 literal turns float32
arithmetic into float64; helper functions that it calls are compiled along with it.
"""

import functools
import math
from collections.abc import Iterable, Set
from types import CellType, CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from optbench.define import draws
from optbench.define import primitives as plain_primitives
from optbench.kernels.compiling import source_checks
from optbench.kernels.compiling.fingerprint import is_versioned, names_of
from optbench.kernels.compiling.options import helper
from optbench.kernels.memory.operations import run_loss, run_operation
from optbench.kernels.products import primitives
from optbench.kernels.simd import operations


def retype(function: FunctionType, dtype: npt.DTypeLike, contract: bool = True) -> FunctionType:
    """Copy a plain Python function so that its float constants have `dtype`.

    Helper functions in globals and closures are retyped too and compiled on demand.
    Functions that Numba already knows, and everything else, stay as they are.
    `contract` is of `options.helper`.
    """
    return Retyper(np.dtype(dtype), contract).function(function)


def retype_all(functions: Iterable[FunctionType], dtype: npt.DTypeLike) -> list[FunctionType]:
    """Retype several functions; the helpers that they share are compiled once."""
    retyper = Retyper(np.dtype(dtype))
    return [retyper.function(function) for function in functions]


COMPILED_PRIMITIVES = {
    plain: getattr(primitives, plain.__name__) for plain in plain_primitives.PRIMITIVES
}
"""The primitives that compiled code has in place of the plain ones that authors import."""
INTRINSICS = frozenset(
    {plain_primitives.where, *draws.DRAWS, *primitives.PRIMITIVES, run_operation, run_loss}
)
"""Plain functions that compiled code knows by overload."""


ROUNDED_DRAWS = (draws.uniform, draws.normal, draws.quick_normal)


class Retyper:
    """One walk over a function and what it refers to (memoised, so cycles end).

    A target that compiles differently overrides `callee`, `value`, `finish` and `single`.
    """

    single = staticmethod(operations.single)

    def __init__(self, dtype: np.dtype, contract: bool = True):
        self.dtype, self.contract = dtype, contract
        self.seen: dict[FunctionType, Any] = {}

    def function(self, function: FunctionType) -> FunctionType:
        """Return a function's copy."""
        if not (function.__module__ or "").startswith("optbench.kernels."):
            source_checks.check(function)  # the engine's own gets further global names
        code = function.__code__
        names, attributes = source_checks.global_names(code), names_of(code)
        scope = {
            name: self.value(value, attributes)
            for name, value in function.__globals__.items()
            if name in names
        }
        scope["__builtins__"] = function.__globals__.get("__builtins__", __builtins__)
        scope["__name__"] = function.__module__
        if self.dtype == np.float32:
            scope["float"] = self.single
        cells = None
        if function.__closure__:
            cells = tuple(
                CellType(self.value(cell.cell_contents, attributes))
                for cell in function.__closure__
            )
        code, defaults = _without_keyword_only(function)
        copy = FunctionType(self.code(code), scope, function.__name__, self.value(defaults), cells)
        copy.__module__ = function.__module__
        return copy

    def code(self, code: CodeType) -> CodeType:
        """Return code with its constants retyped."""
        return code.replace(co_consts=tuple(self.value(c) for c in code.co_consts))

    def value(self, value: Any, attributes: Set[str] = frozenset()) -> Any:
        """Return what stands for a constant, a default, a global or the content of a closure.

        Of a module only `attributes` are looked at.
        """
        if isinstance(value, (float, np.floating)):
            return self.dtype.type(value)
        if isinstance(value, np.ndarray) and value.dtype.kind == "f":
            return value.astype(self.dtype)
        if isinstance(value, tuple):
            items = [self.value(item) for item in value]
            return type(value)._make(items) if hasattr(value, "_make") else tuple(items)
        if isinstance(value, CodeType):
            return self.code(value)
        if value is math or value is np:
            return module_of(value, self.dtype)
        if isinstance(value, ModuleType) and not is_versioned(value):
            return self.module(value, attributes)
        if isinstance(value, FunctionType):
            return self.callee(value)
        return value

    def module(self, original: ModuleType, attributes: Set[str]) -> ModuleType:
        """Return a module of the author's with what is used of it retyped."""
        copy = ModuleType(original.__name__)
        for name in attributes & vars(original).keys():
            setattr(copy, name, self.value(getattr(original, name), attributes))
        return copy

    def callee(self, function: FunctionType) -> Any:
        """Return what stands for a plain function in the copies of its callers."""
        function = COMPILED_PRIMITIVES.get(function, function)
        if function in INTRINSICS:
            rounds = self.dtype == np.float32 and function in ROUNDED_DRAWS
            return self.rounded(function) if rounds else function
        return self.compiled(function)

    def rounded(self, draw: FunctionType) -> Any:
        """Return a draw whose numbers, the same in every dtype, are rounded to this one."""
        if draw not in self.seen:
            number = self.dtype.type

            def rounded(key, i):
                return number(draw(key, i))

            self.seen[draw] = self.finish(rounded)
        return self.seen[draw]

    def compiled(self, function: FunctionType) -> Any:
        """Return a function's copy, compiled as a part of its callers, once each."""
        if function not in self.seen:
            self.seen[function] = None
            self.seen[function] = self.finish(self.function(function))
        if self.seen[function] is None:
            raise source_checks.recursion_error(function)
        return self.seen[function]

    def finish(self, copy: FunctionType) -> Any:
        """Hand a copy over to the compiler."""
        return helper(copy, contract=self.contract)


def _without_keyword_only(
    function: FunctionType,
) -> tuple[CodeType, tuple[Any, ...] | None]:
    """Return code and defaults of a function whose keyword-only parameters may come by place.

    The compiler does not know such parameters. They follow those before them in any case.
    """
    code, defaults = function.__code__, function.__defaults__
    names = code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
    by_name = function.__kwdefaults__ or {}
    if not names or not by_name.keys() >= set(names):
        return code, defaults
    count = code.co_argcount + len(names)
    code = code.replace(co_argcount=count, co_kwonlyargcount=0)
    return code, (*(defaults or ()), *(by_name[name] for name in names))


@functools.cache
def module_of(original: ModuleType, dtype: np.dtype) -> ModuleType:
    """Return a module with its constants rounded to `dtype`."""
    module = ModuleType(original.__name__)
    for name, value in vars(original).items():
        setattr(module, name, dtype.type(value) if type(value) is float else value)
    return module
