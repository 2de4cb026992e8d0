"""How the arrays of a chunk get to the device and back: in one piece, through memory that stays.

A channel is a stream with one arena of pinned memory and one of the device's. Arrays lie one behind
the other: first those that are sent, in one copy, then the results, which come back in one copy,
then what is the device's alone. Channels outlive their launch, since to pin memory takes
milliseconds.
"""

import contextlib
import ctypes
import itertools
import math
import threading
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, TypeVar

import numpy as np

from optbench.kernels.cuda import device
from optbench.kernels.sizes import padded

Group = TypeVar("Group", bound=NamedTuple)
ALIGNMENT = 256
"""Bytes at a multiple of which arrays begin, as the device's own allocator has it."""


class Room(NamedTuple):
    """Stands for an array of the device that is not sent there."""

    shape: tuple[int, ...]
    dtype: np.dtype

    @property
    def nbytes(self) -> int:
        """Its bytes."""
        return math.prod(self.shape) * self.dtype.itemsize


class Placed(NamedTuple):
    """An array on the device, C-contiguous."""

    address: int
    shape: tuple[int, ...]
    dtype: np.dtype


def is_array(value: Any) -> bool:
    """Say whether a field of a group is an array, wherever it lies."""
    return isinstance(value, (np.ndarray, Room, Placed))


class Layout:
    """Where the arrays of groups lie in an arena.

    Attributes
    ----------
    starts : list of (list of int)
        Of each group those of its arrays, in order.
    sent, fetched, size : int
        The end of what is sent, of the results behind it, and of all.
    """

    def __init__(self, groups: Sequence[NamedTuple]) -> None:
        arrays = [[value for value in group if is_array(value)] for group in groups]
        results = len(arrays) - 1
        regions: tuple[list[tuple[int, int]], ...] = ([], [], [])
        for number, group in enumerate(arrays):
            for place, array in enumerate(group):
                kind = 1 if number == results else 2 if isinstance(array, Room) else 0
                regions[kind].append((number, place))
        self.starts = [[0] * len(group) for group in arrays]
        ends, end = [], 0
        for region in regions:
            for number, place in region:
                self.starts[number][place] = end
                end += padded(arrays[number][place].nbytes, ALIGNMENT)
            ends.append(end)
        self.sent, self.fetched, self.size = ends


class Channel:
    """A stream with its arenas, which hold one chunk at a time."""

    def __init__(self) -> None:
        self.queue = device.stream()
        self.forget()

    def forget(self) -> None:
        """Give the memory of the arenas back."""
        self._here, self._there = np.empty(0, np.uint8), None
        self.size = 0
        """Bytes of the device's arena."""

    def send(self, groups: Sequence[NamedTuple]) -> list[NamedTuple]:
        """Send a chunk; return its groups as they are on the device.

        The last group are the results: whatever the arrays hold, on the device all their bytes
        become 0xFF. Each `Room` of another group is the device's alone.
        """
        layout = Layout(groups)
        self._fit(layout)
        for group, starts in zip(groups[:-1], layout.starts, strict=False):
            arrays = [value for value in group if is_array(value)]
            for array, start in zip(arrays, starts, strict=True):
                if isinstance(array, np.ndarray) and array.size:
                    view = _viewed(self._here, start, array.shape, array.dtype)
                    view[...] = array
        device.send(self._there, self._here, layout.sent, self.queue)
        last = layout.size if device.SIMULATED else layout.fetched
        device.fill(self._there, layout.sent, last, self.queue)
        self._layout, self._results = layout, groups[-1]
        pairs = zip(groups, layout.starts, strict=True)
        return [_replaced(group, starts, self._on_device) for group, starts in pairs]

    def fetch(self) -> None:
        """Put the way back of the results into the queue."""
        layout = self._layout
        device.fetch(self._here, self._there, layout.sent, layout.fetched, self.queue)

    def results(self) -> NamedTuple:
        """Wait for the results; they are void when the channel sends another chunk."""
        self.queue.synchronize()
        here = self._here

        def viewed(start: int, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
            return _viewed(here, start, shape, dtype)

        return _replaced(self._results, self._layout.starts[-1], viewed)

    def _fit(self, layout: Layout) -> None:
        if layout.fetched > len(self._here):
            self._here = np.empty(0, np.uint8)  # the old one goes before the new one comes
            self._here = device.pinned(layout.fetched)
        if layout.size > self.size:
            self._there, self.size = None, 0
            self._there = device.allocated(layout.size)
            self.size = layout.size

    def _on_device(self, start: int, shape: tuple[int, ...], dtype: np.dtype) -> Any:
        if device.SIMULATED:
            return _viewed(self._there, start, shape, dtype)
        return Placed(device.address(self._there) + start, shape, dtype)


def _viewed(memory: np.ndarray, start: int, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    size = math.prod(shape) * dtype.itemsize
    return memory[start : start + size].view(dtype).reshape(shape)


def _replaced(group: Group, starts: Sequence[int], made: Any) -> Group:
    """Return a group with other arrays: each ``made(start, shape, dtype)``."""
    places = iter(starts)
    values = (made(next(places), v.shape, v.dtype) if is_array(v) else v for v in group)
    return type(group)(*values)


def hosted(group: Group) -> Group:
    """Return a group with arrays in place of its rooms, every byte 0xFF."""

    def array(room: Room) -> np.ndarray:
        return _viewed(np.full(room.nbytes, 0xFF, np.uint8), 0, *room)

    return type(group)(*(array(value) if isinstance(value, Room) else value for value in group))


def words(groups: Sequence[NamedTuple]) -> list[Any]:
    """Return the arguments of a kernel, one by one, as Numba's compiled code takes them.

    Of an array: two unused addresses, its size, the size of an item, its address, shape, strides.
    """
    found: list[Any] = []
    for value in itertools.chain.from_iterable(groups):
        if isinstance(value, Placed):
            itemsize, strides = value.dtype.itemsize, []
            for length in reversed(value.shape):
                strides.insert(0, itemsize)
                itemsize *= length
            size = math.prod(value.shape)
            found += [0, 0, size, value.dtype.itemsize, value.address, *value.shape, *strides]
        elif isinstance(value, np.float32):
            found.append(ctypes.c_float(value))
        elif isinstance(value, float):  # as float64 is one
            found.append(ctypes.c_double(value))
        else:
            found.append(ctypes.c_int64(value))
    return found


_idle: list[Channel] = []
_lock = threading.Lock()


@contextlib.contextmanager
def channels(count: int = 2) -> Iterator[list[Channel]]:
    """Lend channels to a launch; those that are idle first.

    After an error nobody gets them back: what is under way there may still write.
    """
    with _lock:
        lent = [_idle.pop() for _ in range(min(count, len(_idle)))]
    lent += [Channel() for _ in range(count - len(lent))]
    yield lent
    with _lock:
        _idle.extend(lent)


def forget_idle() -> None:
    """Give back the memory of channels that no launch has."""
    with _lock:
        for channel in _idle:
            channel.forget()
