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

from optbench.kernels.memory.pointers import address
from optbench.kernels.sizes import CACHE_LINE, padded

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


def filled(shape: tuple[int, ...], value: float, dtype: DTypeLike) -> np.ndarray:
    """Return an array of one value; `np.full` takes three times as long where it is small."""
    array = empty(shape, dtype)
    array.fill(value)
    return array


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
    first = -address(memory) % CACHE_LINE
    return memory[first : memory.size - CACHE_LINE + first].view(real)


class _Reused(threading.local):
    """Memory that each thread uses anew: fresh pages cost as much as many steps of a net."""

    def __init__(self) -> None:
        self.memory = _lined(0, np.dtype(np.uint8))

    def take(self, arrays: Sequence[tuple[tuple[int, ...], np.dtype]]) -> list[np.ndarray]:
        """Return arrays of these shapes and dtypes with whatever is there.

        Those taken before are void.
        """
        if POISONED:
            return [aligned(shape, dtype) for shape, dtype in arrays]
        places, last = [], 0
        for shape, dtype in arrays:
            places.append(last)
            last += padded(math.prod(shape) * dtype.itemsize, CACHE_LINE) + APART
        if last > REUSED_BYTES:
            return [aligned(shape, dtype) for shape, dtype in arrays]
        if last > self.memory.size:
            self.memory = _lined(last, np.dtype(np.uint8))
        return [
            np.ndarray(shape, dtype, self.memory, place)
            for place, (shape, dtype) in zip(places, arrays, strict=True)
        ]


reused = _Reused()
