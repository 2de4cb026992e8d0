"""The table of kinds: how far optimizers are from the best on problems of a kind, and how sure.

The score of an optimizer in a family is the mean over its problems of ln(objective / best
objective); over a kind it is the geometric mean over its families.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from optbench.report.kinds.common_setting import common_trial
from optbench.report.kinds.kind_of import KINDS, kind_of
from optbench.report.kinds.problem_scores import ProblemScores, problem_scores
from optbench.report.statistics.basins import gaps_compare
from optbench.report.statistics.intervals import expanded_tail
from optbench.report.statistics.pair_lanes import PairLanes

FEWEST_FAMILIES = 6
"""From so many families on they are resampled; with fewer the interval is over lanes alone."""
FAMILY_RESAMPLES = 4000
"""Of families, which are few: the tails that are left out are small."""
SETTINGS = TUNED, DEFAULT, COMMON = "tuned", "default", "one for the kind"
COLUMNS = [
    "kind", "setting", "optimizer", "families", "problems", "score", "low", "high", "worst_family",
    "worst", "best_on", "at_least", "note",
]  # fmt: skip
Floats = NDArray[np.float64]
Scored = dict[str, tuple[float, Floats]]
"""optimizer -> mean ln of the ratio to the best, and the same in resamples [B]."""


class Family(NamedTuple):
    """Optimizers in one family of a kind.

    Attributes
    ----------
    scores : dict
    bounded : set of str
        Who has no success on some problem.
    draws : int
        Of the problem with the fewest.
    """

    scores: Scored
    bounded: set[str]
    draws: int


def kind_table(lanes: Sequence[PairLanes]) -> pd.DataFrame:
    """Return a row for each kind, setting and optimizer.

    `score` is the geometric mean over families of the ratio to the best optimizer of each problem,
    [`low`, `high`] its interval at these settings: over lanes alone on fewer than six families,
    over families too from six on. `best_on` counts families on which the optimizer is the best or
    not separable from it. `at_least` says that it never reached the target of some problem, so that
    its score is a lower bound. `setting` is "tuned" for each problem, "default", or "one for the
    kind". A kind with one family has that family's name in `note`. An optimizer that was not run on
    all problems of a kind has no score there, and the note says so.
    """
    kinds: dict[str, list[PairLanes]] = {}
    for pair in lanes:
        kinds.setdefault(kind_of(pair.facts), []).append(pair)
    rows = [
        row for kind in KINDS if kind in kinds for setting in SETTINGS
        for row in _rows(kind, setting, kinds[kind])
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=COLUMNS)


def _rows(kind: str, setting: str, pairs: Sequence[PairLanes]) -> Iterator[dict[str, Any]]:
    """Yield the rows of a kind and setting, the best score first."""
    problems: dict[str, list[PairLanes]] = {}
    for pair in pairs:
        problems.setdefault(pair.label, []).append(pair)
    trials = _trials(setting, pairs)
    families = _families(problems, trials)
    counted = sum(len(own) for own in families.values())
    if not counted:
        return
    scored = {family: _family(problems) for family, problems in families.items()}
    every = dict.fromkeys(pair.optimizer for pair in pairs)
    rows = [_row(kind, setting, name, scored, families, counted) for name in every]
    yield from sorted(rows, key=lambda row: (math.isnan(row["score"]), row["score"]))


def _trials(setting: str, pairs: Sequence[PairLanes]) -> dict[tuple[str, str], int]:
    """Return (optimizer, label) -> the position of the trial that a setting stands for."""
    own: dict[str, list[PairLanes]] = {}
    for pair in pairs:
        own.setdefault(pair.optimizer, []).append(pair)
    positions: dict[tuple[str, str], int | None] = {}
    for optimizer, of_optimizer in own.items():
        number = common_trial(of_optimizer) if setting == COMMON else None
        for pair in of_optimizer:
            at = {TUNED: pair.chosen, DEFAULT: pair.default}.get(setting)
            if setting == COMMON and number is not None:
                at = pair.position(number)
            positions[optimizer, pair.label] = at
    return {key: at for key, at in positions.items() if at is not None}


def _families(
    problems: Mapping[str, Sequence[PairLanes]], trials: Mapping[tuple[str, str], int]
) -> dict[str, list[ProblemScores]]:
    """Return family -> the scores on its problems.

    Those that have no ratio are left out, and those where only gaps in different basins are left.
    """
    families: dict[str, list[ProblemScores]] = {}
    for label, pairs in problems.items():
        own = {name: at for (name, of), at in trials.items() if of == label}
        if not own:
            continue
        scores = problem_scores(pairs, own)
        compare = scores.basis != "gap" or gaps_compare(pairs[0].facts)
        if scores.basis != "value" and compare:
            families.setdefault(str(pairs[0].facts["family"]), []).append(scores)
    return families


def _family(problems: Sequence[ProblemScores]) -> Family:
    """Return the scores in a family of the optimizers that were run on all its problems."""
    first, *others = problems
    names = [name for name in first.optimizers if all(name in own.optimizers for own in others)]
    at = [[own.optimizers.index(name) for name in names] for own in problems]
    pairs = list(zip(problems, at, strict=True))
    points = np.mean([own.above[i] for own, i in pairs], axis=0)
    resampled = np.mean([own.resampled[:, i] for own, i in pairs], axis=0)
    bounded = np.any([own.bounded[i] for own, i in pairs], axis=0)
    return Family(
        {name: (float(points[i]), resampled[:, i]) for i, name in enumerate(names)},
        {name for i, name in enumerate(names) if bounded[i]},
        min(own.draws for own in problems),
    )


def _row(
    kind: str, setting: str, name: str, scored: Mapping[str, Family],
    families: Mapping[str, Sequence[ProblemScores]], problems: int,
) -> dict[str, Any]:  # fmt: skip
    """Return the row of an optimizer."""
    row: dict[str, Any] = {
        "kind": kind, "setting": setting, "optimizer": name, "families": len(scored),
        "problems": problems, "score": math.nan, "low": math.nan, "high": math.nan,
        "worst_family": "", "worst": math.nan, "best_on": 0, "at_least": False, "note": "",
    }  # fmt: skip
    missing = [family for family, own in scored.items() if name not in own.scores]
    if missing:
        row["note"] = f"no lanes at this setting on all problems of {', '.join(missing)}"
        return row
    own = {family: each.scores[name] for family, each in scored.items()}
    points = np.array([point for point, _ in own.values()])
    resampled = np.stack([resampled for _, resampled in own.values()])
    low, high = _interval(kind, resampled, min(each.draws for each in scored.values()))
    worst = max(own, key=lambda family: own[family][0])
    return row | {
        "score": math.exp(points.mean()), "low": low, "high": high, "worst_family": worst,
        "worst": math.exp(own[worst][0]),
        "best_on": sum(_not_worse(name, each) for each in scored.values()),
        "at_least": any(name in each.bounded for each in scored.values()),
        "note": _note(list(scored)),
    }  # fmt: skip


def _note(families: Sequence[str]) -> str:
    """Say how far the rows of a kind reach."""
    if len(families) == 1:
        return f"on {families[0]} alone"
    few = len(families) < FEWEST_FAMILIES
    return f"on these {len(families)} families" if few else ""


def _interval(kind: str, resampled: Floats, draws: int) -> tuple[float, float]:
    """Return the interval of the geometric mean over families, of ``resampled[f, B]``.

    What it leaves out at either end depends on how much is drawn again: see `expanded_tail`.
    """
    families, resamples = resampled.shape
    tail = expanded_tail(draws)
    if families >= FEWEST_FAMILIES:
        tail = expanded_tail(families)
        rng = np.random.Generator(np.random.Philox(key=zlib.crc32(kind.encode())))
        drawn = rng.integers(0, families, (families, FAMILY_RESAMPLES))
        resampled = resampled[drawn, rng.integers(0, resamples, FAMILY_RESAMPLES)]
    if math.isnan(tail):
        return math.nan, math.nan
    low, high = np.exp(np.quantile(resampled.mean(axis=0), (tail, 1.0 - tail)))
    return float(low), float(high)


def _not_worse(name: str, family: Family) -> bool:
    """Return whether an optimizer is the best of a family, or not separable from it."""
    scores, tail = family.scores, expanded_tail(family.draws)
    best = min(scores, key=lambda each: scores[each][0])
    if name == best or math.isnan(tail):
        return True
    return bool(np.quantile(scores[name][1] - scores[best][1], tail) <= 0.0)
