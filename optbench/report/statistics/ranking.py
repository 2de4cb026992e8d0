"""The order of optimizers on a problem, as every table and figure shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd


def ranked(convergence: pd.DataFrame) -> pd.DataFrame:
    """Return one problem's rows, best first.

    By success share, then evaluations to the target, then median gap, then the median value, which
    alone counts where no reference is known; what is missing is last.
    """
    keys = {
        "_share": -convergence["success_share"].fillna(-1.0),
        "_evaluations": convergence["evaluations_to_target"].fillna(np.inf),
        "_gap": convergence["median_gap"].fillna(np.inf),
        "_f": convergence["median_f"].fillna(np.inf),
    }
    ordered = convergence.assign(**keys).sort_values([*keys, "optimizer"], kind="stable")
    return ordered.drop(columns=list(keys))


def ranked_by_problem(convergence: pd.DataFrame, problems: pd.DataFrame) -> pd.DataFrame:
    """Return all rows in the order of `problems`, best optimizer first within each."""
    # Imported here: processes that draw figures start faster without.
    import pandas

    groups = [ranked(convergence[convergence["label"] == label]) for label in problems["label"]]
    groups = [group for group in groups if len(group)]
    return pandas.concat(groups, ignore_index=True) if groups else convergence.iloc[:0]
