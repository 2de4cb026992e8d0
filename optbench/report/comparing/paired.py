"""Lanes of two optimizers as pairs: the same problem, instance and seed.

Each pair of lanes gives d = ln(cost of a / cost of b): below 0 where a is cheaper, -inf where b
failed alone, +inf where a did, 0 where both did.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from optbench.report.statistics.intervals import medians
from optbench.report.statistics.pair_lanes import PairLanes
from optbench.report.statistics.problem_objectives import compared_by
from optbench.study.objective import Basis

DIGITS = 12
"""Of differences: those that are equal but for rounding must tie."""

Floats = NDArray[np.float64]


def bases(
    group: Sequence[PairLanes], first: NDArray[np.intp], second: NDArray[np.intp]
) -> list[Basis]:
    """Return what each pair of optimizers is compared by.

    Evaluations at the target, as soon as one of the two reached it on one lane: see
    `problem_objectives.compared_by`.

    Parameters
    ----------
    group : sequence of PairLanes
    first, second : ndarray of int [P]
        Positions in `group`.
    """
    alone = [compared_by(own, own.scored_at(own.chosen)) for own in group]
    pairs = zip(first.tolist(), second.tolist(), strict=True)
    return [alone[i] if alone[i] == "evaluations" else alone[j] for i, j in pairs]


def log_costs(lanes: PairLanes, basis: Basis) -> Floats:
    """Return ln of the cost of each scoring lane of the chosen trial [D]; +inf where it failed.

    Of "value" it is the value itself, which has no logarithm.
    """
    costs = lanes.scored_at(lanes.chosen)
    with np.errstate(divide="ignore"):
        if basis == "evaluations":
            own = np.where(costs.reached, np.log(costs.cost), np.inf)
        elif basis == "gap":
            own = np.log(10.0) * costs.log_gap
        elif basis == "anytime":
            own = costs.grid_log_cost
        elif basis == "value":
            own = costs.value
        else:
            own = np.log(costs.training if basis == "training" else costs.value)
    return np.asarray(own[:, 0])


def differences(a: Floats, b: Floats, instance: NDArray[np.integer]) -> Floats:
    """Return d of pairs of lanes [..., n], one an instance.

    Several seeds of an instance are a cluster, which counts as one pair: that of their median.

    Parameters
    ----------
    a, b : ndarray [..., D]
        ln of costs.
    instance : ndarray [D]
        Ascending.
    """
    with np.errstate(invalid="ignore"):
        d = np.where(a == b, 0.0, a - b)
    starts = np.flatnonzero(np.diff(instance, prepend=instance[0] - 1))
    if len(starts) < len(instance):
        d = np.stack([middle(own) for own in np.split(d, starts[1:], axis=-1)], axis=-1)
    return np.asarray(np.round(d, DIGITS))


def middle(d: Floats) -> Floats:
    """Return the medians of differences along the last axis; 0 between -inf and +inf."""
    with np.errstate(invalid="ignore"):
        own = medians(d)
    return np.where(np.isnan(own), 0.0, own)
