"""Whether two orders of the same optimizers agree: Kendall's tau-b, and which pairs flip.

Only pairs of optimizers that lanes separate in both orders can flip: where the interval of the
difference has both signs, an order says nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optbench.report.elsewhere.standings import Standings
from optbench.report.statistics.intervals import expanded_tail
from optbench.report.statistics.resampling import resampled_interval

Floats = NDArray[np.float64]
Signs = NDArray[np.int8]
AT_ONCE = 10_000_000
"""Signs that are worked on at once, of pairs in resamples."""
ONE_OPTIMIZER = "fewer than two optimizers in common"
ALL_TIE = "all optimizers tie in one of the orders"
ONE_INSTANCE = "one scoring instance: nothing to draw anew, so there is no interval"


@dataclass(frozen=True)
class Agreement:
    """How two orders agree.

    Attributes
    ----------
    optimizers : int
        How many are in both.
    tau, low, high : float
        Kendall's tau-b and its interval; NaN has its reason in `note`.
    separated : int
        Pairs of optimizers that the lanes separate in both orders.
    flips : tuple of (str, str)
        Those of them whose order is the other: (before, behind) as the first order has it.
    note : str
    """

    optimizers: int
    tau: float
    low: float
    high: float
    separated: int
    flips: tuple[tuple[str, str], ...]
    note: str = ""


def signs(standing: Floats) -> Signs:
    """Return the signs of the differences of all pairs i < j of ``standing[..., n]``: [..., P]."""
    first, second = np.triu_indices(standing.shape[-1], 1)
    a, b = standing[..., first], standing[..., second]
    return (a > b).astype(np.int8) - (a < b)  # no difference: both may be infinite


def tau_b(first: Signs, second: Signs) -> Floats:
    """Return Kendall's tau-b from the signs of two orders [..., P]; NaN where one is all ties.

    (concordant - discordant) / sqrt((pairs untied in the first) (untied in the second)) (Kendall
    1945, "The treatment of ties in ranking problems").
    """
    agreeing = np.einsum("...p,...p->...", first, second, dtype=np.float64)
    untied = np.count_nonzero(first, axis=-1) * np.count_nonzero(second, axis=-1).astype(float)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(agreeing / np.sqrt(untied))


def separation(standings: Standings) -> Signs:
    """Return which pairs i < j of optimizers lanes separate: -1 if i is better, 1, or 0.

    The 95 % interval of the difference excludes 0: see `resampling.resampled_interval`, of one
    instance none does.
    """
    resampled = standings.resampled
    pairs = resampled.shape[1] * (resampled.shape[1] - 1) // 2
    before, behind = np.zeros(pairs, np.int64), np.zeros(pairs, np.int64)
    for part in _parts(resampled):
        sign = signs(part)
        before += (sign < 0).sum(axis=0)
        behind += (sign > 0).sum(axis=0)
    if standings.instances < 2:
        return np.zeros(pairs, np.int8)
    enough = len(resampled) - int(expanded_tail(standings.instances) * len(resampled))
    return (behind >= enough).astype(np.int8) - (before >= enough)


def agreement(first: Standings, second: Standings) -> Agreement:
    """Return how the orders of the optimizers that two standings have in common agree.

    The interval has the percentiles of tau-b over resampled lanes, of both orders independently or
    together as their weights are. Resampling adds noise to orders that have noise, so that the
    estimate may lie above all of them: the interval then reaches up to it.
    """
    common = [name for name in first.optimizers if name in second.optimizers]
    if len(common) < 2:
        return Agreement(len(common), math.nan, math.nan, math.nan, 0, (), ONE_OPTIMIZER)
    a, b = first.of(common), second.of(common)
    tau = float(tau_b(signs(a.standing), signs(b.standing)))
    here, there = separation(a), separation(b)
    flips = flipped(common, here, there)
    separated = int(np.count_nonzero(here * there))
    if math.isnan(tau):
        return Agreement(len(common), tau, tau, tau, separated, flips, ALL_TIE)
    taus = np.concatenate(
        [
            tau_b(signs(one), signs(other))
            for one, other in zip(_parts(a.resampled), _parts(b.resampled), strict=True)
        ]
    )
    taus = np.append(taus[~np.isnan(taus)], tau)  # a resample in which all tie has none
    instances = min(a.instances, b.instances)
    low, high = (float(end) for end in resampled_interval(taus, instances))
    note = "" if instances > 1 else ONE_INSTANCE
    return Agreement(len(common), tau, min(low, tau), max(high, tau), separated, flips, note)


def flipped(optimizers: Sequence[str], here: Signs, there: Signs) -> tuple[tuple[str, str], ...]:
    """Return the pairs that are separated the other way round, as (before, behind) here.

    Parameters
    ----------
    optimizers : sequence of str [n]
    here, there : ndarray of int8 [P]
        See `separation`.
    """
    first, second = np.triu_indices(len(optimizers), 1)
    at = np.flatnonzero(here * there < 0)
    before = np.where(here[at] < 0, first[at], second[at])
    behind = np.where(here[at] < 0, second[at], first[at])
    names = zip(before.tolist(), behind.tolist(), strict=True)
    return tuple((optimizers[i], optimizers[j]) for i, j in names)


def _parts(resampled: Floats) -> Iterator[Floats]:
    """Yield resamples in parts whose signs fit into memory."""
    optimizers = resampled.shape[1]
    rows = max(1, AT_ONCE // max(1, optimizers * (optimizers - 1) // 2))
    for start in range(0, len(resampled), rows):
        yield resampled[start : start + rows]
