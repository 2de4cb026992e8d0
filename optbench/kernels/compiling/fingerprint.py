"""What machine code depends on, as one digest: the key of the compile cache.

A function counts as its bytecode and constants, what its closure and its globals hold, its options,
and the same of every function that it calls. Bytecode is what Numba compiles, so comments, blank
lines and moved lines change nothing, and it is that of this process, whatever has become of the
source file since it was imported. Values that are not understood have no fingerprint, and code that
uses them is not cached.

Functions of the engine count as their names: every file of it is a part of every key, but those
that serve CUDA alone.
"""

import enum
import functools
import hashlib
import sys
import types as python_types
from pathlib import Path
from typing import Any

import numpy as np
from numba.core import types
from numba.core.dispatcher import Dispatcher
from numba.core.extending import _Intrinsic
from numba.core.typing import Signature

from optbench.kernels.compiling.surroundings import FOLDER, surroundings

_PLAIN = (type(None), bool, int, float, complex, str, bytes, type(...), range, slice)
_VERSIONED = {"builtins", "numpy", "numba", "llvmlite", *sys.stdlib_module_names}
"""Packages whose contents are known by their versions, which are a part of every key."""


class UnknownValueError(Exception):
    """A value that compiled code may depend on in ways that are not known."""


def fingerprint(
    dispatcher: Dispatcher, signature: Signature, around: tuple[Any, ...] | None = None
) -> str:
    """Return the key of a Numba function compiled for a signature.

    Parameters
    ----------
    dispatcher : Dispatcher
    signature : numba.core.typing.Signature
    around : tuple, optional
        What is the same for all functions, by default `surroundings`.

    Returns
    -------
    str
        64 hexadecimal digits.

    Raises
    ------
    UnknownValueError
        If the code uses a value that is not understood.
    """
    walk = _Walk()
    walk.value(surroundings() if around is None else around)
    walk.value(dispatcher)
    walk.value((signature.return_type, *signature.args))
    return walk.hash.hexdigest()


def digest_of(*values: Any) -> str:
    """Return a digest of functions, with all that they refer to, and of values.

    Raises
    ------
    UnknownValueError
        If a function uses a value that is not understood.
    """
    walk = _Walk()
    walk.value(values)
    return walk.hash.hexdigest()


def names_of(code: python_types.CodeType) -> set[str]:
    """Return the names of globals and attributes in code: Python tells no difference."""
    names = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, python_types.CodeType):
            names |= names_of(constant)
    return names


def is_versioned(value: Any) -> bool:
    """Say whether a function, class or module has its name in a package known by its version."""
    if isinstance(value, python_types.ModuleType):
        module, named = value.__name__, sys.modules.get(value.__name__)
    else:
        module = getattr(value, "__module__", None) or "numpy"  # some ufuncs do not tell
        named = sys.modules.get(module)
        for name in getattr(value, "__qualname__", value.__name__).split("."):
            named = getattr(named, name, None)
    return named is value and module.partition(".")[0] in _VERSIONED


def _is_of_cuda(value: Any, name: str) -> bool:
    """Say whether a value is of a class of Numba's CUDA target, which has its own."""
    return any(
        kind.__name__ == name and kind.__module__.startswith("numba.cuda.")
        for kind in type(value).__mro__
    )


def _measured(part: Any) -> bytes:
    """Return a text as bytes, after their number."""
    data = part if isinstance(part, bytes) else str(part).encode()
    return len(data).to_bytes(8, "little") + data


@functools.cache
def _head(kind: type) -> bytes:
    """Return what is hashed of a value's type, before the value: there are few types."""
    return _measured(kind.__module__) + _measured(kind.__qualname__)


class _Walk:
    """One walk over a function and what it refers to; each object is entered once."""

    def __init__(self) -> None:
        self.hash = hashlib.sha256()
        self.seen: dict[Any, tuple[int, Any]] = {}

    def put(self, *parts: Any) -> None:
        """Hash texts, with their lengths so that no two sequences read the same."""
        for part in parts:
            self.hash.update(_measured(part))

    def seen_before(self, *identity: Any) -> bool:
        """Say whether these very objects were here before; note them if not."""
        key = tuple(map(id, identity[:1])) + identity[1:]
        if key in self.seen:
            self.put("again", self.seen[key][0])
            return True
        self.seen[key] = len(self.seen), identity  # holding them keeps their ids from reuse
        return False

    def value(self, value: Any, names: frozenset[str] = frozenset()) -> None:
        """Hash any value; of a module what `names` picks."""
        kind = type(value)
        self.hash.update(_head(kind))
        if kind in _PLAIN:
            self.put(repr(value))
        elif isinstance(value, enum.Enum):
            self.put(value.name)
            self.value(value.value)
        elif isinstance(value, (tuple, list)):
            self.put(len(value), *getattr(value, "_fields", ()))
            for item in value:
                self.value(item)
        elif isinstance(value, dict):
            self.value(list(value.items()))
        elif isinstance(value, (set, frozenset)):
            if any(type(item) not in _PLAIN for item in value):
                raise UnknownValueError(repr(value))
            self.put(*sorted(f"{type(item).__name__} {item!r}" for item in value))
        elif isinstance(value, (np.generic, np.ndarray)):
            self.array(np.asarray(value))
        elif isinstance(value, types.Type):
            self.numba_type(value)
        else:
            self.code_or_name(value, names)

    def code_or_name(self, value: Any, names: frozenset[str]) -> None:
        """Hash what refers to code, or raise."""
        if isinstance(value, python_types.CodeType):
            self.code(value)
        elif isinstance(value, Dispatcher) or _is_of_cuda(value, "CUDADispatcher"):
            self.value(value.targetoptions)
            self.value(value.py_func)
        elif isinstance(value, _Intrinsic) or _is_of_cuda(value, "_Intrinsic"):
            self.value(value._defn)
        elif isinstance(value, python_types.ModuleType):
            self.module(value, names)
        elif not hasattr(value, "__name__"):
            raise UnknownValueError(f"{type(value).__qualname__}: {value!r}")
        elif is_versioned(value):
            self.put(getattr(value, "__module__", ""), value.__name__)
        elif isinstance(value, python_types.FunctionType):
            self.function(value)
        elif isinstance(value, type):
            self.type(value)
        else:
            raise UnknownValueError(repr(value))

    def code(self, code: python_types.CodeType) -> None:
        self.put(
            code.co_code, code.co_exceptiontable, code.co_flags, code.co_argcount,
            code.co_posonlyargcount, code.co_kwonlyargcount,
        )  # fmt: skip
        for part in (
            code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars, code.co_consts,
        ):  # fmt: skip
            self.value(part)

    def function(self, function: python_types.FunctionType) -> None:
        if self.seen_before(function):
            return
        code, scope = function.__code__, function.__globals__
        self.code(code)
        self.value(function.__defaults__)
        self.value(function.__kwdefaults__)
        for cell in function.__closure__ or ():
            try:
                content = cell.cell_contents
            except ValueError:  # a function that is defined further down
                raise UnknownValueError(f"{function.__qualname__}: an empty cell") from None
            self.value(content)
        module = sys.modules.get(function.__module__)
        here = module is not None and scope is vars(module)
        # The globals of the engine's own functions follow from its files.
        if here and Path(code.co_filename).is_relative_to(FOLDER):
            self.put(function.__module__, function.__qualname__)
            return
        names = frozenset(names_of(code))
        for name in sorted(names):
            if name in scope:
                self.put(name)
                self.value(scope[name], names)

    def module(self, module: python_types.ModuleType, names: frozenset[str]) -> None:
        self.put(module.__name__)
        if is_versioned(module) or self.seen_before(module, names):
            return
        for name in sorted(names):
            if hasattr(module, name):
                self.put(name)
                self.value(getattr(module, name), names)

    def type(self, kind: type) -> None:
        """Hash a class: code can make its namedtuples, look up its members, or raise it."""
        self.put(kind.__module__, kind.__qualname__)
        if issubclass(kind, enum.Enum):
            self.value([(member.name, member.value) for member in kind])
        elif issubclass(kind, tuple) and hasattr(kind, "_fields"):
            self.value(kind._fields)
        elif not issubclass(kind, BaseException):
            raise UnknownValueError(repr(kind))

    def numba_type(self, kind: types.Type) -> None:
        if isinstance(kind, types.Dispatcher):
            self.value(kind.dispatcher)
            return
        if isinstance(kind, types.BaseTuple):
            self.put(*getattr(kind, "fields", ()))
            for part in kind:
                self.numba_type(part)
        text = str(kind)
        if " at 0x" in text or "#" in text:  # an address: another one in the next process
            raise UnknownValueError(text)
        self.put(text)

    def array(self, array: np.ndarray) -> None:
        if array.dtype.hasobject:
            raise UnknownValueError("an array of Python objects")
        self.put(array.dtype.descr, array.shape, array.flags.c_contiguous, array.flags.f_contiguous)
        self.put(array.tobytes())
