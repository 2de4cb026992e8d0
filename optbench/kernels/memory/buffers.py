"""Memory for arrays of lanes: at cache lines, and used again from launch to launch.

What is there when an array is new, nobody knows. With ``OPTBENCH_POISON=1`` everything that the
engine allocates is filled with telltale numbers, so that tests show what reads them.
"""

import math
import os
import threading
from collections.abc import Sequence

import numpy as np
from numpy.typing import DTypeLike

from optbench.kernels.sizes import CACHE_LINE

REUSED_BYTES = 64 << 20
"""A thread keeps its memory for the next launch up to this size."""
APART = 5 * CACHE_LINE
"""Between arrays that are used together.

A block is often as large as some rows and a multiple of 4096 bytes. A load waits for a store whose
address has the same last twelve bits: steps took up to 1.5 times as long where arrays met.
"""
POISONED = os.environ.get("OPTBENCH_POISON", "") not in ("", "0")
TELLTALE = {4: 0x7FA0BAD1, 8: 0x7FF40BAD0BAD0BAD}
"""By the size of an element: signalling NaNs for floats; as integers far beyond all arrays."""


def aligned(shape: tuple[int, ...], real: np.dtype) -> np.ndarray:
    """Return an empty array that begins at a cache line: what straddles two costs twice."""
    return _poisoned(_lined(math.prod(shape), real).reshape(shape))


def empty(shape: int | tuple[int, ...], dtype: DTypeLike) -> np.ndarray:
    """Return an array with whatever is there."""
    if not POISONED:
        return np.empty(shape, dtype)
    sides = (shape,) if isinstance(shape, int) else shape
    return aligned(sides, np.dtype(dtype))


def spare(work: np.ndarray) -> np.ndarray:
    """Make a buffer of a problem ready: zeros, but only the first element is promised to be 0."""
    work[: 1 if POISONED else None] = 0
    return work


def _poisoned(array: np.ndarray) -> np.ndarray:
    if POISONED and array.size:
        whole = np.dtype(f"u{array.itemsize}")
        array.reshape(-1).view(whole)[:] = TELLTALE[array.itemsize]
    return array


def _lined(size: int, real: np.dtype) -> np.ndarray:
    memory = np.empty(size * real.itemsize + CACHE_LINE, np.uint8)
    first = -memory.ctypes.data % CACHE_LINE
    return memory[first : memory.size - CACHE_LINE + first].view(real)


class _Reused(threading.local):
    """Memory that each thread uses anew: fresh pages cost as much as many steps of a net."""

    def __init__(self) -> None:
        self.memory = _lined(0, np.dtype(np.uint8))

    def take(self, shapes: Sequence[tuple[int, ...]], real: np.dtype) -> list[np.ndarray]:
        """Return arrays of these shapes with whatever is there; those taken before are void."""
        sizes = [math.prod(shape) * real.itemsize for shape in shapes]
        places = np.cumsum([0, *(-(-size // CACHE_LINE) * CACHE_LINE + APART for size in sizes)])
        if places[-1] > REUSED_BYTES or POISONED:
            return [aligned(shape, real) for shape in shapes]
        if places[-1] > self.memory.size:
            self.memory = _lined(int(places[-1]), np.dtype(np.uint8))
        return [
            self.memory[place : place + size].view(real).reshape(shape)
            for place, size, shape in zip(places[:-1], sizes, shapes, strict=True)
        ]


reused = _Reused()
