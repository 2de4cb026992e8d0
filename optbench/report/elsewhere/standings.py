"""Where the optimizers of a problem stand: one number each that orders them, and its resamples.

As soon as one lane reached the target that is ln of the evaluations that a success costs; who has
none is behind all that have one, at `UNREACHED` and ln of the gap. Where the final gap tells in
which basin a lane ended, not how well it descended, all that reached nothing tie.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from optbench.report.statistics.basins import gaps_compare
from optbench.report.statistics.pair_lanes import PairLanes
from optbench.report.statistics.problem_lanes import by_problem
from optbench.report.statistics.problem_objectives import compared_by
from optbench.report.statistics.resampling import SCORING, draw_counts, halves_of
from optbench.report.statistics.rows import Facts
from optbench.study.lane_costs import LaneCosts, joined
from optbench.study.objective import Basis, log_objectives

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
    instances : int
        That were scored, and are drawn again in each resample.
    """

    facts: Facts
    optimizers: tuple[str, ...]
    standing: Floats
    resampled: Floats
    halves: Floats
    log_cost: Floats
    log_cost_resampled: Floats
    reached: Floats
    instances: int

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
    at = positions or {}
    return [
        _standings(own, [at.get((lanes.optimizer, lanes.label), lanes.chosen) for lanes in own])
        for own in by_problem(pairs).values()
    ]


def _standings(pairs: Sequence[PairLanes], positions: Sequence[int]) -> Standings:
    """Return the standings of the pairs of one problem, each at a position of its trials."""
    first, chosen = pairs[0], zip(pairs, positions, strict=True)
    costs, instance = joined([lanes.scored_at(at) for lanes, at in chosen]), first.instance
    of = partial(standings_of, compared_by(first, costs), costs, gaps_compare(first.facts))
    standing, log_cost = of(np.ones((1, len(instance))))
    resampled, log_cost_resampled = of(draw_counts(first.label, SCORING, instance))
    split = halves_of(instance)
    halves = np.full((2, len(pairs)), np.nan) if split is None else of(split)[0]
    return Standings(
        facts=first.facts,
        optimizers=tuple(lanes.optimizer for lanes in pairs),
        standing=standing[0],
        resampled=resampled,
        halves=halves,
        log_cost=log_cost[0],
        log_cost_resampled=log_cost_resampled,
        reached=costs.reached.mean(axis=0),
        instances=len(np.unique(instance)),
    )


def standings_of(
    basis: Basis, costs: LaneCosts, local: bool, counts: Floats
) -> tuple[Floats, Floats]:
    """Return (standings, ln of evaluations) [B, n] of resampled lanes.

    Parameters
    ----------
    basis : str
        See `compared_by`.
    costs : LaneCosts
        [D, n]
    local : bool
        Whether final gaps order optimizers: see `gaps_compare`.
    counts : ndarray [B, D]
        How often each draw counts.
    """
    log_cost = log_objectives("evaluations", costs, counts)
    if basis not in ("evaluations", "gap"):
        return log_objectives(basis, costs, counts), log_cost
    zeros = np.zeros_like(log_cost)
    gaps = log_objectives("gap", costs, counts) if local else zeros
    if basis == "gap":
        return gaps, log_cost
    return np.where(np.isfinite(log_cost), log_cost, UNREACHED + gaps), log_cost
