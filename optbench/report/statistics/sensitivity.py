"""The table of sensitivity: a row a trial, its score in tuning and its success in scoring."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from optbench.report.statistics.columns import OF_PAIRS, Block, filled, of_pairs
from optbench.report.statistics.pair_results import (
    CANONICAL,
    Arrays,
    PairResults,
    diverged,
)
from optbench.study.scores import trial_scores

DTYPES = {
    "trial": np.int32, "lr": np.float64, "score": np.float64, "diverged_share": np.float64,
    "success_share": np.float64, "best": np.bool_,
}  # fmt: skip


def sensitivity_table(pairs: Sequence[PairResults]) -> pd.DataFrame:
    """Return one row per trial of every pair that was tuned, by ascending rate.

    The default setting's trial has number -1. `score` and `diverged_share` are of tuning lanes;
    `success_share` is the share of pooled scoring lanes that reached the target, NaN where the
    trial was not scored or there is no target. `best` marks the tuned trial.
    """
    pairs = [pair for pair in pairs if pair.tuning]
    rows = [sum(len(arrays["trial"]) for arrays in pair.tuning) for pair in pairs]
    columns = filled(_blocks(pairs), sum(rows), DTYPES)
    others = [name for name in columns if name not in DTYPES]
    order = [*list(DTYPES)[:2], *others, *list(DTYPES)[2:]]
    keys = of_pairs([pair.facts for pair in pairs], rows)
    del keys[OF_PAIRS[-1]]
    return pd.DataFrame({**keys, **{name: columns[name] for name in order}}, copy=False)


def _blocks(pairs: Sequence[PairResults]) -> Iterator[tuple[slice, Block]]:
    """Yield the rows of each pair."""
    first = 0
    for pair in pairs:
        block = _trials(pair)
        last = first + len(block["trial"])
        yield slice(first, last), block
        first = last


def _trials(pair: PairResults) -> dict[str, NDArray[np.generic]]:
    """Return the columns of a pair's trials."""
    names = ["trial", "lr", *(name for name in pair.tuning[0] if name.startswith("value_"))]
    columns = {name: _joined([arrays[name] for arrays in pair.tuning]) for name in names}
    columns["score"] = _joined([trial_scores(pair.kind, arrays) for arrays in pair.tuning])
    columns["diverged_share"] = _joined([diverged(arrays).mean(axis=0) for arrays in pair.tuning])
    columns["success_share"] = _scored(pair, columns["trial"])
    columns["best"] = columns["trial"] == pair.scoring["trial"][pair.tuned]
    order = np.lexsort([columns["trial"], columns["lr"]])
    return {name: column[order] for name, column in columns.items()}


def _joined(parts: list[NDArray[np.generic]]) -> NDArray[np.generic]:
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _scored(pair: PairResults, numbers: NDArray[np.generic]) -> NDArray[np.float64]:
    """Return the shares of pooled scoring lanes that reached the target, by numbers of trials."""
    scored: Arrays = pair.scoring
    shares = np.full(len(numbers), np.nan)
    if not pair.has_target():
        return shares
    order = np.argsort(scored["trial"], kind="stable")
    ordered = scored["trial"][order]
    at = np.minimum(np.searchsorted(ordered, numbers), len(ordered) - 1)
    has = ordered[at] == numbers
    own = scored["reached"][CANONICAL + 1 :].mean(axis=0)
    shares[has] = own[order][at[has]]
    return shares
