"""Compiled functions as bytes, and back: their code, and what Numba must know of it.

The code is machine code, or what the optimiser left of it before a processor was chosen (see
`shipped`). Types are not saved: those are the caller's.
"""

import copy
import io
import itertools
import pickle
from collections.abc import Callable, Iterable
from typing import Any

import llvmlite.binding as llvm
from numba.core import environment
from numba.core.base import BaseContext
from numba.core.codegen import CodeLibrary
from numba.core.compiler import CompileResult
from numba.core.runtime import _nrt_python
from numba.core.serialize import NumbaPickler
from numba.core.typing import Signature


def _blas(names: list[str]) -> None:
    """Load what Numba calls BLAS by."""
    from numba.np.linalg import ensure_blas  # and with it all that Numba knows of arrays

    ensure_blas()


def _runtime(names: list[str]) -> None:
    """Name functions of Numba's runtime to LLVM.

    `rtsys.initialize` does so too, and compiles what code that is loaded has in itself already.
    """
    for name in names:
        function = _nrt_python.c_helpers.get(name.removeprefix("NRT_"))
        if function is not None:
            llvm.add_symbol(name, function)


PROVIDERS: dict[str, Callable[[list[str]], object]] = {"numba_xx": _blas, "NRT_": _runtime}
"""What loads code outside of Numba from its symbols, by the beginning of their names.

The compiler calls it too: who limits the threads of BLAS must find it loaded."""


class _Pickler(NumbaPickler):
    """Keeps of an environment what compiled code uses: its constants, not its module."""

    def reducer_override(self, value):
        if type(value) is environment.Environment:
            return _environment, (value.env_name, list(value.consts))
        return super().reducer_override(value)


def dumped(value: Any) -> bytes | None:
    """Return what `reduced` returned, or a message, as bytes; None where that is not possible."""
    with io.BytesIO() as stream:
        try:
            _Pickler(stream, protocol=5).dump(value)
        except (pickle.PicklingError, TypeError, AttributeError):
            return None
        return stream.getvalue()


def set_environments(result: CompileResult) -> None:
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


def reduced(result: CompileResult, code: Any = None) -> tuple[Any, ...]:
    """Return what has to be saved of a compile result.

    Parameters
    ----------
    result : CompileResult
    code : optional
        Its library as Numba serializes it; by default as machine code.
    """
    description = copy.copy(result.fndesc)
    description.typemap = description.calltypes = None
    description.restype = description.argtypes = None
    module = result.library._final_module
    outside = itertools.chain(module.functions, module.global_variables)
    symbols = [value.name for value in outside if value.is_declaration]
    return (
        code or result.library.serialize_using_object_code(),
        description,
        result.environment,
        result._find_referenced_environments(),
        [name for name in symbols if not name.startswith("llvm.")],
    )


def rebuilt(saved: tuple[Any, ...], signature: Signature, context: BaseContext) -> CompileResult:
    """Return the compile result again, with the types of `signature`.

    Raises
    ------
    LookupError
        If the code calls what is not there.
    """
    library, description, own, others, symbols = saved
    description.restype, description.argtypes = signature.return_type, signature.args
    for prefix, provide in PROVIDERS.items():
        if names := [name for name in symbols if name.startswith(prefix)]:
            provide(names)
    if not _resolved(symbols):
        context.refresh()  # loads all that Numba knows, its runtime too, which takes a while
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
