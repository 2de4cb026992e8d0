"""Draws of a bootstrap: keyed by names, the same for all optimizers of a problem.

Nothing here depends on the order of rows, on how many optimizers there are, or on the clock.
"""

from __future__ import annotations

import functools
import hashlib
import math

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 500
SEED = "optbench.report.comparing"
DRAWN = 0.5
"""The chance that a drawn trial is missing. Of two rules whose trials are equally good, the share
of random halves in which one has the best is uniform (Hartigan 1969, typical values), so that it is
beyond a level as often as that says. A bootstrap, which leaves out 1/e, is so twice to three times
as often: it cannot know that better trials than the best one were missed."""
RATES = math.exp(-1.0)
"""The chance that a rate of a grid is missing, as in a bootstrap: neighbours stand in for it."""

Floats = NDArray[np.float64]


def generator(*words: str) -> np.random.Generator:
    """Return a generator whose numbers depend on the words alone."""
    digest = hashlib.sha256("/".join((SEED, *words)).encode()).digest()
    return np.random.Generator(np.random.Philox(key=int.from_bytes(digest[:16], "little")))


def draw_counts(label: str, phase: str, instances: NDArray[np.integer]) -> Floats:
    """Return how often each draw counts in each resample [B, D].

    Instances are resampled with replacement; the seeds of one are a cluster, and come together.

    Parameters
    ----------
    label : str
        Of the problem.
    phase : {"tuning", "scoring"}
    instances : ndarray [D]
        The instance of each draw.
    """
    numbers, of_draw = np.unique(instances, return_inverse=True)
    counts = _counts(label, phase, len(numbers))
    return counts[:, of_draw]


@functools.lru_cache(maxsize=64)
def _counts(label: str, phase: str, n: int) -> Floats:
    chosen = generator(label, phase).integers(n, size=(RESAMPLES, n))
    counts = np.zeros((RESAMPLES, n))
    np.add.at(counts, (np.arange(RESAMPLES)[:, None], chosen), 1.0)
    return counts


def trials_at_hand(
    label: str, number: NDArray[np.integer], on_grid: bool
) -> NDArray[np.bool_]:  # fmt: skip
    """Return which trials [B, T] there are to choose from in each resample.

    Each is missing by itself, with the chance `DRAWN` or `RATES`, so that a trial's luck is that of
    its number: the same for all optimizers, and whatever other trials there are. Where none is
    left, all are.

    Parameters
    ----------
    label : str
        Of the problem.
    number : ndarray of int [T]
        Of the trials; -1, the default setting, is no trial to choose.
    on_grid : bool
        Whether they are rates of a grid, not draws.
    """
    tried = number >= 0
    most = int(number.max(initial=0))
    missing = RATES if on_grid else DRAWN
    there = _shares(label, most + 1)[np.maximum(number, 0)].T >= missing
    there &= tried
    return np.where(there.any(axis=1, keepdims=True), there, tried)


@functools.lru_cache(maxsize=64)
def _shares(label: str, count: int) -> Floats:
    """Return uniform numbers [count, B]; more of them begin with those of fewer."""
    return generator(label, "trials").random((count, RESAMPLES))
