"""Which bound holds for which rule, and at which of its settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from optbench.report.bounds import gradient_descent, momentum, nesterov
from optbench.report.bounds.convex_starts import ConvexStarts

Floats = NDArray[np.float64]
Settings: TypeAlias = Mapping[str, float]
"""Hyperparameters by name, the rate as "lr"."""
Bound: TypeAlias = Callable[[ConvexStarts, Floats, Settings], Floats]


def _gradient_descent(starts: ConvexStarts, steps: Floats, settings: Settings) -> Floats:
    return gradient_descent.bound(starts, steps, settings["lr"])


def _heavy_ball(starts: ConvexStarts, steps: Floats, settings: Settings) -> Floats:
    # With dampening the first step is as long as without, so that it is another recursion.
    if settings.get("dampening", 0.0) != 0.0:
        return _nothing(starts, steps)
    return momentum.heavy_ball(starts, steps, settings["lr"], settings["momentum"])


def _damped_momentum(starts: ConvexStarts, steps: Floats, settings: Settings) -> Floats:
    if settings["debias"]:
        return _nothing(starts, steps)
    b = settings["momentum"]
    return momentum.heavy_ball(starts, steps, settings["lr"] * (1.0 - b), b)


def _nesterov(starts: ConvexStarts, steps: Floats, settings: Settings) -> Floats:
    return momentum.nesterov(starts, steps, settings["lr"], settings["momentum"], ahead=True)


def _nesterov_sutskever(starts: ConvexStarts, steps: Floats, settings: Settings) -> Floats:
    rate, b = settings["lr"], settings["momentum"]
    return np.minimum(
        momentum.nesterov(starts, steps, rate, b, ahead=False),
        nesterov.strongly_convex(starts, steps, rate, b),
    )


def _nesterov_convex(starts: ConvexStarts, steps: Floats, settings: Settings) -> Floats:
    return nesterov.convex(starts, steps, settings["lr"])


def _nothing(starts: ConvexStarts, steps: Floats) -> Floats:
    return np.full((len(starts.gap), len(steps)), np.inf)


BOUNDS: dict[str, Bound] = {
    "gd": _gradient_descent,
    "heavy_ball": _heavy_ball,
    "momentum": _heavy_ball,
    "momentum_inside": _heavy_ball,
    "momentum_ema": _damped_momentum,
    "nesterov": _nesterov,
    "nesterov_sutskever": _nesterov_sutskever,
    "nesterov_convex": _nesterov_convex,
}
"""By the name of a rule; what none is known for is not in it."""


def bound(rule: str, settings: Settings, starts: ConvexStarts, steps: Floats) -> Floats | None:
    """Return what f(x_k) - f* of each lane may not exceed, in exact arithmetic.

    Parameters
    ----------
    rule : str
        Its name, without wrappers and schedules: those change what is proved.
    settings : dict
        All its hyperparameters.
    starts : ConvexStarts
        Of n lanes.
    steps : ndarray [r]
        k, from 0.

    Returns
    -------
    ndarray [n, r] or None
        inf for lanes that do not meet the conditions; None if no lane does, or no bound is known.
    """
    if rule not in BOUNDS:
        return None
    with np.errstate(over="ignore", under="ignore"):
        values = BOUNDS[rule](starts, np.asarray(steps, dtype=float), settings)
    return values if np.isfinite(values).any() else None
