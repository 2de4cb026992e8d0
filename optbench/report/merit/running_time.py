"""Expected running time with restarts, and simulated runs (COCO).

An algorithm that fails is started again. Its expected running time is then

    ERT = sum of the evaluations of all lanes / number of lanes that reached the target

(Auger and Hansen 2005; Hansen et al. 2021, COCO, sec. 4.2), which is also what trials are tuned by.
A simulated run draws lanes, sums what they cost, and ends with the first that reached: its mean is
ERT, and its quantiles show what the mean hides (Hansen et al. 2021, sec. 4.3).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from optbench.report.merit.arrays import Floats, lane_pair
from optbench.report.merit.resampling import percentile_interval


def expected_evaluations(cost: ArrayLike, reached: ArrayLike) -> Floats:
    """Return ERT [...], +inf where no lane reached.

    Parameters
    ----------
    cost : array_like [..., lanes]
        Evaluations at the target; of lanes that did not reach it, what they spent.
    reached : array_like [..., lanes]

    Raises
    ------
    ValueError
        See `arrays.lane_pair`.
    """
    spent, success = lane_pair(cost, reached)
    with np.errstate(divide="ignore"):
        return np.asarray(spent.sum(axis=-1) / success.sum(axis=-1))


def derandomized(rng: np.random.Generator, count: int, size: int) -> NDArray[np.int64]:
    """Return `size` random numbers below `count`: permutations of all of them, one after another.

    Each appears as often as every other one, give or take 1, which takes most of the noise out of
    simulated runs (cocopp's ``toolsstats.randint_derandomized``).
    """
    rounds = -(-size // count)
    return np.concatenate([rng.permutation(count) for _ in range(rounds)])[:size]


def simulated_runs(
    cost: ArrayLike, reached: ArrayLike, size: int, rng: np.random.Generator
) -> Floats:
    """Return the evaluations of `size` simulated runs; +inf where no lane reached.

    The lanes that runs begin with are derandomised, those after a failure are drawn.

    Parameters
    ----------
    cost, reached : array_like [lanes]
        See `expected_evaluations`.
    size : int
    rng : numpy.random.Generator

    Raises
    ------
    ValueError
        See `arrays.lane_pair`.
    """
    spent, success = lane_pair(cost, reached)
    if not success.any():
        return np.full(size, np.inf)
    lane = derandomized(rng, len(spent), size)
    total = spent[lane]
    going = np.flatnonzero(~success[lane])
    while len(going):
        lane = rng.integers(0, len(spent), len(going))
        total[going] += spent[lane]
        going = going[~success[lane]]
    return np.asarray(total)


def expected_interval(
    cost: ArrayLike, reached: ArrayLike, counts: NDArray[np.integer]
) -> tuple[Floats, Floats]:
    """Return the percentile interval of ERT, (low, high), each [optimizers].

    Parameters
    ----------
    cost, reached : array_like [optimizers, lanes]
        See `expected_evaluations`; the resamples of all optimizers are the same.
    counts : ndarray [draws, lanes]
        How often each lane is in each resample; see `resampling.counts_of`.

    Raises
    ------
    ValueError
        See `arrays.lane_pair`.
    """
    spent, success = lane_pair(cost, reached)
    # Not by BLAS, whose sums hang on how many threads there are.
    total = np.einsum("on,bn->ob", spent, counts)
    with np.errstate(divide="ignore"):
        return percentile_interval(total / np.einsum("on,bn->ob", success.astype(float), counts))
