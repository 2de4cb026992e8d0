"""BLAS kept to one thread while SciPy solves and lanes run: small matrices are slower with more.

On a busy machine its threads wait for each other at every product of two vectors; L-BFGS in two
dimensions then took ten times as long.

SciPy brings a BLAS of its own with `scipy.linalg`, whose import takes as long as a small study. So
it is limited when it is there: who solves asks for `one_scipy_thread`, from whatever thread, also
within a `one_blas_thread` that began without it.
"""

import contextlib
import functools
import sys
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController

_SCIPY = "scipy.linalg"


class _Limits:
    """Libraries that are kept to one thread as long as anybody wants them to be."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.wanted = 0
        self.limits = contextlib.ExitStack()
        self.with_scipy = False

    def begin(self) -> None:
        """Limit what is loaded and not limited yet."""
        with self.lock:
            with_scipy = _SCIPY in sys.modules
            if not self.wanted or with_scipy != self.with_scipy:
                limits = _libraries(with_scipy).limit(limits=1, user_api="blas")
                self.limits.enter_context(limits)
                self.with_scipy = with_scipy
            self.wanted += 1

    def end(self) -> None:
        """Give libraries back their threads where nobody wants them limited any more."""
        with self.lock:
            self.wanted -= 1
            if not self.wanted:
                self.limits.close()


_LIMITS = _Limits()


@functools.cache
def _libraries(with_scipy: bool) -> "ThreadpoolController":
    """Return the libraries with threads of their own: to look for them takes milliseconds."""
    from threadpoolctl import ThreadpoolController  # lanes on surfaces do without

    return ThreadpoolController()


@contextlib.contextmanager
def one_blas_thread() -> Iterator[None]:
    """Keep BLAS to one thread, as far as it is loaded; SciPy's is when somebody has used it."""
    _LIMITS.begin()
    try:
        yield
    finally:
        _LIMITS.end()


@contextlib.contextmanager
def one_scipy_thread() -> Iterator[None]:
    """Keep BLAS to one thread, SciPy's too, which this loads."""
    import scipy.linalg  # noqa: F401

    with one_blas_thread():
        yield
