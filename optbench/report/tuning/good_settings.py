"""How many settings work: attempts to the first success, good settings, width of good rates."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from optbench.report.statistics.columns import PAIR
from optbench.report.statistics.pair_lanes import PairLanes
from optbench.report.statistics.pair_results import DEFAULT
from optbench.report.tuning.trial_order import NO_RATIO, scores, why_not

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
GOOD = 2.0
"""A setting is good if it costs at most so many times what the best one does."""
COLUMNS = [
    *PAIR, "basis", "trials", "successes", "attempts", "good_share", "good_decades", "note",
]  # fmt: skip
NO_TARGET = "no trial reached the target on half of its lanes"
DRAWS = "rates are drawn together with other hyperparameters: good ones have no width"
NONE_GOOD = "no trial reached the target on a scoring lane"


def attempts_to_success(successes: int, trials: int) -> float:
    """Return how many of `trials` are tried until one succeeds, in random order, on average.

    (n + 1) / (m + 1) of n trials of which m succeed, none of them tried twice: the mean of the
    negative hypergeometric distribution (Johnson, Kemp and Kotz 2005, sec. 6.2.2). +inf if none
    does.
    """
    return (trials + 1) / (successes + 1) if successes else math.inf


def good(score: Floats) -> Bools:
    """Return which trials cost at most `GOOD` times the least, from ln of their objectives [n]."""
    return np.asarray(np.isfinite(score) & (score <= score.min() + math.log(GOOD)))


def width_of_run(good: Bools, rates: Floats, best: int) -> float:
    """Return how many decades the good rates next to the best one span, 0 where it is alone.

    Parameters
    ----------
    good : ndarray of bool [n]
    rates : ndarray [n]
        Ascending.
    best : int
        A good one.
    """
    bad = np.flatnonzero(~good)
    first = bad[bad < best].max(initial=-1) + 1
    last = bad[bad > best].min(initial=len(good)) - 1
    return math.log10(rates[last] / rates[first])


def good_settings_table(pairs: Sequence[PairLanes]) -> pd.DataFrame:
    """Return a row a pair: how easily one of its trials works, by the scoring lanes.

    `attempts` counts trials to the first one that reaches the target on at least half of its
    lanes; `good_share` is the share of trials within `GOOD` of the best, `good_decades` how far the
    good rates of a grid reach around it. NaN has its reason in `note`.
    """
    rows = []
    for lanes in pairs:
        row = {name: lanes.facts[name] for name in PAIR}
        row |= dict(basis=lanes.basis, trials=0, successes=0)
        row |= dict.fromkeys(["attempts", "good_share", "good_decades"], math.nan)
        notes = [why_not(lanes)]
        if not notes[0]:
            own, notes = _of_trials(lanes)
            row |= own
        rows.append({**row, "note": "; ".join(filter(None, notes))})
    return pd.DataFrame(rows, columns=COLUMNS)


def _of_trials(lanes: PairLanes) -> tuple[dict[str, float], list[str]]:
    """Return the numbers of a pair whose trials were all scored, and notes on them."""
    chosen_from = lanes.number != DEFAULT
    score = scores(lanes)[chosen_from]
    scored = lanes.scored != DEFAULT
    shares = lanes.scoring.reached[:, scored].mean(axis=0)
    successes = int((shares >= 0.5).sum())
    row: dict[str, float] = {"trials": len(score), "successes": successes}
    row["attempts"] = attempts_to_success(successes, len(score))
    notes = [] if successes else [NO_TARGET]
    if lanes.basis == "value":
        return row, [*notes, NO_RATIO]
    near = good(score)
    if not near.any():
        return row, [*notes, NONE_GOOD]
    row["good_share"] = float(near.mean())
    if not lanes.on_grid:
        return row, [*notes, DRAWS]
    rates = lanes.values["lr"][chosen_from]
    row["good_decades"] = width_of_run(near, rates, int(np.argmin(score)))
    return row, notes
