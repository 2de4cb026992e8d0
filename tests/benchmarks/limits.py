"""Adam against the time of the divisions and square roots that it cannot do without.

The limit is what one division and one square root a coordinate take in a plain loop over arrays
that fit the first-level cache: the best of three loops. Fast-math flags are left out, since with
them a compiler may replace the hardware's units.
"""

import math
import time

import numba
import numpy as np

from .cases import Case, best_peer
from .engine import Work

ELEMENTS = 512
REPEATS = 15
REQUIRED = {(2, "float64"): 1.2, (2, "float32"): 0.65, (100, "float64"): 1.1, (100, "float32"): 0.5}
SIZES = {
    (2, "float64"): (4096, 4000),
    (2, "float32"): (4096, 8000),
    (100, "float64"): (1024, 600),
    (100, "float32"): (1024, 1200),
}


def in_place(a, b, c, times):
    for _ in range(times):
        for i in range(a.shape[0]):
            a[i] = b[i] / math.sqrt(a[i])  # settles at b^(2/3)


def out_of_place(a, b, c, times):
    for _ in range(times):
        for i in range(a.shape[0]):
            c[i] = b[i] / math.sqrt(a[i])


def apart(a, b, c, times):
    for _ in range(times):
        for i in range(a.shape[0]):
            c[i] = b[i] / c[i]
            a[i] = math.sqrt(a[i])


LOOPS = [
    numba.njit(error_model="numpy", nogil=True)(loop) for loop in (in_place, out_of_place, apart)
]


def limit(loop, dim, dtype, times=40_000):
    """Return a contender: nanoseconds of `dim` divisions and square roots."""
    arrays = [np.random.default_rng(i).uniform(0.5, 2.0, ELEMENTS).astype(dtype) for i in range(3)]
    loop(*arrays, 1)

    def contender():
        began = time.perf_counter()
        loop(*arrays, times)
        return (time.perf_counter() - began) / (times * ELEMENTS) * 1e9 * dim

    return contender


def calibration():
    """Return the least time of a division and square root in ns: how fast the machine is now."""
    contender = limit(LOOPS[0], 1, "float64")
    return min(contender() for _ in range(5))


def _build(work):
    contenders = {"optbench": work.contender()}
    for loop in LOOPS:
        contenders[f"limit, {loop.__name__.replace('_', ' ')}"] = limit(loop, work.dim, work.dtype)
    return contenders


def cases():
    """Adam on Rosenbrock's function against the limit: ratio of minima."""
    for (dim, dtype), required in REQUIRED.items():
        work = Work("adam", "rosenbrock", dim, dtype, *SIZES[dim, dtype])
        yield Case(
            "limit", str(work), lambda work=work: _build(work), best_peer(min), required,
            repeats=REPEATS,
        )  # fmt: skip
