"""The lanes of a run by problem, on the draws that all optimizers of a problem share."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

import numpy as np

from optbench.report.statistics.pair_lanes import PairLanes


def by_problem(pairs: Iterable[PairLanes]) -> dict[str, list[PairLanes]]:
    """Return label -> the optimizers' lanes on the draws that all have; labels and names ascend.

    No result depends on the order in which a study names its problems and optimizers.

    Raises
    ------
    ValueError
        If the optimizers of a problem have no draw in common: no study has such.
    """
    groups: dict[str, list[PairLanes]] = {}
    for lanes in sorted(pairs, key=lambda own: (own.label, own.optimizer)):
        groups.setdefault(lanes.label, []).append(lanes)
    common = {label: on_common_draws(group) for label, group in groups.items()}
    for label, group in common.items():
        if not group:
            names = ", ".join(lanes.optimizer for lanes in groups[label])
            raise ValueError(f"{label}: {names} have no scoring draw in common")
    return common


def on_common_draws(group: Sequence[PairLanes]) -> list[PairLanes]:
    """Return lanes scored on the draws that all have, ordered by instance and seed; [] if none."""
    draws = [
        list(zip(lanes.instance.tolist(), lanes.seed.tolist(), strict=True)) for lanes in group
    ]
    common = sorted(set(draws[0]).intersection(*draws[1:]))
    if not common:
        return []
    return [_on(lanes, own, common) for lanes, own in zip(group, draws, strict=True)]


def _on(
    lanes: PairLanes, own: Sequence[tuple[int, int]], draws: Sequence[tuple[int, int]]
) -> PairLanes:
    """Return the lanes on some of their own draws (instance, seed)."""
    if own == draws:
        return lanes
    place = {draw: at for at, draw in enumerate(own)}
    rows = np.array([place[draw] for draw in draws])
    return dataclasses.replace(
        lanes, scoring=lanes.scoring.at(draws=rows), instance=lanes.instance[rows],
        seed=lanes.seed[rows],
    )  # fmt: skip
