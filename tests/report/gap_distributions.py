"""Distributions that final gaps and costs of lanes have, with medians that are known exactly."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import optimize, stats

from tests.report.coverage import Draw, Floats

SPREAD = 2.0
"""Standard deviation of ln gap: gaps within four decades are common."""
BASINS = (math.log(1e-8), math.log(1e-1))
"""Means of ln gap in two basins."""
NEAR = 0.52
"""Share of the lanes in the better basin: the median lies in its thin upper tail."""
FREEDOM = 2


@dataclass(frozen=True)
class Gaps:
    """Gaps of lanes.

    Attributes
    ----------
    draw : callable
        ``draw(rng, shape) -> samples``.
    median : float
    """

    draw: Draw
    median: float


def lognormal(failures: float) -> Gaps:
    """Return gaps whose logarithm is normal."""
    q = 0.5 / (1 - failures)
    return _with_failures(
        lambda rng, shape: rng.lognormal(0.0, SPREAD, shape),
        math.exp(SPREAD * stats.norm.ppf(q)) if q < 1 else math.inf,
        failures,
    )


def bimodal(failures: float) -> Gaps:
    """Return gaps of lanes that end in one of two basins, seven decades apart."""
    q = 0.5 / (1 - failures)

    def draw(rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
        means = np.where(rng.random(shape) < NEAR, *BASINS)
        return np.exp(means + rng.standard_normal(shape))

    def below(log_gap: float) -> float:
        near, far = (stats.norm.cdf(log_gap - mean) for mean in BASINS)
        return NEAR * near + (1 - NEAR) * far - q

    median = math.exp(optimize.brentq(below, -60.0, 60.0, xtol=1e-14)) if q < 1 else math.inf
    return _with_failures(draw, median, failures)


def student(failures: float) -> Gaps:
    """Return the size of Student's t with two degrees of freedom: a mean, and no variance."""
    q = 0.5 / (1 - failures)
    return _with_failures(
        lambda rng, shape: np.abs(rng.standard_t(FREEDOM, shape)),
        float(stats.t.ppf((1 + q) / 2, FREEDOM)) if q < 1 else math.inf,
        failures,
    )


def stable(failures: float) -> Gaps:
    """Return one-sided stable gaps of index 1/2, Lévy's: not even a mean."""
    q = 0.5 / (1 - failures)
    return _with_failures(
        lambda rng, shape: rng.standard_normal(shape) ** -2.0,
        float(stats.levy.ppf(q)) if q < 1 else math.inf,
        failures,
    )


def _with_failures(draw: Draw, median: float, failures: float) -> Gaps:
    """Return gaps of which a share is infinite; `median` is that of all together."""

    def drawn(rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
        gaps = draw(rng, shape)
        return np.where(rng.random(shape) < failures, np.inf, gaps)

    return Gaps(drawn, median)


KINDS = {"lognormal": lognormal, "bimodal": bimodal, "student": student, "stable": stable}
"""``KINDS[name](failures) -> Gaps``, the share of failures from 0 to below 1."""
