"""What one launch works out and the next ones use again: the same draws meet many optimizers.

A launch of a few hundred short lanes takes less time than the small arrays that say where they lie.
So what follows from the shape of a launch, or from what all optimizers on a problem share, is kept
by its content. Several threads launch at once: nobody writes into what is kept.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Value = TypeVar("Value")

LARGEST = 1 << 20
"""Bytes of key and value beyond which neither is made to be kept: lanes then take far longer."""


class Kept(Generic[Value]):
    """The values that were asked for last, by key.

    Parameters
    ----------
    count : int
        How many are kept.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self._values: OrderedDict[Hashable, Value] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """Return the value of a key, made if it is not there.

        Parameters
        ----------
        key : hashable
            All that the value follows from; None if it is not to be kept.
        make : callable
            ``make()`` returns the value. Two threads may both call it at the same time.
        """
        if key is None:
            return make()
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key]
        value = make()
        with self._lock:
            value = self._values.setdefault(key, value)  # another thread may have been faster
            if len(self._values) > self.count:
                self._values.popitem(last=False)
        return value
