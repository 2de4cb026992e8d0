"""Anytime performance: how early lanes meet a whole grid of targets, not only the last one.

The runtime ECDF of a set of targets is the share of (lane, target) that is met by an evaluation.
The area under it is one number for the whole way. Over the logarithm of evaluations it is 1 - mean
ln T / ln B, T the evaluations at a target and B, the budget, where it was not met: the geometric
mean of running times (Hansen et al. 2022, IEEE TEVC 26, "Anytime performance assessment in blackbox
optimization benchmarking"). Over evaluations themselves it is the area over the convergence curve,
AOCC (IOHprofiler; López-Ibáñez et al. 2024, arXiv:2404.02031): targets are even in the logarithm of
the gap, so that the share not met yet is the gap's place between the easiest and the hardest.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from optbench.report.merit.arrays import Floats

ROUNDING = 1e-12
"""By which share a mean may lie above its largest part."""


def convergence_areas(grid_cost: ArrayLike, budget: ArrayLike) -> Floats:
    """Return AOCC = 1 - mean T / B of lanes, between 0 and 1, more is better.

    Parameters
    ----------
    grid_cost : array_like [...]
        Mean over the grid of the evaluations at its targets, unmet ones at the budget.
    budget : array_like, that broadcasts
        Evaluations.

    Raises
    ------
    ValueError
        If a budget is less than 2, or a cost is not between 1 and the budget.
    """
    mean, most = _checked("costs over the grid", grid_cost, budget, 1.0, lambda b: b)
    return np.asarray(1 - mean / most)


def log_areas(grid_log_cost: ArrayLike, budget: ArrayLike) -> Floats:
    """Return the area under the runtime ECDF over ln evaluations, 1 - mean ln T / ln B.

    Parameters
    ----------
    grid_log_cost : array_like [...]
        Mean over the grid of the logarithm of evaluations, unmet ones at the budget.
    budget : array_like, that broadcasts

    Raises
    ------
    ValueError
        If a budget is less than 2, or a logarithm is not between 0 and that of the budget.
    """
    mean, most = _checked("logarithms over the grid", grid_log_cost, budget, 0.0, np.log)
    return np.asarray(1 - mean / most)


def _checked(
    name: str, mean: ArrayLike, budget: ArrayLike, low: float, scale: Callable[[Floats], Floats]
) -> tuple[Floats, Floats]:
    """Return means over a grid and what the budget is on their scale, if they fit together."""
    values, most = np.asarray(mean, np.float64), np.asarray(budget, np.float64)
    if not (most >= 2).all():
        raise ValueError(f"budgets {most.min():g}: expected 2 evaluations at least")
    end = scale(most)
    wrong = ~((values >= low) & (values <= end * (1 + ROUNDING)))
    if wrong.any():
        raise ValueError(
            f"{name}: {values[wrong].flat[0]:g}, expected numbers between {low:g} and "
            f"{np.broadcast_to(end, values.shape)[wrong].flat[0]:g}, that of the budget"
        )
    return np.minimum(values, end), end
