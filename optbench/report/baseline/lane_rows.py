"""From lanes to the rows of a table that is small enough to be committed, and back, to the bit."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from optbench.report.comparing.nested import chosen_positions
from optbench.report.statistics.pair_lanes import PairLanes
from optbench.study.lane_costs import LaneCosts

PHASES = ("tuning", "scoring")
KEPT = ("cost", "reached", "log_gap", "value", "training")
"""Of `LaneCosts`; costs of grids of targets decide ties in tuning, which is over, and nets, whose
tuning goes on, have none."""
VALUE = "value_"


def kept_lanes(lanes: PairLanes) -> PairLanes:
    """Return lanes of the trials that comparisons ask for, with the choices of all resamples.

    Where every trial was scored these are the trials that some resample chooses, and tuning is not
    needed any more. Of nets, whose tuned trial is resampled on the lanes of tuning, those stay.
    """
    positions = chosen_positions(lanes)
    own = [lanes.chosen] if lanes.default is None else [lanes.chosen, lanes.default]
    kept = np.unique(np.concatenate([positions, own]))
    place = {int(at): i for i, at in enumerate(kept)}
    scored = lanes.scored[kept]
    smaller = dataclasses.replace(
        lanes, scored=scored, scoring=lanes.scoring.at(trials=kept), chosen=place[lanes.chosen],
        default=None if lanes.default is None else place[lanes.default],
    )  # fmt: skip
    if not lanes.every_trial:
        return smaller
    of_kept = np.array([int(np.flatnonzero(lanes.number == number)[0]) for number in scored])
    return dataclasses.replace(
        smaller, choices=np.searchsorted(kept, positions), number=scored, tuning=None,
        values={name: column[of_kept] for name, column in lanes.values.items()},
        tuning_instance=lanes.tuning_instance[:0], tuning_seed=lanes.tuning_seed[:0],
    )  # fmt: skip


def lane_rows(pairs: Sequence[PairLanes]) -> pd.DataFrame:
    """Return a row for each lane of each pair: tuning before scoring, draws, then trials."""
    blocks = [
        _block(number, pair, phase) for number, pair in enumerate(pairs) for phase in PHASES
        if phase == "scoring" or pair.tuning is not None
    ]  # fmt: skip
    frame = pd.concat(blocks, ignore_index=True)
    names = [(pair.optimizer, pair.label) for pair in pairs]
    for place, name in enumerate(("optimizer", "label")):
        words = [names[number][place] for number in frame["pair"]]
        frame.insert(1 + place, name, pd.Categorical(words))
    return frame


def _block(number: int, pair: PairLanes, phase: str) -> pd.DataFrame:
    """Return the rows of a pair in one phase."""
    costs, trials, instance, seed = _lanes_of(pair, phase)
    draws = len(instance)
    values = {
        name if name == "lr" else f"{VALUE}{name}": np.tile(_of_trials(pair, column, trials), draws)
        for name, column in pair.values.items()
    }
    return pd.DataFrame({
        "pair": np.full(costs.cost.size, number, np.int32),
        "phase": pd.Categorical.from_codes(
            np.full(costs.cost.size, PHASES.index(phase), np.int8), categories=list(PHASES)
        ),
        "instance": np.repeat(instance, len(trials)), "seed": np.repeat(seed, len(trials)),
        "trial": np.tile(trials, draws), **values,
        **{name: getattr(costs, name).ravel() for name in KEPT},
    })  # fmt: skip


def _lanes_of(
    pair: PairLanes, phase: str
) -> tuple[LaneCosts, NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]:
    """Return costs [D, T], trials [T], and instances and seeds [D] of a phase."""
    if phase == "scoring":
        return pair.scoring, pair.scored, pair.instance, pair.seed
    assert pair.tuning is not None
    return pair.tuning, pair.number, pair.tuning_instance, pair.tuning_seed


def _of_trials(
    pair: PairLanes, column: NDArray[np.float64], trials: NDArray[np.int32]
) -> NDArray[np.float64]:
    """Return the values of trials; all were tuned, or nothing was and the one has its own."""
    place = {int(number): i for i, number in enumerate(pair.number)}
    return column[[place[int(trial)] for trial in trials]]


def lanes_of_rows(
    facts: Sequence[Mapping[str, Any]], rows: pd.DataFrame, choices: NDArray[np.integer]
) -> Iterator[PairLanes]:
    """Yield the pairs that `lane_rows` returned rows of.

    Parameters
    ----------
    facts : sequence of dict
        Of each pair; `kept` is what `facts_of` returns.
    rows : DataFrame
    choices : ndarray of int [pairs, B]
        The position of the trial that each resample chooses.
    """
    columns = {name: rows[name].to_numpy() for name in rows if name not in ("optimizer", "label")}
    ends = np.searchsorted(columns["pair"], np.arange(len(facts) + 1))
    scoring = columns["phase"] == "scoring"
    for number, own in enumerate(facts):
        at = slice(ends[number], ends[number + 1])
        of_pair = {name: column[at] for name, column in columns.items()}
        phases = {
            phase: {name: column[scoring[at] == flag] for name, column in of_pair.items()}
            for phase, flag in zip(PHASES, (False, True), strict=True)
        }
        yield _pair(own, phases["tuning"], phases["scoring"], choices[number])


def facts_of(pair: PairLanes) -> dict[str, Any]:
    """Return what rows do not say of a pair, as JSON values."""
    costs = pair.scoring
    return {
        "basis": pair.basis, "on_grid": pair.on_grid, "chosen": pair.chosen,
        "default": pair.default, "resampled": pair.choices is not None, "tie": costs.tie,
        "floor": costs.floor, "values": list(pair.values),
    }  # fmt: skip


def _pair(
    facts: Mapping[str, Any], tuning: Mapping[str, Any], scoring: Mapping[str, Any],
    choices: NDArray[np.integer],
) -> PairLanes:  # fmt: skip
    """Return the lanes of a pair from the columns of its rows."""
    kept = facts["kept"]
    of_tuning, number, tuning_instance, tuning_seed = _costs(facts, tuning)
    costs, scored, instance, seed = _costs(facts, scoring)
    of_values = tuning if len(number) else scoring
    trials = len(number) or len(scored)
    columns = {name: name if name == "lr" else f"{VALUE}{name}" for name in kept["values"]}
    return PairLanes(
        facts={name: value for name, value in facts.items() if name not in ("kept", "cells")},
        basis=kept["basis"], number=number if len(number) else scored,
        values={name: of_values[column][:trials] for name, column in columns.items()},
        tuning=of_tuning if len(number) else None, tuning_instance=tuning_instance,
        tuning_seed=tuning_seed, scored=scored, scoring=costs, instance=instance, seed=seed,
        chosen=kept["chosen"], default=kept["default"], on_grid=kept["on_grid"],
        choices=choices.astype(np.intp) if kept["resampled"] else None,
    )  # fmt: skip


def _costs(
    facts: Mapping[str, Any], columns: Mapping[str, Any]
) -> tuple[LaneCosts, NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]:
    """Return costs, trials, instances and seeds of the rows of a phase."""
    first = (columns["instance"] == columns["instance"][:1]) & (
        columns["seed"] == columns["seed"][:1]
    )
    trials = columns["trial"][first]
    shape = (len(first) // max(1, len(trials)), len(trials))
    of_grid = np.zeros(shape)
    costs = LaneCosts(
        **{name: columns[name].reshape(shape) for name in KEPT},
        grid_cost=of_grid, grid_log_cost=of_grid, budget=float(facts["budget"]),
        tie=facts["kept"]["tie"], floor=facts["kept"]["floor"],
    )  # fmt: skip
    each = slice(None, None, max(1, len(trials)))
    return costs, trials, columns["instance"][each], columns["seed"][each]
