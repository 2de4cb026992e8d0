"""The table of sensitivity: a row a trial, its objective in tuning, its success in scoring."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from optbench.report.statistics.columns import OF_PAIRS, Block, filled, of_pairs
from optbench.report.statistics.pair_lanes import PairLanes, objectives
from optbench.report.statistics.pair_results import CANONICAL, Arrays, PairResults, diverged

DTYPES = {
    "trial": np.int32, "lr": np.float64, "objective": np.float64, "mean_gap": np.float64,
    "diverged_share": np.float64, "success_share": np.float64, "best": np.bool_,
}  # fmt: skip


def sensitivity_table(pairs: Sequence[PairResults], lanes: Sequence[PairLanes]) -> pd.DataFrame:
    """Return one row per trial of every pair that was tuned, by ascending rate.

    The default setting's trial has number -1. `objective` is what trials were judged by in tuning:
    evaluations, a gap, a loss or a value, as `basis` says in the table of convergence. `mean_gap`,
    the geometric mean of the gaps at the end, is of tuning too, and so is `diverged_share`;
    `success_share` is the share of pooled scoring lanes that reached the target, NaN where the
    trial was not scored or there is no target. `best` marks the tuned trial.

    Parameters
    ----------
    pairs, lanes : sequence
        The same pairs as they are stored, and as statistics see them.
    """
    both = [own for own in zip(pairs, lanes, strict=True) if own[0].tuning]
    rows = [len(own.number) for _, own in both]
    columns = filled(_blocks(both), sum(rows), DTYPES)
    others = [name for name in columns if name not in DTYPES]
    order = [*list(DTYPES)[:2], *others, *list(DTYPES)[2:]]
    keys = of_pairs([pair.facts for pair, _ in both], rows)
    del keys[OF_PAIRS[-1]]
    return pd.DataFrame({**keys, **{name: columns[name] for name in order}}, copy=False)


def _blocks(both: Sequence[tuple[PairResults, PairLanes]]) -> Iterator[tuple[slice, Block]]:
    """Yield the rows of each pair."""
    first = 0
    for pair, lanes in both:
        last = first + len(lanes.number)
        yield slice(first, last), _trials(pair, lanes)
        first = last


def _trials(pair: PairResults, lanes: PairLanes) -> dict[str, NDArray[np.generic]]:
    """Return the columns of a pair's trials."""
    assert lanes.tuning is not None
    stored = _joined([arrays["trial"] for arrays in pair.tuning])
    lost = _joined([diverged(arrays).mean(axis=0) for arrays in pair.tuning])
    columns: dict[str, NDArray[np.generic]] = {
        "trial": lanes.number,
        **{n if n == "lr" else f"value_{n}": column for n, column in lanes.values.items()},
        "objective": objectives(lanes.basis, lanes.tuning),
        "mean_gap": objectives("gap", lanes.tuning),
        "diverged_share": lost[np.argsort(stored)][np.argsort(np.argsort(lanes.number))],
        "success_share": _scored(pair, lanes.number),
        "best": lanes.number == lanes.scored[lanes.chosen],
    }
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
