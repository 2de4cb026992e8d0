"""Tuning curves: what the median best of k trials costs, with a simultaneous band."""

from __future__ import annotations

from typing import Any

import numpy as np

from optbench.report.page.contents import Contents
from optbench.report.page.groups import Columns, groups
from optbench.report.page.packing import rounded, whole
from optbench.report.tuning.regret import UNITS

COLUMNS = ["trials", "score", "low", "high", "basis", "note"]
WORDS = {**UNITS, "anytime": "evaluations over all targets"}
"""Of the axis: those of one success are "evaluations"."""


def data(contents: Contents) -> dict[str, Any] | None:
    """Return label -> optimizer -> its curve: trials, score, low, high, unit and note.

    Scores are in their own unit. None is infinite: upwards where the target is never reached,
    downwards where a band has no end among the trials.
    """
    frame, drawn = contents.frames["tuning_curves"], set(contents.labels)
    figures: dict[str, dict[str, Any]] = {}
    for (label, name), rows in groups(frame, ["label", "optimizer"], COLUMNS):
        if label in drawn:
            figures.setdefault(label, {})[name] = _curve(rows)
    return figures or None


def _curve(rows: Columns) -> dict[str, Any]:
    basis = str(rows["basis"][0])
    columns = {name: rows[name] for name in ("score", "low", "high")}
    if basis != "value":
        with np.errstate(over="ignore"):
            columns = {
                name: np.where(np.isinf(own), np.inf, np.exp(own)) for name, own in columns.items()
            }
    return {
        "trials": whole(rows["trials"]),
        **{name: rounded(own) for name, own in columns.items()},
        "unit": WORDS.get(basis, "final f"),
        "note": str(rows["note"][0]),
    }
