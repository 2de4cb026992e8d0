"""One place for every compiler option: what Python calls, what pointers reach, what is inlined."""

from collections.abc import Callable
from typing import Any

import numba
from llvmlite import binding
from numba.core.dispatcher import Dispatcher
from numba.core.typing import Signature
from numba.extending import register_jitable

from optbench.define import draws
from optbench.errors import UserError
from optbench.kernels.compiling import cache, promotion
from optbench.kernels.compiling.parts import part

if numba.config.DISABLE_JIT:
    raise UserError(
        "NUMBA_DISABLE_JIT is set in the environment, so that nothing is compiled; optbench runs "
        "compiled code only: unset it"
    )
for _draw in draws.DRAWS:
    # Built into a loop over examples, a permutation leaves there only what hangs on the example.
    register_jitable(forceinline=_draw in (draws.permuted, draws.shuffled))(_draw)
promotion.install_on_cpu()

# `nnan` and `ninf` are left out on purpose: with them isnan() is false on NaN.
OPTIONS: dict[str, Any] = dict(error_model="numpy", nogil=True, fastmath={"contract"})


def jit(
    function: Callable[..., Any],
    signature: Signature | str | None = None,
    may_fail: bool = False,
    **more: Any,
) -> Dispatcher:
    """Compile `function` with the project's options, at once when a signature is given.

    Then it comes from the cache if it is there; with `may_fail` a failure is remembered too. `more`
    are further options.
    """
    options = {**OPTIONS, **more}
    if signature is None:
        return numba.njit(**options)(function)
    return cache.compiled(function, signature, options, may_fail)


BY_SYMBOL = dict(no_cfunc_wrapper=False)
"""Further options of an `entry` that compiled code calls by a symbol."""
ENTRY_OPTIONS: dict[str, Any] = dict(no_cpython_wrapper=True, no_cfunc_wrapper=True, **OPTIONS)


def entry(
    function: Callable[..., Any],
    signature: Signature | str,
    may_fail: bool = False,
    **more: Any,
) -> Dispatcher:
    """Compile what other compiled code calls through a pointer, as `jit` does.

    `more` are further options.
    """
    return cache.compiled(function, signature, {**ENTRY_OPTIONS, **more}, may_fail)


def add_symbol(function: Dispatcher, symbol: str) -> str:
    """Let compiled code call an `entry` with `BY_SYMBOL` by a symbol; return the symbol."""
    (result,) = function.overloads.values()
    address = result.library.get_pointer_to_function(result.fndesc.llvm_cfunc_wrapper_name)
    binding.add_symbol(symbol, address)
    return symbol


def helper(function: Callable[..., Any], inline: bool = False, contract: bool = True) -> Dispatcher:
    """Compile what only compiled code calls: see `parts`. From Python it cannot be called.

    With `inline` it becomes a part of its caller: an array that is handed over costs nine moves.
    Without `contract` numbers are rounded after every operation; of Vecs their types decide.
    """
    options = dict(no_cpython_wrapper=True, no_cfunc_wrapper=True, forceinline=inline, **OPTIONS)
    if not contract:
        options["fastmath"] = False
    return part(function, options)
