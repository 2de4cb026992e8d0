"""Spaces of several hyperparameters: which of their trials, drawn at random, did well."""

from __future__ import annotations

from typing import Any

import numpy as np

from optbench.report.page.contents import Contents
from optbench.report.page.groups import groups


def data(contents: Contents) -> dict[str, Any] | None:
    """Return label -> the optimizers whose trials differ in more than the rate.

    Their trials are those of the figure `rates`, which is drawn from the same frame.
    """
    frame, drawn = contents.frames["sensitivity"], set(contents.labels)
    others = [name for name in frame if name.startswith("value_")]
    table: dict[str, list[str]] = {}
    for (label, name), rows in groups(frame, ["label", "optimizer"], others):
        differ = [len(np.unique(column[~np.isnan(column)])) > 1 for column in rows.values()]
        if label in drawn and any(differ):
            table.setdefault(label, []).append(name)
    return table or None
