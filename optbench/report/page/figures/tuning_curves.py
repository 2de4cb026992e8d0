"""Tuning curves: what the median best of k trials costs, with a simultaneous band."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from optbench.report.page.contents import Contents
from optbench.report.page.packing import rounded, whole
from optbench.report.tuning.regret import UNITS

if TYPE_CHECKING:
    import pandas as pd


def data(contents: Contents) -> dict[str, Any] | None:
    """Return label -> optimizer -> its curve: trials, score, low, high, unit and note.

    Scores are in their own unit. None is infinite: upwards where the target is never reached,
    downwards where a band has no end among the trials.
    """
    return {
        label: {str(name): _curve(own) for name, own in rows.groupby("optimizer", observed=True)}
        for label, rows in contents.by_label("tuning_curves").items()
    } or None


def _curve(rows: pd.DataFrame) -> dict[str, Any]:
    basis = str(rows["basis"].iloc[0])
    columns = {name: rows[name].to_numpy(float) for name in ("score", "low", "high")}
    if basis != "value":
        with np.errstate(over="ignore"):
            columns = {
                name: np.where(np.isinf(own), np.inf, np.exp(own)) for name, own in columns.items()
            }
    return {
        "trials": whole(rows["trials"]),
        **{name: rounded(own) for name, own in columns.items()},
        "unit": UNITS.get(basis, "final f"),
        "note": str(rows["note"].iloc[0]),
    }
