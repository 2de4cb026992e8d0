"""The lanes of a pair as statistics see them: what they cost in tuning and in scoring."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from optbench.report.statistics.pair_results import CANONICAL, DEFAULT, Arrays, PairResults
from optbench.report.statistics.rows import Facts
from optbench.study.lane_costs import LaneCosts, joined, lane_costs
from optbench.study.objective import Basis, basis_of, log_objectives

POOLED = slice(CANONICAL + 1, None)
"""The draws of scoring cells that statistics are of."""


@dataclass(frozen=True, eq=False, kw_only=True)
class PairLanes:
    """The lanes of an optimizer on a problem.

    Attributes
    ----------
    facts : dict
        Of the pair, its problem and its scoring cell.
    basis : str
        What the objective is of: see `objective.basis_of`.
    number : ndarray of int [T]
        Of the trials in tuning, those of a grid by ascending rate; -1, the default setting, last.
    values : dict of str to ndarray [T]
        The hyperparameters that trials differ in, "lr" first.
    tuning : LaneCosts or None
        [D, T]; None where nothing is tuned.
    tuning_instance, tuning_seed : ndarray of int [D]
    scored : ndarray of int [S]
        Numbers of the trials that were scored.
    scoring : LaneCosts
        [D, S] of the pooled draws: the canonical one is not among them.
    instance, seed : ndarray of int [D]
        Of scoring.
    chosen : int
        The position of the tuned trial in `scored`.
    default : int or None
        The position of the default trial in `scored`, if it is another one.
    on_grid : bool
        Whether trials are neighbours: rates of a grid.
    choices : ndarray of int [B], optional
        Positions in `scored` of the trials that resamples of tuning choose, where they are kept in
        place of its lanes.
    """

    facts: Facts
    basis: Basis
    number: NDArray[np.int32]
    values: Mapping[str, NDArray[np.float64]]
    tuning: LaneCosts | None
    tuning_instance: NDArray[np.int32]
    tuning_seed: NDArray[np.int32]
    scored: NDArray[np.int32]
    scoring: LaneCosts
    instance: NDArray[np.int32]
    seed: NDArray[np.int32]
    chosen: int
    default: int | None
    on_grid: bool
    choices: NDArray[np.intp] | None = None

    @property
    def optimizer(self) -> str:
        """The optimizer's label."""
        return str(self.facts["optimizer"])

    @property
    def label(self) -> str:
        """The problem's label."""
        return str(self.facts["label"])

    @property
    def kind(self) -> str:
        """The kind of the problem."""
        return str(self.facts["kind"])

    @cached_property
    def every_trial(self) -> bool:
        """Whether every trial of tuning was scored: on surfaces, noise and data, not on nets."""
        return self.tuning is not None and bool(np.isin(self.number, self.scored).all())

    @cached_property
    def instances(self) -> int:
        """How many instances were scored."""
        return len(np.unique(self.instance))

    def position(self, number: int) -> int | None:
        """Return the position of a trial among those that were scored, None if it was not."""
        at = np.flatnonzero(self.scored == number)
        return int(at[0]) if at.size else None

    def positions(self, numbers: NDArray[np.integer]) -> NDArray[np.intp]:
        """Return the positions of trials among those that were scored, as all of them were."""
        order = np.argsort(self.scored)
        return order[np.searchsorted(self.scored, numbers, sorter=order)]

    def scored_at(self, position: int) -> LaneCosts:
        """Return the scoring lanes [D, 1] of the trial at a position."""
        return self.scoring.at(trials=slice(position, position + 1))


def objectives(basis: Basis, costs: LaneCosts) -> NDArray[np.float64]:
    """Return the objective of each trial [T] in its own unit; see `objective.log_objectives`."""
    logs = log_objectives(basis, costs)
    return logs if basis == "value" else np.exp(logs)


def pair_lanes(pair: PairResults) -> PairLanes:
    """Return the lanes of a pair."""
    facts, scoring = pair.facts, pair.scoring
    costs_of = {
        "kind": pair.kind, "absolute_targets": facts["absolute_targets"],
        "budget": facts["budget"], "dtype": facts["dtype"],
    }  # fmt: skip
    scored = lane_costs(scoring, **costs_of, draws=POOLED)
    number, values = scoring["trial"], _values(scoring)
    tuning, draws = None, {"instance": scoring["instance"][:0], "seed": scoring["seed"][:0]}
    if pair.tuning:
        tuning = joined([lane_costs(arrays, **costs_of) for arrays in pair.tuning])
        number = np.concatenate([arrays["trial"] for arrays in pair.tuning])
        parts = [_values(arrays) for arrays in pair.tuning]
        values = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        order = _ascending(number, values["lr"], facts["on_grid"])
        tuning, number = tuning.at(trials=order), number[order]
        values = {name: column[order] for name, column in values.items()}
        draws = {name: pair.tuning[0][name] for name in draws}
    basis = basis_of(pair.kind, scored if tuning is None else tuning, number, facts["objective"])
    return PairLanes(
        facts=facts, basis=basis, number=number, values=values, tuning=tuning,
        tuning_instance=draws["instance"], tuning_seed=draws["seed"], scored=scoring["trial"],
        scoring=scored, instance=scoring["instance"][POOLED], seed=scoring["seed"][POOLED],
        chosen=pair.tuned, default=pair.default, on_grid=facts["on_grid"],
    )  # fmt: skip


def _ascending(
    number: NDArray[np.integer], lr: NDArray[np.float64], on_grid: bool
) -> NDArray[np.intp]:
    """Return the order of trials: rates of a grid ascend, or numbers; the default one is last."""
    return np.lexsort([lr if on_grid else number, number == DEFAULT])


def _values(arrays: Arrays) -> dict[str, NDArray[np.float64]]:
    """Return the hyperparameters that the trials of a cell differ in."""
    others = {
        name.removeprefix("value_"): arrays[name] for name in arrays if name.startswith("value_")
    }
    return {"lr": arrays["lr"], **others}
