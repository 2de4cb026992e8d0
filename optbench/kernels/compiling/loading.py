"""Asking for what the compile cache has, and for nothing to be compiled."""

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar

from numba.core.caching import NullCache

_ONLY_LOADING: ContextVar[bool] = ContextVar("only_loading", default=False)


class NotKeptError(BaseException):
    """The cache could have what was asked for, and does not; nothing was compiled.

    It is nobody's mistake, so that what explains or discards on errors lets it pass.
    """


@contextlib.contextmanager
def only_loading() -> Iterator[None]:
    """Take what the cache has, and raise `NotKeptError` where something would be compiled.

    What the cache cannot keep is compiled all the same: no other process could hand it on.
    """
    token = _ONLY_LOADING.set(True)
    try:
        yield
    finally:
        _ONLY_LOADING.reset(token)


def is_only_loading() -> bool:
    """Say whether nothing is to be compiled here."""
    return _ONLY_LOADING.get()


def as_asked(unit: NullCache) -> NullCache:
    """Return the cache of a function as the compiler sees it: where nothing is compiled, alone."""
    return _Alone(unit) if is_only_loading() else unit


class _Alone(NullCache):
    """A cache that has a function, or ends the compiler's work."""

    def __init__(self, unit: NullCache) -> None:
        self.unit = unit

    def load_overload(self, signature, context):
        """Return the compiled function, or raise."""
        result = self.unit.load_overload(signature, context)
        if result is None:
            raise NotKeptError
        return result
