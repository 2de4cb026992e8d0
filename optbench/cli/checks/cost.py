"""How long an evaluation takes: a block that stays in the cache, over and over."""

import functools
import time
from typing import Any

import numpy as np
from numba import types
from numpy.typing import NDArray

from optbench.catalog.instance import Problem
from optbench.kernels.compiling.options import jit
from optbench.kernels.memory.calls import ProblemCall, call_type, caller
from optbench.kernels.memory.pointers import at, words
from optbench.kernels.sizes import BLOCK

SECONDS = 0.005
"""At least so long is one measurement."""


def nanoseconds(problem: Problem, x: NDArray[np.float64]) -> float:
    """Return the time of one value and gradient.

    Parameters
    ----------
    problem : Problem
    x : ndarray [n, d]
        Points of one block, n a multiple of 32; for a net one point.
    """
    real = np.dtype(np.float64)
    columns = x.reshape(-1, BLOCK) if problem.across else x.T
    columns = np.ascontiguousarray(columns)
    width = columns.shape[1]
    frame = problem.placement
    call = ProblemCall(
        columns, np.empty_like(columns), np.empty(width), np.ascontiguousarray(frame.p, real),
        np.ascontiguousarray(frame.q, np.int64), np.zeros(frame.room(width)),
        np.zeros(1, np.uint64),
    )  # fmt: skip
    arguments = problem.function(real).address, words(call, call_type(ProblemCall, real))
    _seconds(*arguments, 1)  # the first call fetches code and data
    times = 1
    while (seconds := _seconds(*arguments, times)) < SECONDS:
        times *= 2 if seconds > SECONDS / 4 else 4
    fastest = min(seconds, *(_seconds(*arguments, times) for _ in range(3)))
    return 1e9 * fastest / (times * len(x))


def _seconds(problem: int, written: NDArray[Any], times: int) -> float:
    repeat = _repeater()
    begin = time.perf_counter()
    repeat(problem, written.ctypes.data, times)
    return time.perf_counter() - begin


@functools.cache
def _repeater() -> Any:
    real = np.dtype(np.float64)
    call_problem, to_call = caller(ProblemCall, real), at(call_type(ProblemCall, real))

    def repeat(problem: int, address: int, times: int) -> None:
        for _ in range(times):
            call_problem(problem, to_call(address), (0, 1))

    return jit(repeat, types.void(types.int64, types.int64, types.int64))
