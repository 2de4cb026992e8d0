"""Adam against the time of the divisions and square roots that it cannot do without.

The limit is what one division and one square root a coordinate take in a plain loop over arrays
that fit the first-level cache: the best of three loops. Fast-math flags are left out, since with
them a compiler may replace the hardware's units.

What is asked depends on how fast the hardware divides, which is measured beside. Where its units
are slow, rules do without them (a reciprocal estimate and Newton's steps), so that Adam is asked to
take less time than the units would. Where they are fast, the limit says little about the rest of
a step, and what is asked is the same time a coordinate.
"""

import math
import time

import numba
import numpy as np

from .cases import Case, best_peer
from .engine import Work

ELEMENTS = 512
REPEATS = 15
RATIOS = {"float64": 1.3, "float32": 0.9}
"""The limit over Adam's time that is asked where division is slow."""
UNITS = {"float64": 1.65, "float32": 0.46}
"""Nanoseconds a division and a root take there (Intel's Emerald Rapids, AVX-512).

Zen 4 was measured at 0.85 and 0.27, Zen 5 at 0.41 and 0.13.
"""
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
        began = time.process_time()
        loop(*arrays, times)
        return (time.process_time() - began) / (times * ELEMENTS) * 1e9 * dim

    return contender


def calibration():
    """Return the least time of a division and square root in ns: how fast the machine is now."""
    contender = limit(LOOPS[0], 1, "float64")
    return min(contender() for _ in range(5))


def asked(work, samples):
    """Return the ratio that is asked for on a machine that divides as fast as in `samples`."""
    _, *limits = samples.values()
    coordinate = min(map(min, limits)) / work.dim
    return round(RATIOS[work.dtype] * min(1.0, coordinate / UNITS[work.dtype]), 2)


def _build(work):
    contenders = {"optbench": work.contender()}
    for loop in LOOPS:
        contenders[f"limit, {loop.__name__.replace('_', ' ')}"] = limit(loop, work.dim, work.dtype)
    return contenders


def cases():
    """Adam on Rosenbrock's function against the limit: ratio of minima."""
    for (dim, dtype), (lanes, steps) in SIZES.items():
        work = Work("adam", "rosenbrock", dim, dtype, lanes, steps)
        yield Case(
            "limit", str(work), lambda work=work: _build(work), best_peer(min),
            lambda samples, work=work: asked(work, samples), repeats=REPEATS,
        )  # fmt: skip
