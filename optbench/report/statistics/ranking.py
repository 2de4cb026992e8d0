"""The order of optimizers on a problem, as every table and figure shows it."""

import numpy as np


def ranked(convergence):
    """Return one problem's rows, best first.

    By success share, then evaluations to the target, then median gap, then the median value, which
    alone counts where no reference is known; what is missing is last.
    """
    ordered = convergence.assign(
        _share=-convergence["success_share"].fillna(-1.0),
        _evaluations=convergence["evaluations_to_target"].fillna(np.inf),
        _gap=convergence["median_gap"].fillna(np.inf),
        _f=convergence["median_f"].fillna(np.inf),
    ).sort_values(["_share", "_evaluations", "_gap", "_f", "optimizer"], kind="stable")
    return ordered.drop(columns=["_share", "_evaluations", "_gap", "_f"])


def table(convergence, problems):
    """Return all rows in the order of `problems`, best optimizer first within each."""
    import pandas

    parts = [ranked(convergence[convergence["label"] == label]) for label in problems["label"]]
    parts = [part for part in parts if len(part)]
    return pandas.concat(parts, ignore_index=True) if parts else convergence.iloc[:0]
