"""One place for every compiler option: what Python calls, what pointers reach, what is inlined."""

import numba
from numba.extending import register_jitable

from optbench.define import draws
from optbench.errors import UserError
from optbench.kernels.compiling import cache, promotion
from optbench.kernels.compiling.parts import PartCompiler

if numba.config.DISABLE_JIT:
    raise UserError(
        "NUMBA_DISABLE_JIT is set in the environment, so that nothing is compiled; optbench runs "
        "compiled code only: unset it"
    )
for _draw in draws.DRAWS:
    register_jitable(_draw)
promotion.install_on_cpu()

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


def helper(function, inline=False):
    """Compile what only compiled code calls: see `parts`. From Python it cannot be called.

    With `inline` it becomes a part of its caller: an array that is handed over costs nine moves.
    """
    options = dict(no_cpython_wrapper=True, no_cfunc_wrapper=True, forceinline=inline, **OPTIONS)
    return numba.njit(pipeline_class=PartCompiler, **options)(function)
