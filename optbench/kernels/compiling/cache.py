"""Compiled functions on disk, by content: what is loaded is what would have been compiled.

Numba's own cache goes by file names and dates: it misses edits of functions in other files and of
compile options. Here the key is a fingerprint of everything that the machine code depends on (see
`fingerprint`), and `entries` has the files. An entry holds the object code with all callees, and
no types: those are the caller's (see `saved_units`). What is not there may have come with the
package as bitcode (see `shipped`): then it is turned into an entry.
"""

import collections
import functools
import pickle
import secrets
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numba
from numba.core import errors, sigutils, types
from numba.core.bytecode import FunctionIdentity
from numba.core.caching import NullCache
from numba.core.dispatcher import Dispatcher
from numba.core.typing import Signature
from numba.core.typing import signature as typed

from optbench.kernels.compiling import entries, promotion, shipped
from optbench.kernels.compiling.fingerprint import UnknownValueError, fingerprint
from optbench.kernels.compiling.loading import as_asked
from optbench.kernels.compiling.passes import LeanCompiler
from optbench.kernels.compiling.saved_units import dumped, rebuilt, reduced, set_environments
from optbench.kernels.compiling.surroundings import ENGINE_DIGEST, engine_digest
from optbench.waiting import without_collections, working

# Numba numbers functions 1, 2, ... to tell their symbols apart. Entries of several processes meet
# in one, where a symbol of the same name would be taken for the same function: so numbers are
# random.
FunctionIdentity._unique_ids = iter(functools.partial(secrets.randbits, 64), None)

COUNTS: collections.Counter[str] = collections.Counter()
"""What happened in this process: "loaded", "compiled", "known to fail"."""


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
    dispatcher = numba.njit(pipeline_class=LeanCompiler, **options)(function)
    arguments, result = sigutils.normalize_signature(signature)
    unit = _Unit.of(dispatcher, typed(result, *arguments))
    if unit is not None:
        dispatcher._cache = as_asked(unit)
    try:
        name = function.__name__.strip("_").replace("_", " ")
        with (
            working(f"compiling {name} (once)"),
            promotion.kernels_of(_dtype(arguments)),
            without_collections(),
        ):
            dispatcher.compile(signature)
    except errors.TypingError as error:
        if may_fail and unit is not None:
            unit.save(str(error))
        raise
    if not dispatcher.stats.cache_hits:
        set_environments(*dispatcher.overloads.values())
    dispatcher.disable_compile()
    return dispatcher


def _dtype(arguments: Iterable[types.Type]) -> str:
    """Return the dtype of a kernel, by the first array or group of arrays that it takes."""
    for kind in arguments:
        for dtype in getattr(kind, "dtypes", [getattr(kind, "dtype", None)]):
            if str(dtype).startswith("float"):
                return str(dtype)
    return "float64"


class _Unit(NullCache):
    """One function's entry in the cache, with the interface of Numba's own caches."""

    def __init__(self, folder: Path, key: str, dispatcher: Dispatcher, signature: Signature):
        self.folder, self.key = folder, key
        self.dispatcher, self.signature = dispatcher, signature

    @classmethod
    def of(cls, dispatcher: Dispatcher, signature: Signature) -> "_Unit | None":
        """Return the entry of a function, or None if it cannot be cached."""
        try:
            key = fingerprint(dispatcher, signature)
            return cls(entries.usable(), key, dispatcher, signature)
        except (entries.CacheOffError, UnknownValueError):
            return None

    def content(self) -> bytes | None:
        """Return what is saved, or None."""
        return entries.read(self.folder, self.key)

    def load_overload(self, signature, context):
        """Return the compiled function, or None; raise what compiling it raised before."""
        content = self.content()
        if content is None:
            return self.load_shipped(context)
        try:
            saved = pickle.loads(content)
            if isinstance(saved, str):
                failure = errors.TypingError(saved)
            else:
                failure, result = None, rebuilt(saved, self.signature, context)
        except Exception as error:  # whatever is wrong with it, compiling anew puts it right
            why = f"cannot be loaded ({type(error).__name__}: {error})"
            entries.discard(self.folder, self.key, why)
            return None
        if failure:
            COUNTS["known to fail"] += 1
            raise failure
        COUNTS["loaded"] += 1
        return result

    def load_shipped(self, context):
        """Return the function from what came with the package, and keep its machine code."""
        unit = shipped.load(self.dispatcher, self.signature, context)
        if unit is None:
            return None
        COUNTS["shipped"] += 1
        self.save(unit.saved)
        return unit.result

    def save_overload(self, signature, result):
        """Keep a function that was just compiled, where that is possible."""
        COUNTS["compiled"] += 1
        if not (result.lifted or result.reload_init or result.library.has_dynamic_globals):
            self.save(reduced(result))

    def save(self, value: Any) -> None:
        """Write what `reduced` returned, or a message, unless the engine's files have changed."""
        if engine_digest() != ENGINE_DIGEST:
            return
        content = dumped(value)
        if content is not None:
            entries.write(self.folder, self.key, content)
