"""Gradient descent, x <- x - h grad f(x), with a constant rate h.

On convex functions the gap falls like 1 / k, on strongly convex ones by a factor a step.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from optbench.report.bounds.convex_starts import ConvexStarts

Floats = NDArray[np.float64]


def bound(starts: ConvexStarts, steps: Floats, rate: float) -> Floats:
    """Return the least of the bounds below on f(x_k) - f*, [n, r] for steps k [r]; else inf."""
    smoothness, convexity, distance, gap = starts.columns()
    return np.minimum(
        strongly_convex(steps, rate, smoothness, convexity, gap),
        np.minimum(
            convex(steps, rate, smoothness, distance),
            convex_long(steps, rate, smoothness, distance, gap),
        ),
    )


def convex(steps: Floats, rate: float, smoothness: Floats, distance: Floats) -> Floats:
    """Return L R^2 / (4 h L k + 2) for h <= 1 / L, else inf.

    Drori and Teboulle 2014, Performance of first-order methods for smooth convex minimization: a
    novel approach, theorem 3.1; no bound is smaller, since a Huber function meets it (theorem 3.2).
    For h = 1 / L it is below the classical L R^2 / (2 k).
    """
    value = smoothness * distance**2 / (4.0 * rate * smoothness * steps + 2.0)
    return np.where(rate * smoothness <= 1.0, value, np.inf)


def convex_long(
    steps: Floats, rate: float, smoothness: Floats, distance: Floats, gap: Floats
) -> Floats:
    """Return 2 g R^2 / (2 R^2 + k h (2 - h L) g) for h < 2 / L, with g the first gap; else inf.

    Nesterov 2004, Introductory lectures on convex optimization, theorem 2.1.14.
    """
    slack = np.maximum(2.0 - rate * smoothness, 0.0)
    pull = np.where(distance > 0.0, gap / np.where(distance > 0.0, distance, 1.0) ** 2, 0.0)
    value = gap / (1.0 + 0.5 * steps * rate * slack * pull)
    return np.where(slack > 0.0, value, np.inf)


def strongly_convex(
    steps: Floats, rate: float, smoothness: Floats, convexity: Floats, gap: Floats
) -> Floats:
    """Return max(|1 - h L|, |1 - h mu|)^(2 k) times the first gap for h < 2 / L, else inf.

    Taylor, Hendrickx and Glineur 2018, Exact worst-case convergence rates of the proximal gradient
    method for composite convex minimization, theorem 3.3. On quadratics it is elementary, and with
    h = 2 / (L + mu) the factor is ((kappa - 1) / (kappa + 1))^2 (Polyak 1987, sec. 1.4).
    """
    factor = np.maximum(np.abs(1.0 - rate * smoothness), np.abs(1.0 - rate * convexity))
    return np.where(rate * smoothness < 2.0, factor ** (2.0 * steps) * gap, np.inf)
