"""Regret: what the chosen trial costs on scoring lanes, over what the best trial costs there.

Tuning cannot see scoring lanes, so that it may choose a trial that is not the best one there: the
ratio says what that costs. The best trial is picked after the fact by the lanes that it is judged
on, which flatters it: regret is an upper bound. *Crossed* regret picks it on one half of the
scoring instances and judges both on the other, and the other way round: what other lanes of the
same number would have chosen, which may be worse than what tuning did.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from optbench.report.statistics.columns import PAIR
from optbench.report.statistics.pair_lanes import PairLanes
from optbench.report.statistics.pair_results import DEFAULT
from optbench.report.statistics.resampling import halves_of
from optbench.report.tuning.trial_order import NO_RATIO, ONE_TRIAL, positions, scores, why_not
from optbench.study.objective import choose, log_objectives

MOST_REGRET = 1.25
"""A choice is a good one if it costs at most so many times what the best trial does."""
MOST_PAIRS = 0.9
"""The share of pairs in which tuning is asked to choose well."""
COLUMNS = [*PAIR, "basis", "regret", "crossed", "trial", "best_trial", "lr", "best_lr", "note"]
UNITS = {
    "evaluations": "evaluations", "gap": "gap", "anytime": "evaluations", "validation": "loss",
    "training": "loss",
}  # fmt: skip
"""What an objective counts, by its basis."""
NO_HALVES = "no crossed regret: one instance, or each trial fails on one half alone"
ALL_TIE = "all trials tie, as where every one diverges: there was nothing to choose"
ROUNDING = 1e-9
"""Difference of logarithms that only says in which order numbers were added."""
NONE_REACHED = "no trial reached the target on a scoring lane"


def regret_table(pairs: Sequence[PairLanes]) -> pd.DataFrame:
    """Return a row a pair: `regret`, and number and rate of the chosen and of the best trial.

    `regret` is +inf where the chosen trial never reaches the target on scoring lanes and another
    does; `crossed` is the geometric mean over both halves. NaN has its reason in `note`.
    """
    return pd.DataFrame([_row(lanes) for lanes in pairs], columns=COLUMNS)


def _row(lanes: PairLanes) -> dict[str, object]:
    chosen = int(lanes.scored[lanes.chosen])
    row = {name: lanes.facts[name] for name in PAIR} | {
        "basis": lanes.basis, "regret": math.nan, "crossed": math.nan, "trial": chosen,
        "best_trial": chosen, "lr": math.nan, "best_lr": math.nan, "note": why_not(lanes),
    }  # fmt: skip
    if row["note"]:
        return row
    tried = lanes.number != DEFAULT
    score = np.where(tried, scores(lanes), np.inf)
    at, best = int(np.flatnonzero(lanes.number == chosen)[0]), int(np.argmin(score))
    if not score[best] < score[at]:  # the first of several that tie is no better
        best = at
    row |= {"best_trial": int(lanes.number[best])}
    row |= {"lr": lanes.values["lr"][at], "best_lr": lanes.values["lr"][best]}
    if lanes.basis == "value":
        return row | {"note": NO_RATIO}
    if not math.isfinite(score[best]):
        return row | {"note": NONE_REACHED}
    if np.ptp(score[tried]) <= ROUNDING:
        return row | {"note": ALL_TIE if tried.sum() > 1 else ONE_TRIAL}
    crossed = crossed_regret(lanes, at)
    with np.errstate(over="ignore"):
        row |= {"regret": float(np.exp(score[at] - score[best])), "crossed": crossed}
    return row | ({"note": NO_HALVES} if math.isnan(crossed) else {})


def crossed_regret(lanes: PairLanes, chosen: int) -> float:
    """Return the regret of a trial against those that halves of the scoring instances choose.

    Where neither trial reaches the target on a half, they are equal there. NaN if there is one
    instance, or if on one half only the one and on the other half only the other reaches it.

    Parameters
    ----------
    lanes : PairLanes
        Of which every trial was scored.
    chosen : int
        Its position in `PairLanes.number`.
    """
    halves = halves_of(lanes.instance)
    if halves is None:
        return math.nan
    scoring = lanes.scoring.at(trials=positions(lanes))
    score = log_objectives(lanes.basis, scoring, halves)
    best = choose(lanes.basis, scoring, lanes.number, lanes.on_grid, halves)
    own, other = score[:, chosen], score[[0, 1], best[::-1]]
    with np.errstate(invalid="ignore", over="ignore"):
        difference = np.where(own == other, 0.0, own - other)
        return float(np.exp(difference.mean()))


def regret_line(regret: pd.DataFrame) -> str:
    """Say in how many pairs the chosen trial costs little more than the best one."""
    own, crossed = regret["regret"].dropna(), regret["crossed"].dropna()
    if not len(own):
        return "Whether tuning chose well cannot be said: no pair had all its trials scored."
    near = int((own <= MOST_REGRET).sum())
    share = near / len(own)
    verdict = "as asked" if share >= MOST_PAIRS else f"fewer than the {MOST_PAIRS:.0%} asked"
    line = (
        f"On scoring lanes the chosen trial costs at most {MOST_REGRET:g} times the best trial in "
        f"{near} of {len(own)} pairs ({share:.0%}, {verdict})"
    )
    if len(crossed):
        fair = (crossed <= MOST_REGRET).mean()
        line += (
            f", and in {fair:.0%} where that is picked on one half of them and judged on the other"
        )
    without = len(regret) - len(own)
    return line + (f". Of {without} more it cannot be said." if without else ".")


def worst_regrets(regret: pd.DataFrame, count: int = 10) -> list[str]:
    """Return a line for each of the pairs with the largest regret above `MOST_REGRET`."""
    rows = regret[regret["regret"] > MOST_REGRET]
    rows = rows.sort_values(["regret", "label", "optimizer"], ascending=[False, True, True])
    return [
        f"{row.optimizer} on {row.label}: "
        + (
            "never reaches the target"
            if math.isinf(row.regret)
            else f"{row.regret:.3g} times the {UNITS[row.basis]}"
        )
        + f" at trial {row.trial} (lr {row.lr:.3g}); best is {row.best_trial} "
        f"(lr {row.best_lr:.3g})"
        for row in rows.head(count).itertuples(index=False)
    ]
