"""Lanes of two optimizers as pairs: the same problem, instance and seed.

Each pair of lanes gives d = ln(cost of a / cost of b): below 0 where a is cheaper, -inf where b
failed alone, +inf where a did, 0 where both did.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from optbench.report.statistics.intervals import medians
from optbench.report.statistics.pair_lanes import PairLanes
from optbench.study.objective import EVALUATIONS, Basis

DIGITS = 12
"""Of differences: those that are equal but for rounding must tie."""

Floats = NDArray[np.float64]


def by_problem(pairs: Iterable[PairLanes]) -> dict[str, list[PairLanes]]:
    """Return label -> the optimizers' lanes on the draws that all of them have, by their names.

    Problems without such draws are left out.
    """
    groups: dict[str, list[PairLanes]] = {}
    for lanes in pairs:
        groups.setdefault(lanes.label, []).append(lanes)
    common = {label: on_common_draws(group) for label, group in groups.items()}
    return {label: group for label, group in common.items() if group}


def on_common_draws(group: Sequence[PairLanes]) -> list[PairLanes]:
    """Return lanes scored on the draws that all have, in the order of instances; [] if none."""
    draws = [
        list(zip(lanes.instance.tolist(), lanes.seed.tolist(), strict=True)) for lanes in group
    ]
    common = sorted(set(draws[0]).intersection(*draws[1:]))
    if not common:
        return []
    ordered = sorted(zip(group, draws, strict=True), key=lambda each: each[0].optimizer)
    return [_at(lanes, np.array([own.index(draw) for draw in common])) for lanes, own in ordered]


def _at(lanes: PairLanes, draws: NDArray[np.intp]) -> PairLanes:
    return dataclasses.replace(
        lanes, scoring=lanes.scoring.at(draws=draws), instance=lanes.instance[draws],
        seed=lanes.seed[draws],
    )  # fmt: skip


def bases(
    group: Sequence[PairLanes], first: NDArray[np.intp], second: NDArray[np.intp]
) -> list[Basis]:
    """Return what each pair of optimizers is compared by.

    Evaluations at the target, as soon as one of the two reached it on one lane; else the gap at
    the end. Losses of nets, values without a reference and what a study asks for are the same for
    all pairs.

    Parameters
    ----------
    group : sequence of PairLanes
    first, second : ndarray of int [P]
        Positions in `group`.
    """
    own = group[0]
    if own.basis not in ("evaluations", "gap"):
        return [own.basis] * len(first)
    if own.facts["objective"] != EVALUATIONS:
        return ["gap"] * len(first)
    reached = np.array([each.scoring.reached[:, each.chosen].any() for each in group])
    return ["evaluations" if hit else "gap" for hit in reached[first] | reached[second]]


def log_costs(lanes: PairLanes, basis: Basis) -> Floats:
    """Return ln of the cost of each scoring lane of the chosen trial [D]; +inf where it failed.

    Of "value" it is the value itself, which has no logarithm.
    """
    costs = lanes.scoring.at(trials=np.array([lanes.chosen]))
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
