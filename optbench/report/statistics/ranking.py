"""The order of optimizers on a problem, as every table and figure shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

Keys = dict[str, "pd.Series"]
TIERS = {
    "evaluations": 0, "anytime": 0, "validation": 0, "training": 0, "gap": 1, "basin": 1,
    "value": 2,
}  # fmt: skip
"""What objectives are of: who reached the target comes before who did not."""


def _keys(convergence: pd.DataFrame, prefix: str = "") -> Keys:
    """Return the columns that decide, the first one first; less is better, what is missing last."""
    by = convergence[f"{prefix}ranked_by"]
    within = convergence[f"{prefix}basin_gap"].fillna(np.inf)
    return {
        "_tier": by.map(TIERS).astype(float).fillna(np.inf),
        "_objective": convergence[f"{prefix}objective"].fillna(np.inf),
        "_within": within.where(by == "basin", 0.0),
    }


def ranked(convergence: pd.DataFrame) -> pd.DataFrame:
    """Return one problem's rows, best first.

    By the objective on the scoring lanes, as trials were by theirs in tuning: evaluations for one
    success, then gaps of those that never had one; the value alone counts where no reference is
    known. Where a problem has several basins the chance of the global one, then the gap within it,
    take the place of gaps: see `basins`. What is missing is last.
    """
    keys = _keys(convergence)
    ordered = convergence.assign(**keys).sort_values([*keys, "optimizer"], kind="stable")
    return ordered.drop(columns=list(keys))


def ranked_by_problem(convergence: pd.DataFrame, problems: pd.DataFrame) -> pd.DataFrame:
    """Return all rows in the order of `problems`, best optimizer first within each."""
    places = {label: place for place, label in enumerate(problems["label"])}
    ordered = ranked(convergence)
    place = ordered["label"].map(places)
    return (
        ordered[place.notna()]
        .loc[place.dropna().sort_values(kind="stable").index]
        .reset_index(drop=True)
    )


def wins(convergence: pd.DataFrame, prefix: str) -> NDArray[np.bool_]:
    """Return in which rows the columns with a prefix rank before those without.

    Parameters
    ----------
    convergence : DataFrame
    prefix : str
        "default_": whether the default setting ranks before the tuned one.
    """
    decided = np.zeros(len(convergence), bool)
    better = np.zeros(len(convergence), bool)
    for other, own in zip(
        _keys(convergence, prefix).values(), _keys(convergence).values(), strict=True
    ):
        a, b = other.to_numpy(float), own.to_numpy(float)
        better |= ~decided & (a < b)
        decided |= a != b
    return better
