"""What hangs on where was searched: the choice made again in ranges ten times narrower.

Half a decade is taken off each end of every range, on the range's scale; trials outside are left
out, tuning chooses among the rest, and the same scoring lanes say what that costs. A best rate at
an edge of a grid extends it by a decade, at most twice, as in a study, so far as the run has these
rates. No lane is run again. A study with ``widen = 10`` searches ranges ten times as wide as
declared: narrowed, they are the declared ones.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from optbench.define.search_ranges import Search
from optbench.report.elsewhere.agreement import flipped, separation
from optbench.report.elsewhere.standings import Standings, all_standings
from optbench.report.statistics.columns import PAIR
from optbench.report.statistics.pair_lanes import PairLanes
from optbench.report.statistics.pair_results import DEFAULT
from optbench.report.tuning.trial_order import why_not
from optbench.study.lane_costs import LaneCosts
from optbench.study.objective import choose, log_objectives, side_to_extend

Bools = NDArray[np.bool_]
NARROWER = 0.1
NO_RANGES = "the run does not say where it was searched"
NONE_WITHIN = "no trial lies within the narrower ranges"
COLUMNS = [
    *PAIR, "basis", "trials", "within", "trial", "trial_narrow", "lr", "lr_narrow", "score",
    "score_narrow", "flips", "note",
]  # fmt: skip
EXTENSIONS = 2
"""How often a grid is extended by a decade, as in a study."""
ROUNDING = 1e-9
"""Relative distance beyond an end that is the end: rates of a grid are powers."""


class Narrowed(NamedTuple):
    """A choice that was made again.

    Attributes
    ----------
    within : int
        Trials in the narrower ranges, with decades that a grid was extended by.
    position : int
        The position of the best of them among those scored; the tuned one, where `note` says why
        nothing was chosen again.
    note : str
    """

    within: int
    position: int
    note: str = ""


def within(values: Mapping[str, NDArray[np.float64]], searched: Mapping[str, Any]) -> Bools:
    """Return which trials [T] lie within the ranges, `NARROWER` times as wide.

    Parameters
    ----------
    values : dict of str to ndarray [T]
    searched : dict of str to (low, high, scale)
        Where they were searched. What was not, such as a rate set by hand, is never outside; 0 is
        within a range on the scale "log with 0".
    """
    inside = np.ones(len(next(iter(values.values()))), bool)
    for name, (low, high, scale) in searched.items():
        own = Search(low, high, scale).widened(NARROWER)
        value = values[name]
        least, most = own.low - ROUNDING * abs(own.low), own.high + ROUNDING * abs(own.high)
        inside &= ((value >= least) & (value <= most)) | ((scale == "log with 0") & (value == 0.0))
    return inside


def narrowed(lanes: PairLanes) -> Narrowed:
    """Return the choice of a pair among the trials in narrower ranges."""
    reason = why_not(lanes)
    if not reason and not lanes.facts.get("searched"):
        reason = NO_RANGES
    if reason:
        return Narrowed(0, lanes.chosen, reason)
    assert lanes.tuning is not None
    inside = within(lanes.values, lanes.facts["searched"]) & (lanes.number != DEFAULT)
    if not inside.any():
        return Narrowed(0, lanes.chosen, NONE_WITHIN)
    best = _chosen(lanes, lanes.tuning, inside)
    rates = lanes.values["lr"]
    for _ in range(EXTENSIONS if lanes.on_grid else 0):
        side = side_to_extend(lanes.tuning, rates, best, inside)
        if not side:
            break
        low, high = rates[inside].min(), rates[inside].max()
        more = rates >= (low / 10 * (1 - ROUNDING) if side < 0 else low)
        more &= rates <= (high * 10 * (1 + ROUNDING) if side > 0 else high)
        inside = more & (lanes.number != DEFAULT)
        best = _chosen(lanes, lanes.tuning, inside)
    return Narrowed(int(inside.sum()), int(lanes.positions(lanes.number[best])))


def _chosen(lanes: PairLanes, tuning: LaneCosts, trials: Bools) -> int:
    """Return which of some trials [T] tuning chooses."""
    weights = np.ones((1, tuning.shape[0]))
    at = choose(lanes.basis, tuning, lanes.number, lanes.on_grid, weights, trials[None])
    return int(at[0])


def narrowing_table(pairs: Sequence[PairLanes], standings: Sequence[Standings]) -> pd.DataFrame:
    """Return a row a pair: what narrower ranges choose, and whom that changes places with.

    `score` and `score_narrow` are ln of the objective on scoring lanes, +inf where no lane reached
    the target. `flips` are the optimizers that are on the other side with narrower ranges for all,
    of those that lanes separate from this one with both. `note` says why nothing was chosen again.

    Parameters
    ----------
    pairs : sequence of PairLanes
    standings : sequence of Standings
        At the tuned settings.
    """
    choices = {(lanes.optimizer, lanes.label): narrowed(lanes) for lanes in pairs}
    again = all_standings(pairs, {key: choice.position for key, choice in choices.items()})
    flips: dict[tuple[str, str], list[str]] = {}
    for wide, narrow in zip(standings, again, strict=True):
        if np.array_equal(wide.resampled, narrow.resampled):
            continue  # the same trials were chosen
        there = separation(narrow)
        for pair in flipped(wide.optimizers, separation(wide), there):
            for own, other in (pair, pair[::-1]):
                flips.setdefault((own, wide.label), []).append(other)
    return pd.DataFrame(
        [
            _row(lanes, choices[lanes.optimizer, lanes.label])
            | {"flips": "; ".join(sorted(flips.get((lanes.optimizer, lanes.label), [])))}
            for lanes in pairs
        ],
        columns=COLUMNS,
    )


def _row(lanes: PairLanes, choice: Narrowed) -> dict[str, object]:
    score = log_objectives(lanes.basis, lanes.scoring)
    row = {name: lanes.facts[name] for name in PAIR}
    row |= {"basis": lanes.basis, "trials": int((lanes.number != DEFAULT).sum())}
    row |= {"within": choice.within}
    for suffix, position in (("", lanes.chosen), ("_narrow", choice.position)):
        number = int(lanes.scored[position])
        at = np.flatnonzero(lanes.number == number)
        row |= {
            f"trial{suffix}": number,
            f"lr{suffix}": float(lanes.values["lr"][at[0]]) if len(at) else math.nan,
            f"score{suffix}": float(score[position]),
        }
    return row | {"note": choice.note}
