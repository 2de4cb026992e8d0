"""Tuning curves: what the best of k trials costs, chosen by tuning, shown by scoring lanes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from optbench.report.statistics.columns import filled, of_pairs
from optbench.report.statistics.intervals import LEVEL
from optbench.report.statistics.pair_lanes import PairLanes
from optbench.report.tuning.best_of_k import BEYOND, BestOfK, best_of_k
from optbench.report.tuning.trial_order import scores, trial_order, tuned_pairs

Floats = NDArray[np.float64]
OF_A_GRID = "rates of a grid are no independent draws: the band is that of as many draws"


def tuning_curve(score: Floats, best: BestOfK) -> tuple[Floats, Floats, Floats]:
    """Return what the median best of k trials scores, and a simultaneous band: each [k].

    Tuning orders the trials; at k the band has every trial that may be the median best one, and
    reaches from the least of their scores to the largest. With the scores that tuning itself saw,
    which ascend, it is the band of Lourie, Cho and He (2024); elsewhere it has the luck of which
    trials were drawn, and of how well tuning lanes tell about others, but not that of the scoring
    lanes.

    Parameters
    ----------
    score : ndarray [n]
        Of each trial, in the order of tuning, best first.
    best : BestOfK
        Of n trials.

    Returns
    -------
    tuple of ndarray [k]
        Score, low, high. -inf and +inf where the band has no end among these trials.
    """
    place = np.arange(len(score))
    within = (place >= best.low[:, None]) & (place <= best.high[:, None])
    low = np.where(within, score, np.inf).min(axis=1)
    high = np.where(within, score, -np.inf).max(axis=1)
    return (
        score[best.place],
        np.where(best.low == BEYOND, -np.inf, low),
        np.where(best.high == len(score), np.inf, high),
    )


def tuning_curve_table(pairs: Sequence[PairLanes]) -> pd.DataFrame:
    """Return a row a number of trials, of each pair whose trials were all scored.

    `score` is ln of the objective of the median best of `trials` trials on the scoring lanes, +inf
    where that one never reaches the target; of the basis "value" the median value itself. `low` and
    `high` are the ends of the simultaneous band of level `LEVEL`.
    """
    pairs = tuned_pairs(pairs)
    scored = [trial_order(lanes, scores(lanes)).score for lanes in pairs]
    bests = [best_of_k(len(score), LEVEL) for score in scored]
    rows = [len(best.trials) for best in bests]
    ends = np.cumsum([0, *rows])
    blocks = []
    for i, (lanes, score, best) in enumerate(zip(pairs, scored, bests, strict=True)):
        middle, low, high = tuning_curve(score, best)
        block = {"trials": best.trials, "score": middle, "low": low, "high": high}
        words = {"basis": lanes.basis, "note": OF_A_GRID if lanes.on_grid else ""}
        blocks.append((slice(ends[i], ends[i + 1]), {**block, **words}))
    dtypes = {
        "trials": np.int64, "basis": object, "score": np.float64, "low": np.float64,
        "high": np.float64, "note": object,
    }  # fmt: skip
    columns = filled(blocks, int(ends[-1]), dtypes)
    return pd.DataFrame({**of_pairs([lanes.facts for lanes in pairs], rows), **columns})
