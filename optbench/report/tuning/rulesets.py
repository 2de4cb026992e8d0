"""The two rulesets of AlgoPerf (Dahl et al. 2023, sec. 4.4) from the lanes of a study.

*External tuning* gives a rule five trials, several times over: here the trials are dealt into
disjoint groups of five, each group's best by tuning lanes is scored, and the median over the groups
is what five trials are worth. *Self-tuning* gives it none: here the default setting.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from optbench.define.draws import generator
from optbench.report.statistics.columns import PAIR
from optbench.report.statistics.intervals import median
from optbench.report.statistics.pair_lanes import PairLanes
from optbench.report.statistics.pair_results import DEFAULT
from optbench.report.tuning.trial_order import scores, why_not
from optbench.study.objective import choose, log_objectives

Bools = NDArray[np.bool_]
GROUP = 5
"""Trials that external tuning gives a rule."""
COLUMNS = [*PAIR, "basis", "tuned", "external", "groups", "untuned", "note"]
TOO_FEW = f"fewer than {GROUP} trials"
NO_DEFAULT = "the default setting was not run apart"


@functools.lru_cache(maxsize=64)
def groups_of_trials(trials: int) -> Bools:
    """Return which of `trials` are in each of the disjoint groups of `GROUP`: [groups, trials].

    They are dealt at random, the same for every optimizer: neighbours on a grid are no five trials
    of a search. What is left over is in no group.
    """
    dealt = generator("rulesets", trials).permutation(trials)
    groups = np.zeros((trials // GROUP, trials), bool)
    for group, own in zip(groups, dealt[: groups.shape[0] * GROUP].reshape(-1, GROUP), strict=True):
        group[own] = True
    return groups


def ruleset_table(pairs: Sequence[PairLanes]) -> pd.DataFrame:
    """Return a row a pair: ln of its objective on scoring lanes under three ways of tuning.

    `tuned` is of all trials, `external` the median over `groups` of the best of five, `untuned` the
    default setting. Of the basis "value" they are the values themselves. NaN has its reason in
    `note`.
    """
    return pd.DataFrame([_row(lanes) for lanes in pairs], columns=COLUMNS)


def _row(lanes: PairLanes) -> dict[str, object]:
    score = log_objectives(lanes.basis, lanes.scoring)
    external, groups, notes = math.nan, 0, [why_not(lanes)]
    if not notes[0]:
        allowed = lanes.number != DEFAULT
        groups = int(allowed.sum()) // GROUP
        notes = [] if groups else [TOO_FEW]
        external = _external(lanes, allowed) if groups else math.nan
    if lanes.default is None:
        notes.append(NO_DEFAULT)
    return {
        **{name: lanes.facts[name] for name in PAIR},
        "basis": lanes.basis,
        "tuned": float(score[lanes.chosen]),
        "external": external,
        "groups": groups,
        "untuned": math.nan if lanes.default is None else float(score[lanes.default]),
        "note": "; ".join(filter(None, notes)),
    }


def _external(lanes: PairLanes, allowed: Bools) -> float:
    """Return the median over groups of the score of the trial that tuning chooses in each."""
    assert lanes.tuning is not None
    dealt = groups_of_trials(int(allowed.sum()))
    groups = np.zeros((len(dealt), len(allowed)), bool)
    groups[:, allowed] = dealt
    weights = np.ones((len(groups), lanes.tuning.shape[0]))
    chosen = choose(lanes.basis, lanes.tuning, lanes.number, lanes.on_grid, weights, groups)
    return median(scores(lanes)[chosen])
