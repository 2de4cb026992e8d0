"""Problems with several basins: the chance of the global one, gap and cost within it.

Where a lane ended says there in which basin it was, not how well it descended. So final gaps order
no optimizers on such problems: what a success costs does, else how often the global basin was hit.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from optbench.report.statistics.intervals import medians, over_lanes, wilson_intervals
from optbench.report.statistics.pair_results import (
    CANONICAL,
    Arrays,
    Bools,
    Floats,
    PairResults,
    diverged,
    reference_of,
    values_of,
)
from optbench.report.statistics.rows import Facts


def gaps_compare(facts: Facts) -> bool:
    """Say whether final gaps order optimizers on a problem.

    They do where all local minima are global, and where targets are absolute: smaller gaps are
    harder targets then.
    """
    return bool(facts["local"] or facts["absolute_targets"])


def in_basin(pair: PairResults, arrays: Arrays) -> Floats:
    """Return 1 where a lane [D, T] ended in the global basin, 0 elsewhere.

    NaN in tuning, and where final gaps compare or targets alone count. Where no other minimum is
    known, there is nowhere else to be.
    """
    if "basin_gap" not in arrays:
        return np.full(arrays["status"].shape, np.nan)
    gap = values_of(arrays, "f_final") - reference_of(pair.kind, arrays)[:, None]
    return (~diverged(arrays) & ~(gap >= arrays["basin_gap"][:, None])).astype(float)


def basin_columns(
    pairs: Sequence[PairResults],
    trials: Sequence[int | None],
    lanes: Sequence[dict[str, Floats]],
    targets: Bools,
) -> dict[str, Floats]:
    """Return the chance of the global basin with Wilson's interval, and gap and cost within it.

    NaN where all local minima are global.

    Parameters
    ----------
    pairs : sequence of PairResults
    trials : sequence of int or None
        The position of a trial of each among those that were scored; None has no lanes.
    lanes : sequence of dict
        "gap" and "evaluations" of each trial's pooled lanes.
    targets : ndarray of bool
        Whether the pair's asked target exists.
    """
    inside = [
        np.empty(0) if trial is None else in_basin(pair, pair.scoring)[CANONICAL + 1 :, trial]
        for pair, trial in zip(pairs, trials, strict=True)
    ]
    has_basins = np.array([bool(len(own)) and not np.isnan(own).any() for own in inside], bool)
    counts = np.array([len(own) for own in inside], float)
    hits = np.where(has_basins, [np.sum(own == 1.0) for own in inside], np.nan)
    share, low, high = wilson_intervals(hits, counts)

    def within(name: str) -> Floats:
        values = [own[name][mask == 1.0] for own, mask in zip(lanes, inside, strict=True)]
        return over_lanes(medians, values)

    return {
        "basin_share": share,
        "basin_low": low,
        "basin_high": high,
        "basin_gap": within("gap"),
        "basin_evaluations": np.where(targets, within("evaluations"), np.nan),
    }


def ordered_by_basin(
    pairs: Sequence[PairResults], objectives: dict[str, list[Any]], shares: Floats
) -> dict[str, list[Any]]:
    """Return `ranked_by` and `objective` of pairs, with no final gaps where these do not compare.

    "basin" takes the place of "gap" there: the share of lanes that missed the global basin.
    """
    names, values = list(objectives["ranked_by"]), list(objectives["objective"])
    for i, (pair, share) in enumerate(zip(pairs, shares, strict=True)):
        if names[i] == "gap" and not gaps_compare(pair.facts):
            names[i], values[i] = "basin", 1.0 - float(share)
    return {"ranked_by": names, "objective": values}
