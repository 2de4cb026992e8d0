"""The table of kinds: how far optimizers are from the best on problems of a kind, and how sure.

The score of an optimizer in a family is the mean over its problems of ln(objective / best
objective); over a kind it is the geometric mean over its families.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from optbench.define.draws import generator
from optbench.report.kinds.common_setting import common_trial
from optbench.report.kinds.kind_of import KINDS, kind_of
from optbench.report.kinds.problem_scores import ProblemScores, problem_scores
from optbench.report.statistics.basins import gaps_compare
from optbench.report.statistics.pair_lanes import PairLanes
from optbench.report.statistics.problem_lanes import by_problem
from optbench.report.statistics.resampling import resampled_interval

FEWEST_FAMILIES = 6
"""From so many families on they are resampled; with fewer the interval is over lanes alone."""
FAMILY_RESAMPLES = 4000
"""Of families, which are few: the tails that are left out are small."""
SETTINGS = TUNED, DEFAULT, COMMON = "tuned", "default", "one for the kind"
NO_RATIO = (
    "cannot be said: its problems have several basins or no reference, so there are no ratios"
)
ONE_INSTANCE = "one scoring instance, so there is no interval"
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
    instances : int
        Of the problem with the fewest.
    """

    scores: Scored
    bounded: set[str]
    instances: int


def kind_table(lanes: Sequence[PairLanes]) -> pd.DataFrame:
    """Return a row for each kind, setting and optimizer.

    `score` is the geometric mean over families of the ratio to the best optimizer of each problem,
    [`low`, `high`] its interval at these settings: over lanes alone on fewer than six families,
    over families too from six on. `best_on` counts families on which the optimizer is the best or
    not separable from it. `at_least` says that it never reached the target of some problem, so that
    its score is a lower bound. `setting` is "tuned" for each problem, "default", or "one for the
    kind". A kind with one family has that family's name in `note`. `problems` and `families` are
    those that have ratios; where none has, rows say so and have no score. An optimizer that was not
    run on all problems of a kind has no score there, and the note says so.
    """
    kinds: dict[str, list[list[PairLanes]]] = {}
    for pairs in by_problem(lanes).values():
        kinds.setdefault(kind_of(pairs[0].facts), []).append(pairs)
    rows = [
        row for kind in KINDS if kind in kinds for setting in SETTINGS
        for row in _rows(kind, setting, kinds[kind])
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=COLUMNS)


def _rows(
    kind: str, setting: str, problems: Sequence[Sequence[PairLanes]]
) -> Iterator[dict[str, Any]]:
    """Yield the rows of a kind and setting, the best score first, then by name."""
    pairs = [pair for problem in problems for pair in problem]
    trials = _trials(setting, pairs)
    if not trials:
        return
    families = _families(problems, trials)
    counted = sum(len(own) for own in families.values())
    scored = {family: _family(scores) for family, scores in families.items()}
    names = sorted({pair.optimizer for pair in pairs})
    rows = [_row(kind, setting, name, scored, counted) for name in names]
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
    problems: Sequence[Sequence[PairLanes]], trials: Mapping[tuple[str, str], int]
) -> dict[str, list[ProblemScores]]:
    """Return family -> the scores on its problems, by name.

    Those that have no ratio are left out, and those where only gaps in different basins are left.
    """
    families: dict[str, list[ProblemScores]] = {}
    for pairs in problems:
        keys = [(pair.optimizer, pair.label) for pair in pairs]
        own = {key[0]: trials[key] for key in keys if key in trials}
        if not own:
            continue
        scores = problem_scores(pairs, own)
        compare = scores.basis != "gap" or gaps_compare(pairs[0].facts)
        if scores.basis != "value" and compare:
            families.setdefault(str(pairs[0].facts["family"]), []).append(scores)
    return dict(sorted(families.items()))


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
        min(own.instances for own in problems),
    )


def _row(
    kind: str, setting: str, name: str, scored: Mapping[str, Family], problems: int
) -> dict[str, Any]:
    """Return the row of an optimizer."""
    row: dict[str, Any] = {
        "kind": kind, "setting": setting, "optimizer": name, "families": len(scored),
        "problems": problems, "score": math.nan, "low": math.nan, "high": math.nan,
        "worst_family": "", "worst": math.nan, "best_on": 0, "at_least": False, "note": "",
    }  # fmt: skip
    if not scored:
        row["note"] = NO_RATIO
        return row
    missing = [family for family, own in scored.items() if name not in own.scores]
    if missing:
        row["note"] = f"no lanes at this setting on all problems of {', '.join(missing)}"
        return row
    own = {family: each.scores[name] for family, each in scored.items()}
    points = np.array([point for point, _ in own.values()])
    resampled = np.stack([resampled for _, resampled in own.values()])
    instances = min(each.instances for each in scored.values())
    low, high = _interval(kind, resampled, instances)
    worst = max(own, key=lambda family: own[family][0])
    return row | {
        "score": _ratio(points.mean()), "low": low, "high": high, "worst_family": worst,
        "worst": _ratio(own[worst][0]),
        "best_on": sum(_not_worse(name, each) for each in scored.values()),
        "at_least": any(name in each.bounded for each in scored.values()),
        "note": _note(list(scored), instances),
    }  # fmt: skip


def _note(families: Sequence[str], instances: int) -> str:
    """Say how far the rows of a kind reach, and why one has no interval."""
    words = ""
    if len(families) == 1:
        words = f"on {families[0]} alone"
    elif len(families) < FEWEST_FAMILIES:
        words = f"on these {len(families)} families"
    return "; ".join(filter(None, [words, "" if instances > 1 else ONE_INSTANCE]))


def _interval(kind: str, resampled: Floats, instances: int) -> tuple[float, float]:
    """Return the interval of the geometric mean over families, of ``resampled[f, B]``."""
    families, resamples = resampled.shape
    drawn_again = instances
    if families >= FEWEST_FAMILIES and instances > 1:
        drawn_again = families
        rng = generator("families", kind, families)
        drawn = rng.integers(0, families, (families, FAMILY_RESAMPLES))
        resampled = resampled[drawn, rng.integers(0, resamples, FAMILY_RESAMPLES)]
    low, high = resampled_interval(resampled.mean(axis=0), drawn_again)
    return _ratio(low), _ratio(high)


def _ratio(log: float | np.floating | Floats) -> float:
    """Return the ratio of a logarithm, inf beyond the largest number."""
    with np.errstate(over="ignore"):
        return float(np.exp(log))


def _not_worse(name: str, family: Family) -> bool:
    """Return whether an optimizer is the best of a family, or not separable from it."""
    scores = family.scores
    best = min(scores, key=lambda each: scores[each][0])
    with np.errstate(invalid="ignore"):
        low, _ = resampled_interval(scores[name][1] - scores[best][1], family.instances)
    return name == best or not low > 0.0
