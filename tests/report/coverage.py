"""How often intervals cover, and tests reject, by simulation: vectorised, and keyed by a seed.

    share = simulate(interval, truth, draw, n=20, repeats=20_000, seed=0)
    assert share.at_least(0.93)

A share comes with its standard error, and a bound is held against it with `SIGMAS` of these: a test
of thousands of shares then fails by chance once in a billion runs.
"""

from __future__ import annotations

import math
import os
import zlib
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Draw = Callable[[np.random.Generator, tuple[int, ...]], Floats]
"""``draw(rng, (repeats, n))``: independent samples."""
Interval = Callable[[Floats], tuple[Floats, Floats]]
"""``interval(samples[repeats, n]) -> (lows[repeats], highs[repeats])``."""

SIGMAS = 6.0
REPEATS = 100_000 if os.environ.get("HYPOTHESIS_PROFILE") == "soak" else 20_000
"""Samples behind a share; `make soak` draws more, and others in each round."""


class Share(NamedTuple):
    """A share of simulated samples, with its standard error."""

    share: float
    error: float

    def at_least(self, bound: float) -> bool:
        """Tell whether the true share may be `bound` or more."""
        return self.share + SIGMAS * self.error >= bound

    def at_most(self, bound: float) -> bool:
        """Tell whether the true share may be `bound` or less."""
        return self.share - SIGMAS * self.error <= bound

    def __str__(self) -> str:
        return f"{100 * self.share:.2f} +- {100 * self.error:.2f} %"


def simulate(
    interval: Interval, truth: float, draw: Draw, n: int, repeats: int, seed: int = 0
) -> Share:
    """Return the share of samples whose interval covers the truth.

    Parameters
    ----------
    interval : callable
        ``interval(samples[repeats, n]) -> (lows[repeats], highs[repeats])``. An end that is NaN
        covers nothing.
    truth : float
        What the interval is of, in the distribution that `draw` draws from; +inf is a value.
    draw : callable
        ``draw(rng, shape) -> samples``.
    n : int
        Values in a sample.
    repeats : int
        Samples.
    seed : int
        Of the draws.
    """
    low, high = interval(draw(generator("coverage", seed, n), (repeats, n)))
    return share_of((low <= truth) & (truth <= high))


def generator(purpose: str, seed: int, *numbers: int) -> np.random.Generator:
    """Return random numbers that depend on what is handed over and on nothing else."""
    key = np.random.SeedSequence([zlib.crc32(purpose.encode()), seed, *numbers])
    return np.random.Generator(np.random.Philox(key))


def share_of(hits: NDArray[np.bool_]) -> Share:
    """Return how large a share of simulated samples are hits [repeats].

    The error is that of a share with one hit and one miss more, so that it is never 0.
    """
    n = len(hits)
    smoothed = (np.count_nonzero(hits) + 1) / (n + 2)
    return Share(float(np.mean(hits)), math.sqrt(smoothed * (1 - smoothed) / n))
