"""Where the optimizers of a problem stand: one number each that orders them, and its resamples.

Two optimizers are compared by evaluations if either has a scoring lane that reached the target,
else by the gap at the end; nets by the loss on the validation part. One number does both: ln of the
evaluations that a success costs, or where no lane reached it `UNREACHED` and ln of the gap, which
is behind all that reached it. Where the final gap tells in which basin a lane ended, not how well
it descended, all that reached nothing tie.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optbench.report.elsewhere.resampling import draw_weights
from optbench.report.statistics.pair_lanes import PairLanes
from optbench.report.statistics.rows import Facts
from optbench.study.lane_costs import LaneCosts, joined
from optbench.study.objective import FINAL, Basis, log_objectives

Floats = NDArray[np.float64]
UNREACHED = 1e6
"""Lies behind every ln of evaluations, and leaves a gap's logarithm ten digits."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Standings:
    """The optimizers of a problem at their tuned settings on the scoring lanes.

    Attributes
    ----------
    facts : dict
        Of the problem: those of one of the pairs.
    optimizers : tuple of str [n]
        In alphabetical order.
    standing : ndarray [n]
        Less is better.
    resampled : ndarray [B, n]
        The same of resampled draws, which all optimizers share.
    halves : ndarray [2, n]
        Of every second instance, and of the others; NaN if there is only one.
    log_cost, log_cost_resampled : ndarray [n], [B, n]
        ln of the evaluations that a success costs; +inf where no lane reached the target.
    reached : ndarray [n]
        The share of lanes that did.
    """

    facts: Facts
    optimizers: tuple[str, ...]
    standing: Floats
    resampled: Floats
    halves: Floats
    log_cost: Floats
    log_cost_resampled: Floats
    reached: Floats

    @property
    def label(self) -> str:
        """The problem's label."""
        return str(self.facts["label"])

    def of(self, optimizers: Sequence[str]) -> Standings:
        """Return the standings of some of the optimizers, in that order."""
        at = [self.optimizers.index(name) for name in optimizers]
        arrays = ("standing", "resampled", "halves", "log_cost", "log_cost_resampled", "reached")
        own = {name: getattr(self, name)[..., at] for name in arrays}
        return dataclasses.replace(self, optimizers=tuple(optimizers), **own)


def all_standings(
    pairs: Iterable[PairLanes], positions: Mapping[tuple[str, str], int] | None = None
) -> list[Standings]:
    """Return the standings on every problem, in alphabetical order of labels.

    Parameters
    ----------
    pairs : iterable of PairLanes
    positions : dict, optional
        (optimizer, label) -> the position of the trial that is scored in place of the tuned one.
    """
    problems: dict[str, list[PairLanes]] = {}
    for lanes in pairs:
        problems.setdefault(lanes.label, []).append(lanes)
    positions = positions or {}
    result = []
    for label in sorted(problems):
        own = sorted(problems[label], key=lambda lanes: lanes.optimizer)
        at = [positions.get((lanes.optimizer, label), lanes.chosen) for lanes in own]
        result.append(_standings(own, at))
    return result


def _standings(pairs: Sequence[PairLanes], positions: Sequence[int]) -> Standings:
    """Return the standings of the pairs of one problem, each at a position of its trials."""
    costs, instance = _common_lanes(pairs, positions)
    basis, local = _basis(pairs), bool(pairs[0].facts["local"])
    weights = draw_weights(instance, pairs[0].label)
    place = np.searchsorted(np.unique(instance), instance)
    halves = np.stack([place % 2 == 0, place % 2 == 1]).astype(np.float64)
    if len(instance) < 2 or not halves.any(axis=1).all():
        split = np.full((2, len(pairs)), np.nan)
    else:
        split = standings_of(basis, costs, halves, local)[0]
    standing, log_cost = standings_of(basis, costs, np.ones((1, len(instance))), local)
    resampled, log_cost_resampled = standings_of(basis, costs, weights, local)
    return Standings(
        facts=pairs[0].facts,
        optimizers=tuple(lanes.optimizer for lanes in pairs),
        standing=standing[0],
        resampled=resampled,
        halves=split,
        log_cost=log_cost[0],
        log_cost_resampled=log_cost_resampled,
        reached=costs.reached.mean(axis=0),
    )


def _common_lanes(
    pairs: Sequence[PairLanes], positions: Sequence[int]
) -> tuple[LaneCosts, NDArray[np.integer]]:
    """Return the lanes [D, n] on the draws that all pairs have, and the instances of these."""
    draws = [list(zip(p.instance.tolist(), p.seed.tolist(), strict=True)) for p in pairs]
    common = sorted(set(draws[0]).intersection(*draws[1:]))
    if not common:
        names = ", ".join(lanes.optimizer for lanes in pairs)
        raise ValueError(f"{pairs[0].label}: {names} have no scoring draw in common")
    parts = []
    for lanes, own, at in zip(pairs, draws, positions, strict=True):
        place = {draw: i for i, draw in enumerate(own)}
        rows = np.array([place[draw] for draw in common])
        parts.append(lanes.scoring.at(rows, np.array([at])))
    return joined(parts), np.array([instance for instance, _ in common])


def _basis(pairs: Sequence[PairLanes]) -> Basis:
    """Return what a problem's optimizers are compared by: "evaluations" has the gap in reserve."""
    basis = pairs[0].basis
    if basis not in ("evaluations", "gap"):
        return basis
    return "gap" if pairs[0].facts["objective"] == FINAL else "evaluations"


def standings_of(
    basis: Basis, costs: LaneCosts, weights: Floats, local: bool
) -> tuple[Floats, Floats]:
    """Return (standings, ln of evaluations) [B, n] of resampled lanes.

    Parameters
    ----------
    basis : str
    costs : LaneCosts
        [D, n]
    weights : ndarray [B, D]
        How often each draw counts.
    local : bool
        Whether final gaps may be compared.
    """
    log_cost = log_objectives("evaluations", costs, weights)
    if basis != "evaluations":
        return log_objectives(basis, costs, weights), log_cost
    gaps = log_objectives("gap", costs, weights) if local else 0.0
    behind = UNREACHED + gaps
    return np.where(np.isfinite(log_cost), log_cost, behind), log_cost
