"""The lanes of a whole run in arrays [problems, optimizers, lanes], for figures of merit."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optbench.report.merit.anytime import convergence_areas, log_areas
from optbench.report.merit.arrays import Bools, Floats
from optbench.report.merit.running_time import expected_evaluations
from optbench.report.statistics.pair_lanes import PairLanes

NO_TARGETS = "cannot be said: no problem has a target, and without one there is no running time"


@dataclass(frozen=True, eq=False, kw_only=True)
class LaneTable:
    """What each optimizer's tuned trial did on the pooled scoring lanes of each problem.

    Only problems with targets are in it, the asked one or those of the grid, which may be none.
    Where a pair failed with an error its lanes are failures; where an optimizer was not run there
    is nothing.

    Attributes
    ----------
    optimizers, problems, families : tuple of str
        Names [O], labels [P] and families [P], in the order of the study.
    dim, budget : ndarray [P]
    lanes : ndarray of int [P]
        How many each problem has; arrays are NaN beyond.
    instances : tuple of ndarray of int [P]
        The instance of each lane of each problem.
    ran : ndarray of bool [P, O]
        Where an optimizer was run, with an error or without.
    failed : ndarray of int [O]
        Pairs that ended with an error.
    cost : ndarray [P, O, L]
        Evaluations at the asked target, the budget where it was not reached.
    reached : ndarray of bool [P, O, L]
    area, log_area : ndarray [P, O, L]
        See `anytime.convergence_areas` and `anytime.log_areas`: more is better.
    """

    optimizers: tuple[str, ...]
    problems: tuple[str, ...]
    families: tuple[str, ...]
    dim: Floats
    budget: Floats
    lanes: NDArray[np.int64]
    instances: tuple[NDArray[np.integer], ...]
    ran: Bools
    failed: NDArray[np.int64]
    cost: Floats
    reached: Bools
    area: Floats
    log_area: Floats

    @property
    def complete(self) -> Bools:
        """Which optimizers [O] were run on every problem: they alone have an order."""
        return np.asarray(self.ran.all(axis=0))

    @property
    def numbers(self) -> list[NDArray[np.integer]]:
        """The instances of each problem."""
        return [np.unique(own) for own in self.instances]

    @property
    def drawn(self) -> NDArray[np.int64]:
        """How many instances each problem has [P]: what is drawn again."""
        return np.array([len(own) for own in self.numbers], int)

    def of_instances(self, scores: Floats) -> Floats:
        """Return the means of ``scores[P, O, L]`` over the seeds of each instance, ascending."""
        means = np.full((*scores.shape[:2], int(self.drawn.max(initial=0))), np.nan)
        for p, own in enumerate(self.instances):
            numbers, of_lane, seeds = np.unique(own, return_inverse=True, return_counts=True)
            sums = np.zeros((len(numbers), scores.shape[1]))
            np.add.at(sums, of_lane, scores[p, :, : len(own)].T)
            means[p, :, : len(numbers)] = sums.T / seeds
        return means

    def expected(self) -> Floats:
        """Return ERT [P, O]: +inf where no lane reached, NaN where it was not run."""
        costs = np.full(self.ran.shape, np.nan)
        for n in np.unique(self.lanes):
            of = (self.lanes == n)[:, None] & self.ran
            if of.any():
                costs[of] = expected_evaluations(self.cost[of][:, :n], self.reached[of][:, :n])
        return costs


def has_targets(pair: PairLanes) -> bool:
    """Whether some target exists: one that a lane reached, or those of the grid.

    Without any there is no running time: no reference value is known, or rounding hides all.
    """
    return bool(pair.scoring.reached.any() or pair.scoring.grid_cost.any())


def lane_table(pairs: Sequence[PairLanes], failed: Collection[tuple[str, str]] = ()) -> LaneTable:
    """Return the lanes of pairs in arrays.

    Parameters
    ----------
    pairs : sequence of PairLanes
    failed : collection of (str, str)
        Optimizer and label of pairs that ended with an error.
    """
    first = {pair.label: pair for pair in reversed(pairs) if has_targets(pair)}
    labels = [label for label in dict.fromkeys(pair.label for pair in pairs) if label in first]
    optimizers = list(dict.fromkeys([*(pair.optimizer for pair in pairs), *dict(failed)]))
    own = {(pair.optimizer, pair.label): pair for pair in pairs if pair.label in first}
    errors = [name for name in dict.fromkeys(failed) if name not in own and name[1] in first]
    row, column = ({name: i for i, name in enumerate(names)} for names in (labels, optimizers))
    budget = np.array([first[label].scoring.budget for label in labels])
    lanes = np.array([len(first[label].instance) for label in labels], int)
    columns = np.full((4, len(labels), len(optimizers), lanes.max(initial=0)), np.nan)
    for (name, label), pair in own.items():
        p = row[label]
        columns[:, p, column[name], : lanes[p]] = _scores(pair)
    for name, label in errors:
        p = row[label]
        lost = np.array([budget[p], 0.0, 0.0, 0.0])  # the budget is spent, and nothing is met
        columns[:, p, column[name], : lanes[p]] = lost[:, None]
    cost, reached, area, log_area = columns
    return LaneTable(
        optimizers=tuple(optimizers), problems=tuple(labels),
        families=tuple(str(first[label].facts["family"]) for label in labels),
        dim=np.array([float(first[label].facts["dim"]) for label in labels]),
        budget=budget, lanes=lanes,
        instances=tuple(first[label].instance for label in labels), ran=~np.isnan(cost).all(axis=2),
        failed=np.array([sum(name == own for name, _ in errors) for own in optimizers], int),
        cost=cost, reached=reached == 1.0, area=area, log_area=log_area,
    )  # fmt: skip


def _scores(pair: PairLanes) -> Floats:
    """Return costs, whether lanes reached, and both areas of the tuned trial [4, lanes].

    Nets have no grid: their asked target is one of a single target. A hit in the last step is the
    evaluation after the budget, and counts as the budget.
    """
    costs, tuned = pair.scoring, pair.chosen
    own, most = costs.cost[:, tuned], costs.budget
    mean, log_mean = costs.grid_cost[:, tuned], costs.grid_log_cost[:, tuned]
    if not costs.grid_cost.any():
        mean, log_mean = own, np.log(own)
    return np.stack(
        [
            own,
            costs.reached[:, tuned].astype(np.float64),
            convergence_areas(np.minimum(mean, most), most),
            log_areas(np.minimum(log_mean, np.log(most)), most),
        ]
    )
