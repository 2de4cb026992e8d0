"""BLAS: kept to one thread while SciPy solves, and the kernels that it has picked.

Small matrices are slower with more threads: on a busy machine they wait for each other at every
product of two vectors, and L-BFGS in two dimensions then took ten times as long.
"""

import contextlib
import functools
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController

    from optbench.catalog.instance import Problem


class _OneThread:
    """How many ask for one thread now: the first of them sets it, the last one sets it back.

    The setting is the process's. Were each to set back what it met, one of two that overlap would
    have the other's products run on several threads, and leave them at one for ever.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.asking = 0
        self.limits: Any = None
        self.let_go: Callable[..., None] | None = None

    def ask(self) -> None:
        # Here and not below: where a process ends within a context, nothing can be imported.
        from threadpoolctl import OpenBLASController

        with self.lock:
            self.let_go = OpenBLASController.clear_controlling_thread
            if not self.asking:
                self.limits = _libraries().limit(limits=1, user_api="blas")
            self.asking += 1

    def give_back(self) -> None:
        with self.lock:
            self.asking -= 1
            if not self.asking and self.let_go is not None:
                # Of OpenBLAS's threads only who set them may set them again, unless it is let go.
                self.let_go(force=True)
                self.limits.restore_original_limits()
                self.let_go(force=True)


_ONE_THREAD = _OneThread()


def _unlocked() -> None:
    """Have a lock that nobody holds: the other threads are not a forked process's."""
    _ONE_THREAD.lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_unlocked)


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Keep BLAS to one thread, until nobody asks for that any more."""
    _ONE_THREAD.ask()
    try:
        yield
    finally:
        _ONE_THREAD.give_back()


def one_blas_thread_of_nets(problem: "Problem") -> AbstractContextManager[None]:
    """Return a context in which lanes of a problem run: threads of BLAS would fight those of nets.

    Surfaces do without BLAS, and do not load it.
    """
    return one_blas_thread() if problem.across else contextlib.nullcontext()


@functools.cache
def _libraries() -> "ThreadpoolController":
    """Return the libraries with threads of their own: to look for them takes milliseconds."""
    import scipy.linalg  # noqa: F401  # it loads one of them
    from threadpoolctl import ThreadpoolController  # lanes on surfaces do without both

    return ThreadpoolController()


@functools.cache
def blas_kernels() -> str:
    """Return for which processor BLAS has picked its kernels, such as "Zen"; "" if unknown.

    It goes by the processor unless ``OPENBLAS_CORETYPE`` says otherwise, and kernels differ in the
    last bits of what they sum. NumPy's library is asked, which is always there: what a process says
    of itself must not depend on whether SciPy's has been loaded.
    """
    import numpy as np
    from threadpoolctl import threadpool_info

    found = [one for one in threadpool_info() if one["user_api"] == "blas"]
    home = Path(np.__file__).parent
    own = [one for one in found if home.name in Path(one["filepath"]).parent.name]
    return ", ".join(sorted({str(one["architecture"]) for one in own or found
                             if "architecture" in one}))  # fmt: skip
