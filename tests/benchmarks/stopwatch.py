"""Seconds that functions of the package take in all threads together, measured from outside."""

import functools
import threading
from collections.abc import Callable
from typing import Any


class Stopwatch:
    """Adds up what calls of wrapped functions take; calls within calls count once.

    Parameters
    ----------
    clock : callable
        Returns seconds: ``time.perf_counter``, or ``time.thread_time`` for what a thread computes.

    Attributes
    ----------
    seconds : float
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock, self.seconds = clock, 0.0
        self._lock, self._thread = threading.Lock(), threading.local()

    def wrap(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function, with its calls timed."""

        @functools.wraps(function)
        def timed(*arguments: Any, **named: Any) -> Any:
            if getattr(self._thread, "runs", False):
                return function(*arguments, **named)
            self._thread.runs, began = True, self.clock()
            try:
                return function(*arguments, **named)
            finally:
                spent = self.clock() - began
                self._thread.runs = False
                with self._lock:
                    self.seconds += spent

        return timed

    def watch(self, owner: object, *names: str) -> None:
        """Wrap functions of a module, or methods of a class, for the rest of the process."""
        for name in names:
            setattr(owner, name, self.wrap(getattr(owner, name)))
