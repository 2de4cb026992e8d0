"""An optimizer on all levels of a ladder, tuned at each of them and once for all."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optbench.define.ladders import PREFIX
from optbench.report.statistics.pair_lanes import PairLanes

NAME = re.compile(rf"{PREFIX}(\w+)\[level=(\d+)\]")
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Setting = tuple[float, ...]
"""The values of the hyperparameters that trials differ in."""
LOSSES = 1e-12, 1e12
"""Between which losses count: one that is not finite is the largest."""


@dataclass(frozen=True, eq=False)
class Climb:
    """The lanes of an optimizer on the levels of a ladder, at one way to set it.

    Attributes
    ----------
    reached : ndarray of bool [levels, D]
        Which lanes reached the target, on the same draws at all levels.
    instance : ndarray of int [D]
    lr : ndarray [levels]
        NaN where there is no rate.
    """

    reached: Bools
    instance: NDArray[np.integer]
    lr: Floats


def ladder_and_level(problem: str) -> tuple[str, int] | None:
    """Return the ladder and the level that a problem's name says, None of one without."""
    match = NAME.fullmatch(problem)
    return None if match is None else (match[1], int(match[2]))


def by_ladder(lanes: Iterable[PairLanes]) -> dict[tuple[str, str], dict[int, PairLanes]]:
    """Return (ladder, optimizer) -> level -> its lanes, in the order in which they were run."""
    groups: dict[tuple[str, str], dict[int, PairLanes]] = {}
    for pair in lanes:
        place = ladder_and_level(str(pair.facts["problem"]))
        if place is not None:
            groups.setdefault((place[0], pair.optimizer), {})[place[1]] = pair
    return groups


def tuned_at_each(levels: Sequence[PairLanes]) -> Climb:
    """Return the scoring lanes of the trial that is tuned at each level."""
    return _scored(levels, [pair.chosen for pair in levels])


def tuned_once(levels: Sequence[PairLanes]) -> Climb | None:
    """Return the lanes of the one trial that is best on the tuning lanes of all levels together.

    That which costs least on average, of nets that with the least mean log of the loss that the
    study tunes by. Trials count that all levels have: decades that a grid was extended by at some
    levels alone do not. Where not every trial was scored, as on nets, each tuning instance is
    scored with the trial that is best on all others. None where nothing is tuned, or levels share
    no trial.
    """
    settings = [_settings(pair) for pair in levels]
    shared = [own for own in settings[0] if all(own in others for others in settings[1:])]
    if not shared or any(pair.tuning is None for pair in levels):
        return None
    at = [[own[setting] for setting in shared] for own in settings]
    costs = np.sum([_costs(pair, own) for pair, own in zip(levels, at, strict=True)], axis=0)
    best = int(np.argmin(costs.sum(axis=0)))
    if not all(pair.every_trial for pair in levels):
        return _left_out(levels, at, costs, shared[best][0])
    numbers = [int(pair.number[own[best]]) for pair, own in zip(levels, at, strict=True)]
    positions = [pair.position(number) for pair, number in zip(levels, numbers, strict=True)]
    return _scored(levels, [own for own in positions if own is not None])


def _left_out(
    levels: Sequence[PairLanes], at: Sequence[Sequence[int]], costs: Floats, lr: float
) -> Climb | None:
    """Return each tuning instance with the trial that is best on the others; see `tuned_once`.

    `costs` [D, trials] are sums over levels; `lr` is the rate that is best on all instances.
    """
    instance = levels[0].tuning_instance
    if len(np.unique(instance)) < 2:
        return None
    others = np.array([costs[instance != own].sum(axis=0) for own in instance])
    best, draws = others.argmin(axis=1), np.arange(len(instance))
    reached = [
        _at_end(pair)[draws, np.asarray(own)[best]] for pair, own in zip(levels, at, strict=True)
    ]
    return Climb(np.array(reached), instance, np.full(len(levels), lr))


def _at_end(pair: PairLanes) -> Bools:
    """Return which tuning lanes [D, T] of a net ended at its target: their hits are not kept."""
    assert pair.tuning is not None
    reached: Bools = pair.tuning.training <= float(pair.facts["target"])
    return reached


def _settings(pair: PairLanes) -> dict[Setting, int]:
    """Return the settings of the trials that were tuned over -> their positions, default apart."""
    rows: Mapping[Setting, int] = {
        setting: position
        for position, setting in enumerate(
            zip(*(column.tolist() for column in pair.values.values()), strict=True)
        )
        if pair.number[position] >= 0
    }
    return dict(rows)


def _costs(pair: PairLanes, positions: Sequence[int]) -> Floats:
    """Return what tuning lanes cost [D, trials]: budgets, of nets the log of a loss."""
    assert pair.tuning is not None
    own = list(positions)
    if pair.kind != "net":
        return pair.tuning.cost[:, own] / pair.tuning.budget
    losses = pair.tuning.training if pair.basis == "training" else pair.tuning.value
    return np.log(np.clip(losses[:, own], *LOSSES))


def _scored(levels: Sequence[PairLanes], positions: Sequence[int]) -> Climb:
    """Return the scoring lanes at one scored trial of each level."""
    reached = [pair.scoring.reached[:, at] for pair, at in zip(levels, positions, strict=True)]
    rates = [_rate(pair, at) for pair, at in zip(levels, positions, strict=True)]
    return Climb(np.array(reached), levels[0].instance, np.array(rates))


def _rate(pair: PairLanes, position: int) -> float:
    """Return the rate of a scored trial, NaN of a solver."""
    own = pair.values["lr"][pair.number == pair.scored[position]]
    return float(own[0]) if own.size and pair.facts["has_rate"] else np.nan
