"""Compiling author code: one place for every compiler option, and dtype-true constants.

Authors write plain Python. Before Numba sees a function, `reading` refuses what cannot be compiled,
and `retype` gives every float in it (literals, defaults, constants of modules and closures, tuples
and arrays of them, ``math.pi``) the kernel's dtype, since one float64 literal turns float32
arithmetic into float64; helper functions that it calls are compiled along with it.
"""

import functools
import math
import types as python_types

import numba
import numpy as np
from numba.extending import register_jitable

from optbench.errors import UserError
from optbench.kernels import cache, meeting, operations, random, reading
from optbench.kernels.fingerprint import is_versioned, names_of
from optbench.kernels.parts import PartCompiler

if numba.config.DISABLE_JIT:
    raise UserError(
        "NUMBA_DISABLE_JIT is set in the environment, so that nothing is compiled; optbench runs "
        "compiled code only: unset it"
    )
for _draw in random.DRAWS:
    register_jitable(_draw)
meeting.install_on_cpu()

# `nnan` and `ninf` are left out on purpose: with them isnan() is false on NaN.
OPTIONS = dict(error_model="numpy", nogil=True, fastmath={"contract"})


def jit(function, signature=None, may_fail=False):
    """Compile `function` with the project's options, at once when a signature is given.

    Then it comes from the cache if it is there; with `may_fail` a failure is remembered too.
    """
    if signature is None:
        return numba.njit(**OPTIONS)(function)
    return cache.compiled(function, signature, OPTIONS, may_fail)


ENTRY_OPTIONS = dict(no_cpython_wrapper=True, **OPTIONS)


def entry(function, signature, may_fail=False):
    """Compile what other compiled code calls through a pointer, as `jit` does."""
    return cache.compiled(function, signature, ENTRY_OPTIONS, may_fail)


def is_kept(function, signature):
    """Say whether `entry` would not have to compile, or not for others (see `cache.kept`)."""
    return cache.kept(function, signature, ENTRY_OPTIONS)


def seeing(function, scope):
    """Return a copy of a plain function that sees the dict `scope` by name, before its globals."""
    known = {**function.__globals__, **scope}
    return python_types.FunctionType(
        function.__code__, known, function.__name__, function.__defaults__
    )


def helper(function, inline=False):
    """Compile what only compiled code calls: see `parts`. From Python it cannot be called.

    With `inline` it becomes a part of its caller: an array that is handed over costs nine moves.
    """
    options = dict(no_cpython_wrapper=True, no_cfunc_wrapper=True, forceinline=inline, **OPTIONS)
    return numba.njit(pipeline_class=PartCompiler, **options)(function)


def retype(function, dtype):
    """Copy a plain Python function so that its float constants have `dtype`.

    Helper functions found in globals and closures are retyped too and compiled on demand.
    Functions that Numba already knows, and everything else, stay as they are.
    """
    return retype_all((function,), dtype)[0]


def retype_all(functions, dtype):
    """Retype several functions; the helpers that they share are compiled once."""
    retyper = Retyper(np.dtype(dtype))
    return [retyper.function(function) for function in functions]


class Retyper:
    """One walk over a function and what it refers to (memoised, so cycles end).

    A target that compiles differently overrides `callee`, `value`, `finish` and `single`.
    """

    single = staticmethod(operations.single)

    def __init__(self, dtype):
        self.dtype = dtype
        self.seen = {}

    def function(self, function):
        """Return a function's copy."""
        if not (function.__module__ or "").startswith("optbench.kernels."):
            reading.check(function)  # the engine's own is handed further names
        code = function.__code__
        names, attributes = reading.global_names(code), names_of(code)
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
                python_types.CellType(self.value(cell.cell_contents, attributes))
                for cell in function.__closure__
            )
        code, defaults = _without_keyword_only(function)
        copy = python_types.FunctionType(
            self.code(code), scope, function.__name__, self.value(defaults), cells
        )
        copy.__module__ = function.__module__
        return copy

    def code(self, code):
        """Return code with its constants retyped."""
        return code.replace(co_consts=tuple(self.value(c) for c in code.co_consts))

    def value(self, value, attributes=frozenset()):
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
        if isinstance(value, python_types.CodeType):
            return self.code(value)
        if value is math or value is np:
            return module_of(value, self.dtype)
        if isinstance(value, python_types.ModuleType) and not is_versioned(value):
            return self.module(value, attributes)
        if isinstance(value, python_types.FunctionType):
            return self.callee(value)
        return value

    def module(self, original, attributes):
        """Return a module of the author's with what is used of it retyped."""
        copy = python_types.ModuleType(original.__name__)
        for name in attributes & vars(original).keys():
            setattr(copy, name, self.value(getattr(original, name), attributes))
        return copy

    def callee(self, function):
        """Return what stands for a plain function in the copies of its callers."""
        function = _stood_for().get(function, function)
        if function in _intrinsics():
            drawn = self.dtype == np.float32 and function in (random.uniform, random.normal)
            return self.rounded(function) if drawn else function
        return self.compiled(function)

    def rounded(self, draw):
        """Return a draw whose numbers, the same in every dtype, are rounded to this one."""
        if draw not in self.seen:
            number = self.dtype.type

            def rounded(key, i):
                return number(draw(key, i))

            self.seen[draw] = self.finish(rounded)
        return self.seen[draw]

    def compiled(self, function):
        """Return a function's copy, compiled as a part of its callers; each is made once."""
        if function not in self.seen:
            self.seen[function] = None
            self.seen[function] = self.finish(self.function(function))
        if self.seen[function] is None:
            raise reading.calls_itself(function)
        return self.seen[function]

    def finish(self, copy):
        """Hand a copy over to the compiler."""
        return helper(copy)


def _without_keyword_only(function):
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
def module_of(original, dtype):
    """Return a module with its constants rounded to `dtype`."""
    module = python_types.ModuleType(original.__name__)
    for name, value in vars(original).items():
        setattr(module, name, dtype.type(value) if type(value) is float else value)
    return module


@functools.cache
def _stood_for():
    """What authors' stand-ins for primitives become."""
    from optbench import shares
    from optbench.kernels import primitives

    return {function: getattr(primitives, function.__name__) for function in shares.PRIMITIVES}


@functools.cache
def _intrinsics():
    """Plain functions that compiled code knows by overload."""
    from optbench import define
    from optbench.kernels.primitives import PRIMITIVES

    return frozenset({define.where, *random.DRAWS, *PRIMITIVES})
