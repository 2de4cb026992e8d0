"""Compiled functions on disk, by content: what is loaded is what would have been compiled.

Numba's own cache goes by file names and dates: it misses edits of functions in other files and of
compile options. Here the key is a fingerprint of everything that the machine code depends on (see
`fingerprint`), and `entries` has the files. An entry holds the object code with all callees, and
no types: those are the caller's.
"""

import collections
import copy
import functools
import io
import itertools
import pickle
import secrets
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import llvmlite.binding as llvm
import numba
from numba.core import environment, errors, sigutils, types
from numba.core.base import BaseContext
from numba.core.bytecode import FunctionIdentity
from numba.core.caching import NullCache
from numba.core.codegen import CodeLibrary
from numba.core.compiler import CompileResult
from numba.core.dispatcher import Dispatcher
from numba.core.runtime import rtsys
from numba.core.serialize import NumbaPickler
from numba.core.typing import Signature
from numba.core.typing import signature as typed
from numba.np.linalg import ensure_blas

from optbench.kernels.compiling import entries, promotion
from optbench.kernels.compiling.fingerprint import (
    ENGINE_DIGEST,
    UnknownValueError,
    engine_digest,
    fingerprint,
)
from optbench.kernels.compiling.loading import as_asked
from optbench.waiting import working

# Numba numbers functions 1, 2, ... to tell their symbols apart. Entries of several processes meet
# in one, where a symbol of the same name would be taken for the same function: so numbers are
# random.
FunctionIdentity._unique_ids = iter(functools.partial(secrets.randbits, 64), None)

COUNTS: collections.Counter[str] = collections.Counter()
"""What happened in this process: "loaded", "compiled", "known to fail"."""
PROVIDERS: dict[str, Callable[[list[str]], object]] = {"numba_xx": lambda names: ensure_blas()}
"""What loads code outside of Numba from its symbols, by the beginning of their names.

The compiler calls it too: who limits the threads of BLAS must find it loaded."""


def compiled(
    function: Callable[..., Any],
    signature: Signature | str,
    options: dict[str, Any],
    may_fail: bool = False,
) -> Dispatcher:
    """Return `function` compiled for one signature, from the cache if it is there.

    Parameters
    ----------
    function : function
    signature : Signature or str
        With its return type.
    options : dict
        Options of `numba.njit`.
    may_fail : bool
        Whether the caller has something else to try, so that a failure is worth remembering.

    Returns
    -------
    Dispatcher

    Raises
    ------
    numba.core.errors.NumbaError
        If the function does not compile.
    """
    dispatcher = numba.njit(**options)(function)
    arguments, result = sigutils.normalize_signature(signature)
    unit = _Unit.of(dispatcher, typed(result, *arguments))
    if unit is not None:
        dispatcher._cache = as_asked(unit)
    try:
        name = function.__name__.strip("_").replace("_", " ")
        with working(f"compiling {name} (once)"), promotion.kernels_of(_dtype(arguments)):
            dispatcher.compile(signature)
    except errors.TypingError as error:
        if may_fail and unit is not None:
            unit.save(str(error))
        raise
    if not dispatcher.stats.cache_hits:
        _set_environments(*dispatcher.overloads.values())
    dispatcher.disable_compile()
    return dispatcher


def _dtype(arguments: Iterable[types.Type]) -> str:
    """Return the dtype of a kernel, by the first array or group of arrays that it takes."""
    for kind in arguments:
        for dtype in getattr(kind, "dtypes", [getattr(kind, "dtype", None)]):
            if str(dtype).startswith("float"):
                return str(dtype)
    return "float64"


def is_cached(
    function: Callable[..., Any], signature: Signature | str, options: dict[str, Any]
) -> bool:
    """Say whether `compiled` of the same would load it, or could not save it for others."""
    arguments, result = sigutils.normalize_signature(signature)
    unit = _Unit.of(numba.njit(**options)(function), typed(result, *arguments))
    return unit is None or entries.read(unit.folder, unit.key) is not None


class _Unit(NullCache):
    """One function's entry in the cache, with the interface of Numba's own caches."""

    def __init__(self, folder: Path, key: str, signature: Signature):
        self.folder, self.key, self.signature = folder, key, signature

    @classmethod
    def of(cls, dispatcher: Dispatcher, signature: Signature) -> "_Unit | None":
        """Return the entry of a function, or None if it cannot be cached."""
        try:
            return cls(entries.usable(), fingerprint(dispatcher, signature), signature)
        except (entries.CacheOffError, UnknownValueError):
            return None

    def load_overload(self, signature, context):
        """Return the compiled function, or None; raise what compiling it raised before."""
        content = entries.read(self.folder, self.key)
        if content is None:
            return None
        try:
            saved = pickle.loads(content)
            if isinstance(saved, str):
                failure = errors.TypingError(saved)
            else:
                failure, result = None, _rebuilt(saved, self.signature, context)
        except Exception:  # whatever is wrong with it, compiling anew puts it right
            entries.discard(self.folder, self.key)
            return None
        if failure:
            COUNTS["known to fail"] += 1
            raise failure
        COUNTS["loaded"] += 1
        return result

    def save_overload(self, signature, result):
        """Keep a function that was just compiled, where that is possible."""
        COUNTS["compiled"] += 1
        if not (result.lifted or result.reload_init or result.library.has_dynamic_globals):
            self.save(_reduced(result))

    def save(self, value: Any) -> None:
        """Write what `_reduced` returned, or a message, unless the engine's files have changed."""
        if engine_digest() != ENGINE_DIGEST:
            return
        with io.BytesIO() as stream:
            try:
                _Pickler(stream, protocol=5).dump(value)
            except (pickle.PicklingError, TypeError, AttributeError):
                return
            entries.write(self.folder, self.key, stream.getvalue())


# ------------------------------------------------------------------------- to bytes and back


class _Pickler(NumbaPickler):
    """Keeps of an environment what compiled code uses: its constants, not its module."""

    def reducer_override(self, value):
        if type(value) is environment.Environment:
            return _environment, (value.env_name, list(value.consts))
        return super().reducer_override(value)


def _set_environments(result: CompileResult) -> None:
    """Give code that was just compiled the environments of the parts that are linked into it.

    Numba does so for functions that it finishes one by one, and for what comes from a cache. Code
    that looks for one in vain, to turn a number into a Python object, fails; if it holds the
    interpreter's lock just then, it never gives it back.
    """
    for variable in result.library._final_module.global_variables:
        part = environment.lookup_environment(variable.name)
        if part is not None:
            result.library.codegen.set_env(variable.name, part)


def _environment(name: str, constants: list[Any]) -> environment.Environment:
    """Return the environment of a name, a new one if there is none."""
    there = environment.lookup_environment(name)
    if there is None:
        there = environment.Environment({"__name__": __name__})
        there.env_name = name
        there.consts[:] = constants
        environment.Environment._memo[name] = there
    return there


def _reduced(result: CompileResult) -> tuple[Any, ...]:
    """Return what has to be saved of a compile result."""
    description = copy.copy(result.fndesc)
    description.typemap = description.calltypes = None
    description.restype = description.argtypes = None
    module = result.library._final_module
    outside = itertools.chain(module.functions, module.global_variables)
    symbols = [value.name for value in outside if value.is_declaration]
    return (
        result.library.serialize_using_object_code(),
        description,
        result.environment,
        result._find_referenced_environments(),
        [name for name in symbols if not name.startswith("llvm.")],
    )


def _rebuilt(saved: tuple[Any, ...], signature: Signature, context: BaseContext) -> CompileResult:
    """Return the compile result again, with the types of `signature`."""
    library, description, own, others, symbols = saved
    description.restype, description.argtypes = signature.return_type, signature.args
    rtsys.initialize(context)
    for prefix, provide in PROVIDERS.items():
        if names := [name for name in symbols if name.startswith(prefix)]:
            provide(names)
    if not _resolved(symbols):
        context.refresh()  # loads all that Numba knows, which takes a while
        if not _resolved(symbols):
            raise LookupError("a symbol is missing")  # LLVM would end the process
    result = CompileResult._rebuild(
        context, library, description, own, signature, False, (), "", (), others
    )
    _make_inspectable(result.library)
    return result


def _resolved(symbols: Iterable[str]) -> bool:
    """Say whether LLVM knows all symbols."""
    return all(llvm.address_of_symbol(name) for name in symbols)


def _make_inspectable(library: CodeLibrary) -> None:
    """Let a loaded library show its code as a compiled one does."""
    library.get_llvm_str = lambda: str(library._shared_module)
    library.get_asm_str = lambda: str(library.codegen._tm.emit_assembly(library._shared_module))
