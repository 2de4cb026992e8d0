"""One setting for all problems of a kind: what a user does who does not tune for each problem."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from optbench.report.statistics.pair_lanes import PairLanes
from optbench.report.statistics.problem_objectives import bounded_logs


def common_trial(pairs: Sequence[PairLanes]) -> int | None:
    """Return the number of the trial that is best over all problems of a kind, or None.

    The trial with the least mean, over families and in each over its problems, of ln(objective /
    best objective of the optimizer on the problem), on tuning lanes alone. None where problems have
    no trial in common, or not every one was scored, as on nets.

    Parameters
    ----------
    pairs : sequence of PairLanes
        One optimizer on the problems of a kind.
    """
    if not all(pair.every_trial for pair in pairs):
        return None
    shared = _shared(pairs)
    if not len(shared):
        return None
    families: dict[str, list[NDArray[np.float64]]] = {}
    for pair in pairs:
        at = np.argsort(pair.number)
        own = at[np.searchsorted(pair.number[at], shared)]
        families.setdefault(str(pair.facts["family"]), []).append(_above_own_best(pair)[own])
    means = np.mean([np.mean(problems, axis=0) for problems in families.values()], axis=0)
    return int(shared[np.argmin(means)])


def _shared(pairs: Sequence[PairLanes]) -> NDArray[np.int64]:
    """Return the numbers of the trials that are the same setting on all problems, ascending.

    Decades that a grid was extended by have numbers of their own on each problem.
    """
    settings = [
        dict(zip(pair.number.tolist(), zip(*_columns(pair), strict=True), strict=True))
        for pair in pairs
    ]  # fmt: skip
    first, *others = settings
    same = [
        number for number, own in first.items()
        if number >= 0 and all(each.get(number) == own for each in others)
    ]  # fmt: skip
    return np.array(sorted(same), np.int64)


def _columns(pair: PairLanes) -> list[list[float]]:
    return [column.tolist() for column in pair.values.values()]


def _above_own_best(pair: PairLanes) -> NDArray[np.float64]:
    """Return ln of the ratio of each trial's objective to the best one's [T], in tuning."""
    assert pair.tuning is not None
    if pair.basis == "value":  # no ratio: ranks would be of other weight, so it decides nothing
        return np.zeros(len(pair.number))
    logs = bounded_logs(pair.basis, pair.tuning)
    above: NDArray[np.float64] = logs - logs[pair.number >= 0].min()
    return above
