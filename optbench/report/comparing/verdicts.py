"""From tests and intervals to words: which of two optimizers comes before the other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optbench.report.comparing.holm import LEVEL, could_pass, holm
from optbench.report.comparing.signed_ranks import least_p

A_FIRST, B_FIRST = "a before b", "b before a"
NOT_SEPARATED, UNDECIDABLE = "not separated", "cannot be decided"
NO_RATIO = "no reference value, so values have an order and no ratio"
WHERE_ENDED = "several basins: gaps at the end tell where lanes ended, and order no optimizers"
AT_LEAST = "at least: a never reached the target"
AT_MOST = "at most: b never reached the target"
FIXED = "at these settings: the choice among trials was not drawn anew"
NO_INTERVAL = "too few pairs of lanes for an interval of the median"
TOO_FEW = "wins in all untied pairs of lanes could not pass Holm's adjustment"
ONE_INSTANCE = "one instance: nothing to draw anew"
APART = "the paired test and the ratio of objectives point to different sides"


def judged(columns: Mapping[str, NDArray[Any]], adjusted: bool = True) -> dict[str, NDArray[Any]]:
    """Return the ratios of the pairs of optimizers on one problem, and what they amount to.

    Parameters
    ----------
    columns : dict of str to ndarray [P]
        What `comparisons.pair_columns` returns.
    adjusted : bool
        Whether the pairs are tests that stand together, each adjusted for all.

    Returns
    -------
    dict of str to ndarray [P]
        `ratio`, `low`, `high`, `objective_ratio`, `nested_low`, `nested_high`, `p_holm`, `verdict`
        and `note`.
    """
    p, untied = columns["p"], columns["untied"]
    p_holm = holm(p) if adjusted else p
    below, above = columns["log_nested_high"] < 0.0, columns["log_nested_low"] > 0.0
    negative, positive = columns["sums"] < 0.0, columns["sums"] > 0.0
    significant = p_holm <= LEVEL
    possible = could_pass(p, least_p(untied)) if adjusted else least_p(untied) <= LEVEL
    conditions = [
        columns["where_ended"],
        significant & below & negative,
        significant & above & positive,
        ~possible | np.isnan(columns["log_nested_low"]),
    ]
    verdict = np.select(conditions, [UNDECIDABLE, A_FIRST, B_FIRST, UNDECIDABLE], NOT_SEPARATED)
    ordinal = columns["basis"] == "value"
    names = ("ratio", "low", "high", "objective_ratio", "nested_low", "nested_high")
    with np.errstate(over="ignore"):
        ratios = {name: np.exp(np.where(ordinal, np.nan, columns[f"log_{name}"])) for name in names}
    note = _notes(len(p), [
        (ordinal, NO_RATIO),
        (columns["where_ended"], WHERE_ENDED),
        (columns["failed_first"], AT_LEAST),
        (columns["failed_second"], AT_MOST),
        (columns["fixed"], FIXED),
        (np.isnan(columns["level"]), NO_INTERVAL),
        (np.isnan(columns["log_nested_low"]), ONE_INSTANCE),
        (~possible, TOO_FEW),
        (significant & ((below & positive) | (above & negative)), APART),
    ])  # fmt: skip
    return {**ratios, "p_holm": p_holm, "verdict": verdict.astype(object), "note": note}


def _notes(count: int, cases: Iterable[tuple[NDArray[np.bool_], str]]) -> NDArray[Any]:
    """Return for each of so many rows the texts of the cases that it is one of."""
    notes = np.full(count, "", dtype=object)
    for rows, text in cases:
        for i in np.flatnonzero(rows):
            notes[i] = f"{notes[i]}; {text}" if notes[i] else text
    return notes
