"""The frame of comparisons: a row a problem and two optimizers, with a verdict.

One comes before the other if both hold: the paired test at the chosen settings, adjusted for all
pairs of optimizers on the problem, and an interval of the ratio of their objectives that does not
contain 1, in which tuning itself was drawn anew. The test alone says that two settings differ; the
luck of a grid makes two settings of one rule differ as reliably.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from optbench.report.comparing import holm
from optbench.report.comparing.nested import chosen_positions, nested_ratios
from optbench.report.comparing.paired import bases, differences, log_costs, middle
from optbench.report.comparing.signed_ranks import signed_rank_test
from optbench.report.comparing.verdicts import A_FIRST, B_FIRST, judged
from optbench.report.statistics.basins import gaps_compare
from optbench.report.statistics.intervals import attained_level, median_intervals
from optbench.report.statistics.pair_lanes import PairLanes
from optbench.report.statistics.problem_lanes import by_problem
from optbench.study.objective import Basis

COLUMNS = [
    "label", "a", "b", "basis", "n", "untied", "wins", "ratio", "low", "high", "level",
    "objective_ratio", "nested_low", "nested_high", "p", "p_holm", "verdict", "note",
]  # fmt: skip
Columns = dict[str, Any]


def comparison_frame(lanes: Iterable[PairLanes]) -> pd.DataFrame:
    """Return one row per problem and two of its optimizers, a before b in the alphabet.

    Columns: `basis`, what is compared (see `paired.bases`); `n` pairs of lanes, `untied` ones,
    `wins` of a; `ratio`, the median of cost of a / cost of b over pairs of lanes, in
    [`low`, `high`] with the `level` attained; `objective_ratio` in [`nested_low`, `nested_high`];
    `p` of the signed ranks and `p_holm`; `verdict`; `note`. NaN ratios: values have none.
    """
    tables = [_problem(label, group) for label, group in by_problem(lanes).items()]
    tables = [columns for columns in tables if len(columns["a"])]
    if not tables:
        return pd.DataFrame(columns=COLUMNS)
    columns = {name: np.concatenate([table[name] for table in tables]) for name in COLUMNS}
    return pd.DataFrame(columns)


def chance_verdicts(comparisons: pd.DataFrame) -> str:
    """Say on how many problems chance alone would give a verdict, were all optimizers equal."""
    problems = comparisons["label"].nunique()
    decided = comparisons["verdict"].isin([A_FIRST, B_FIRST])
    some = comparisons.loc[decided, "label"].nunique()
    return (
        f"{int(decided.sum())} of {len(comparisons)} pairs are decided, on {some} of {problems} "
        f"problems; were all optimizers equal, chance would decide pairs on at most "
        f"{holm.LEVEL * problems:.3g} of them"
    )


def _problem(label: str, group: Sequence[PairLanes]) -> Columns:
    """Return the columns of all pairs of optimizers on a problem."""
    first, second = np.triu_indices(len(group), k=1)
    names = np.array([lanes.optimizer for lanes in group], dtype=object)
    columns = {"label": np.full(len(first), label, dtype=object)}
    columns |= {"a": names[first], "b": names[second]}
    if len(first):
        columns |= pair_columns(group, first, second)
        columns |= judged(columns)
    return columns


def pair_columns(
    group: Sequence[PairLanes], first: NDArray[np.intp], second: NDArray[np.intp]
) -> Columns:
    """Return what pairs of optimizers of a problem are like, as arrays [P]; see `judged`.

    Parameters
    ----------
    group : sequence of PairLanes
        On the same draws.
    first, second : ndarray of int [P]
        Positions in `group`.
    """
    basis = np.array(bases(group, first, second), dtype=object)
    no_order = (basis == "gap") & (not gaps_compare(group[0].facts))
    columns: Columns = {"basis": basis, "where_ended": no_order}
    chosen = [chosen_positions(lanes) for lanes in group]
    for own in sorted(set(basis)):
        at = np.flatnonzero(basis == own)
        for name, values in _of_basis(group, chosen, own, first[at], second[at]).items():
            columns.setdefault(name, np.empty(len(first), values.dtype))[at] = values
    return columns


def _of_basis(
    group: Sequence[PairLanes], chosen: Sequence[NDArray[np.intp]], basis: Basis,
    first: NDArray[np.intp], second: NDArray[np.intp],
) -> Columns:  # fmt: skip
    """Return what pairs of optimizers that are compared by one basis are like."""
    costs = np.stack([log_costs(lanes, basis) for lanes in group])
    d = differences(costs[first], costs[second], group[0].instance)
    n = d.shape[1]
    _, low, high = median_intervals(d)
    sums, p = signed_rank_test(d)
    return {
        "n": np.full(len(d), n),
        "untied": np.sum(d != 0.0, axis=1),
        "wins": np.sum(d < 0.0, axis=1),
        "log_ratio": middle(d),
        "log_low": low,
        "log_high": high,
        "level": np.full(len(d), attained_level(n)),
        "sums": sums,
        "p": p,
        **nested_ratios(group, chosen, basis, first, second),
    }
