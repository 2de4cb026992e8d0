"""Deciding while lanes are added: a confidence sequence for the chance that one optimizer wins.

Of pairs of lanes that are not tied, one optimizer wins w and loses l. Where both are equally likely
to win, the mixture of likelihood ratios over all chances p, with Beta(1/2, 1/2) as weights,

    M = 2^(w + l) B(w + 1/2, l + 1/2) / B(1/2, 1/2),

is a nonnegative martingale of mean 1, so that it ever exceeds 1 / alpha with a chance of at most
alpha, however often one looks and whenever one stops (Ville 1939; Robbins 1970). A chance p is in
the confidence sequence as long as the same martingale against p stays below 1 / alpha.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaln

from optbench.report.statistics.roots import root

HALF = 0.5
"""Jeffreys' weights: parameters of the Beta distribution that likelihood ratios are mixed with."""

Floats = NDArray[np.float64]


def log_evidence(wins: ArrayLike, losses: ArrayLike, chance: float = HALF) -> Floats:
    """Return ln M: how far the wins speak against a `chance` of winning an untied pair.

    Parameters
    ----------
    wins, losses : array_like
        Counts of the same shape.
    chance : float
        In (0, 1).

    References
    ----------
    Robbins 1970, "Statistical methods related to the law of the iterated logarithm", sec. 4;
    Howard, Ramdas, McAuliffe and Sekhon 2021, "Time-uniform, nonparametric, nonasymptotic
    confidence sequences", sec. 3.
    """
    won, lost = np.asarray(wins, float), np.asarray(losses, float)
    mixed = betaln(won + HALF, lost + HALF) - betaln(HALF, HALF)
    return np.asarray(mixed - won * math.log(chance) - lost * math.log1p(-chance))


def chance_interval(wins: int, losses: int, level: float) -> tuple[float, float]:
    """Return the confidence sequence at a time: chances of winning that are not excluded.

    Its coverage of `level` holds for all times together.
    """
    limit = -math.log(1.0 - level)

    def excess(chance: float) -> float:
        return float(log_evidence(wins, losses, chance)) - limit

    n, tiny = wins + losses, 1e-12
    if not n:
        return 0.0, 1.0
    most_likely = min(max(wins / n, tiny), 1.0 - tiny)
    low = 0.0 if excess(tiny) < 0.0 else root(excess, tiny, most_likely)
    high = 1.0 if excess(1.0 - tiny) < 0.0 else root(excess, most_likely, 1.0 - tiny)
    return float(low), float(high)


def decided_at(differences: Floats, level: float) -> int | None:
    """Return after how many of the differences [n], in their order, 1/2 is excluded; None: never.

    0 is a tie and takes no side.
    """
    wins, losses = np.cumsum(differences < 0.0), np.cumsum(differences > 0.0)
    past = np.flatnonzero(log_evidence(wins, losses) >= -math.log(1.0 - level))
    return int(past[0]) + 1 if len(past) else None
