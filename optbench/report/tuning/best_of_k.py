"""Which trial is the best of k: the median tuning curve, as places among n trials.

k independent draws with distribution function F have a best one that lies with probability 1/2 at
or below the value y with F(y) = 1 - (1/2)^(1/k): the median tuning curve (Lourie, Cho and He 2024,
"Show Your Work with Confidence", sec. 3). A band for F is a band for the curve at all k at once.
Trials that fail have infinite scores: the median is defined, where a mean would be infinite.

Places count the trials from the best: a curve of scores is `sorted_scores[places]`, whatever the
scores are, so that the places of n trials are worked out once.
"""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from optbench.report.tuning.bands import distribution_band

Ints = NDArray[np.int64]
BEYOND = -1
"""The place of a trial that is better than all n, what the band cannot exclude at large k. That of
one that is worse than all is n."""
POINTS = 32
"""Numbers of trials at which a curve is given, at most."""


class BestOfK(NamedTuple):
    """Numbers k of trials, and places of the median best one: the sample's, ends of the band."""

    trials: Ints
    place: Ints
    low: Ints
    high: Ints


@functools.lru_cache(maxsize=64)
def best_of_k(n: int, level: float) -> BestOfK:
    """Return the places of the best of k trials among n, 0 the best.

    Parameters
    ----------
    n : int
        How many trials there are, at least 1.
    level : float
        Probability that the band holds at all k, were the trials independent draws.

    Returns
    -------
    BestOfK
        At k from 1 to n. `low` is `BEYOND`, and `high` n, where a trial that is better, or worse,
        than all of these may be the median.
    """
    lows, highs = distribution_band(n, level)
    ks = np.unique(np.round(np.geomspace(1, n, POINTS)).astype(np.int64))
    at = 1.0 - 0.5 ** (1.0 / ks)
    # The first place up to which a distribution function is as high; n where it is nowhere. Those
    # of the band begin before the first trial.
    place = np.searchsorted(np.arange(1, n + 1) / n, at)
    low, high = (np.searchsorted(ends, at) + BEYOND for ends in (highs, lows))
    return BestOfK(ks, place, low, high)
