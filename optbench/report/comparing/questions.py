"""A question asked by name: two optimizers of a run, or what two runs share.

The rows are those of the frame of comparisons, but each is adjusted for the comparisons of this
question alone, whatever else a run holds: two optimizers were named, and no others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from optbench.report.comparing.comparisons import COLUMNS, pair_columns
from optbench.report.comparing.paired import log_costs
from optbench.report.comparing.power import lanes_needed
from optbench.report.comparing.signed_ranks import signed_rank_test
from optbench.report.comparing.verdicts import A_FIRST, B_FIRST, WHERE_ENDED, judged
from optbench.report.statistics.intervals import attained_level, median_interval
from optbench.report.statistics.pair_lanes import PairLanes
from optbench.report.statistics.problem_lanes import on_common_draws

MORE_COLUMNS = [*COLUMNS, "improvement", "lanes_paired", "lanes_unpaired"]
Pairing = tuple[PairLanes, PairLanes]
"""Lanes of a and of b on one problem, on the same draws."""


@dataclass(frozen=True)
class Overall:
    """What the problems say together.

    Problems of a family (dimensions, rotations, perturbations) are alike, so that each family
    counts once: by the median of its problems.

    Attributes
    ----------
    problems, families : int
        Comparisons with a ratio, and the families that they are of.
    ratio, low, high : float
        The median over families of the ratio of objectives; NaN of fewer than six for the ends.
    level : float
        That the interval attains.
    improvement : float
        The mean over families of the share of pairs of lanes that a wins, a tie being half.
    p : float
        Of the signed ranks of the families' ratios.
    holds, reverses : list of str
        Problems on which a comes first, and on which b does.
    """

    problems: int
    families: int
    ratio: float
    low: float
    high: float
    level: float
    improvement: float
    p: float
    holds: list[str]
    reverses: list[str]


def of_two(lanes: Iterable[PairLanes], a: str, b: str) -> list[Pairing]:
    """Return the lanes of two optimizers on each problem that both were run on."""
    both: dict[str, dict[str, PairLanes]] = {}
    for own in lanes:
        if own.optimizer in (a, b):
            both.setdefault(own.label, {})[own.optimizer] = own
    return [
        pairing for own in both.values() if len(own) == 2 and (pairing := paired(own[a], own[b]))
    ]


def of_runs(first: Iterable[PairLanes], second: Iterable[PairLanes]) -> list[Pairing]:
    """Return the lanes of all optimizers on all problems that two runs share.

    A problem is the same if its definition, its target and the budget are. In a pairing both
    optimizers have the same name; the first is of the first run.
    """
    others = {_key(own): own for own in second}
    pairings = []
    for own in first:
        other = others.get(_key(own))
        if other is not None and (pairing := paired(own, other)):
            pairings.append(pairing)
    return pairings


def _key(lanes: PairLanes) -> tuple[Any, ...]:
    """Return what two runs must have in common for lanes to be pairs."""
    same = ("optimizer", "label", "budget", "content", "target_text")
    return tuple(lanes.facts[name] for name in same)


def paired(a: PairLanes, b: PairLanes) -> Pairing | None:
    """Return lanes on the draws that both have, in this order; None if there are none."""
    common = on_common_draws((a, b))
    return (common[0], common[1]) if common else None


def answers(pairings: Sequence[Pairing]) -> pd.DataFrame:
    """Return one row per pairing: the columns of `comparison_frame`, and three more.

    `improvement` is the share of pairs of lanes that a wins, a tie being half a win;
    `lanes_paired` and `lanes_unpaired` are how many would show a difference of 5 %.
    """
    if not pairings:
        return pd.DataFrame(columns=MORE_COLUMNS)
    one, other = np.array([0]), np.array([1])
    parts = [pair_columns(pairing, one, other) for pairing in pairings]
    columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    columns |= judged(columns)
    columns["improvement"] = share_won(columns)
    needed = [
        _lanes_needed(pairing, part["basis"][0])
        for pairing, part in zip(pairings, parts, strict=True)
    ]
    columns["lanes_paired"], columns["lanes_unpaired"] = np.array(needed).T
    names = {
        "label": [a.label for a, _ in pairings], "a": [a.optimizer for a, _ in pairings],
        "b": [b.optimizer for _, b in pairings],
    }  # fmt: skip
    return pd.DataFrame({name: names.get(name, columns.get(name)) for name in MORE_COLUMNS})


def share_won(columns: Mapping[str, Any]) -> Any:
    """Return the share of pairs of lanes that a wins, a tie being half a win."""
    return (columns["wins"] + 0.5 * (columns["n"] - columns["untied"])) / columns["n"]


def _lanes_needed(pairing: Pairing, basis: Any) -> tuple[float, float]:
    if basis == "value":
        return np.nan, np.nan
    a, b = (log_costs(own, basis) for own in pairing)
    return lanes_needed(a, b)


def overall(rows: pd.DataFrame, families: Mapping[str, str]) -> Overall:
    """Return what the rows of `answers` say together.

    Where gaps only tell in which basin lanes ended, a problem has no part in it.

    Parameters
    ----------
    rows : DataFrame
    families : dict of str to str
        The family of each problem, by its label.
    """
    rows = rows[~rows["note"].str.contains(WHERE_ENDED, regex=False)]
    family = rows["label"].map(families)
    with np.errstate(divide="ignore"):
        ratios = np.log(rows["objective_ratio"].astype(float)).dropna()
    logs = np.array([_middle(own) for _, own in ratios.groupby(family)], float)
    middle, low, high = median_interval(logs)
    return Overall(
        problems=len(ratios), families=len(logs), ratio=float(np.exp(middle)),
        low=float(np.exp(low)), high=float(np.exp(high)), level=attained_level(len(logs)),
        improvement=float(rows["improvement"].groupby(family).mean().mean()),
        p=float(signed_rank_test(logs)[1]),
        holds=_labels(rows, A_FIRST), reverses=_labels(rows, B_FIRST),
    )  # fmt: skip


def _middle(logs: pd.Series) -> float:
    """Return the median of a family's logarithms of ratios.

    Where the middle two are infinite, as each solves a problem that the other does not, it is 0.
    """
    with np.errstate(invalid="ignore"):
        middle = float(np.median(logs))
    return 0.0 if np.isnan(middle) else middle


def _labels(rows: pd.DataFrame, verdict: str) -> list[str]:
    return list(rows.loc[rows["verdict"] == verdict, "label"])


def rows_as_json(rows: pd.DataFrame) -> list[Mapping[str, Any]]:
    """Return the rows as JSON values: NaN is null, infinite ends are the words "inf" and "-inf"."""
    return [{name: _plain(value) for name, value in row.items()} for row in rows.to_dict("records")]


def _plain(value: Any) -> Any:
    """Return a value that JSON has."""
    if isinstance(value, (float, np.floating)):
        if np.isnan(value):
            return None
        return str(float(value)) if np.isinf(value) else float(value)
    return value.item() if isinstance(value, np.generic) else value
