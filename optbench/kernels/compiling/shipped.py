"""Bitcode that came with the package: units that hold no author's code, for any processor.

A unit is kept as what the optimiser left of it, before code for a processor is made. That last step
takes a tenth of the time, and what it gives has the same bytes of results wherever the optimiser
ran. So one file serves all processors, or all of one level of SIMD instructions where the code asks
for the level. A file's name is a fingerprint of all else that it follows from, so one that is stale
or of another platform, Python or Numba is never found. `lanes.release` makes them.
"""

import contextlib
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import llvmlite.binding as llvm
from numba.core.base import BaseContext
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompileResult
from numba.core.dispatcher import Dispatcher
from numba.core.registry import cpu_target
from numba.core.typing import Signature

from optbench.kernels.compiling import entries
from optbench.kernels.compiling.fingerprint import UnknownValueError, fingerprint
from optbench.kernels.compiling.saved_units import dumped, rebuilt, reduced
from optbench.kernels.compiling.surroundings import portable

FOLDER = Path(__file__).with_name("bitcode")
"""Where the units are; it may not be there."""


class Unit(NamedTuple):
    """A unit that came with the package, as machine code for this processor."""

    result: CompileResult
    saved: tuple[Any, ...]  # what `saved_units.reduced` would return of it


def key(dispatcher: Dispatcher, signature: Signature, by_level: bool) -> str:
    """Return the name of a unit's file, for all processors or those of this level."""
    return fingerprint(dispatcher, signature, portable(by_level))


def _find(dispatcher: Dispatcher, signature: Signature) -> bytes | None:
    """Return the content of a unit's file, or None."""
    if not FOLDER.is_dir():
        return None
    with contextlib.suppress(UnknownValueError):
        for by_level in (False, True):
            name = key(dispatcher, signature, by_level)
            content = entries.content(FOLDER, name)
            if content is not None:
                return content
    return None


def load(dispatcher: Dispatcher, signature: Signature, context: BaseContext) -> Unit | None:
    """Return a unit that came with the package, or None.

    One that does not load, where a library that it calls is missing, has to be compiled.
    """
    content = _find(dispatcher, signature)
    if content is None:
        return None
    (name, _, bitcode), *rest = pickle.loads(content)
    machine_code = context.codegen()._tm.emit_object(llvm.parse_bitcode(bitcode))
    code = (name, "object", (machine_code, bitcode))
    try:
        result = rebuilt((code, *rest), signature, context)
    except LookupError:
        return None
    (_, *rest) = pickle.loads(content)  # `rebuilt` has written the types into the other one
    return Unit(result, (code, *rest))


# ----------------------------------------------------------------------------- for who makes them


class _Recording(JITCodeLibrary):
    """A library that keeps what the optimiser left: making machine code changes it."""

    optimised = b""

    def _optimize_final_module(self):
        super()._optimize_final_module()
        self.optimised = self._final_module.as_bitcode()


@contextlib.contextmanager
def recording() -> Iterator[None]:
    """Have functions that are compiled keep what `write` needs."""
    codegen = cpu_target.target_context.codegen()
    codegen._library_class = _Recording
    try:
        yield
    finally:
        del codegen._library_class


def write(dispatcher: Dispatcher, folder: Path, by_level: bool) -> Path:
    """Write the bitcode of a function that was compiled under `recording`; return its file.

    Raises
    ------
    ValueError
        If it was compiled otherwise, or cannot be saved.
    """
    (result,) = dispatcher.overloads.values()
    bitcode = getattr(result.library, "optimised", b"")
    content = bitcode and dumped(reduced(result, (result.library.name, "bitcode", bitcode)))
    if not content:
        raise ValueError(f"{dispatcher.py_func.__qualname__} has no bitcode that can be saved")
    name = key(dispatcher, result.signature, by_level)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / (name + entries.SUFFIX)
    path.write_bytes(entries.packed(name, content))
    return path
