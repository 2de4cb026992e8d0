"""One sentence about the best optimizer of a problem."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optbench.report.figures import numbers

if TYPE_CHECKING:
    import pandas as pd


COLUMNS = [
    "optimizer", "success_share", "evaluations_to_target", "ranked_by", "basin_share", "median_gap",
]  # fmt: skip
"""What it takes of the convergence table."""


def best(rows: pd.DataFrame) -> str:
    """Return one sentence about the best optimizer of a problem's ranked rows."""
    if not len(rows):
        return "No optimizer was run."
    first = next(rows.head(1).itertuples(index=False))
    if first.success_share > 0:
        share = numbers.percent(first.success_share)
        words = f"Best: {first.optimizer}, {share} of lanes reached the target"
        if 0 < first.evaluations_to_target < float("inf"):
            words += f", median {numbers.count(round(first.evaluations_to_target))} evaluations"
        return words + "."
    if first.ranked_by == "basin":
        share = numbers.percent(first.basin_share)
        return (
            "No optimizer reached the target; most often in the basin of the global minimum: "
            f"{first.optimizer}, {share} of lanes."
        )
    finite = rows[rows["median_gap"] < float("inf")]
    if not len(finite):
        return "No optimizer reached the target, and most lanes of each diverged."
    least = finite.loc[finite["median_gap"].idxmin()]
    return (
        f"No optimizer reached the target; least median: {least['optimizer']}, "
        f"{numbers.text(least['median_gap'])}."
    )
