"""Which trials there are to choose from in each resample: tuning is redrawn with its trials."""

from __future__ import annotations

import functools
import math

import numpy as np
from numpy.typing import NDArray

from optbench.define.draws import generator
from optbench.report.statistics.resampling import RESAMPLES

DRAWN = 0.5
"""The chance that a drawn trial is missing. Of two rules whose trials are equally good, the share
of random halves in which one has the best is uniform (Hartigan 1969, typical values), so that it is
beyond a level as often as that says. A bootstrap, which leaves out 1/e, is so twice to three times
as often: it cannot know that better trials than the best one were missed."""
RATES = math.exp(-1.0)
"""The chance that a rate of a grid is missing, as in a bootstrap: neighbours stand in for it."""

Floats = NDArray[np.float64]


def trials_at_hand(label: str, number: NDArray[np.integer], on_grid: bool) -> NDArray[np.bool_]:
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
    return generator("trials at hand", label).random((count, RESAMPLES))
