"""BLAS kept to one thread while SciPy solves: small matrices are slower with more.

On a busy machine its threads wait for each other at every product of two vectors; L-BFGS in two
dimensions then took ten times as long.
"""

import contextlib
import functools
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController

    from optbench.catalog.instance import Problem


def one_blas_thread() -> AbstractContextManager[Any]:
    """Return a context in which BLAS has one thread."""
    limits: AbstractContextManager[Any] = _libraries().limit(limits=1, user_api="blas")
    return limits


def one_blas_thread_of_nets(problem: "Problem") -> AbstractContextManager[Any]:
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
