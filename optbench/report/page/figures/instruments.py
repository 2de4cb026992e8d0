"""Instruments along the training of a net: sharpness, distance, noise and alpha."""

from __future__ import annotations

from typing import Any

import numpy as np

from optbench.report.figures.instrument_panels import PANELS
from optbench.report.page.contents import Contents
from optbench.report.page.groups import groups
from optbench.report.page.packing import rounded, whole

KEYS = ["label", "setting", "optimizer"]


def data(contents: Contents) -> dict[str, Any] | None:
    """Return what the panels are, and label -> setting -> optimizer -> its steps and readings."""
    frame, drawn = contents.frames["instruments"], set(contents.labels)
    names = [panel.column for panel in PANELS]
    nets: dict[str, dict[str, dict[str, Any]]] = {}
    for (label, setting, name), rows in groups(frame, KEYS, ["step", *names]):
        if label in drawn:
            order = np.argsort(rows["step"], kind="stable")
            nets.setdefault(label, {}).setdefault(setting, {})[name] = {
                "step": whole(rows["step"][order]),
                **{column: rounded(rows[column][order]) for column in names},
            }
    if not nets:
        return None
    panels = [
        {
            "column": panel.column, "words": panel.words, "logarithmic": panel.logarithmic,
            "lines": list(panel.lines), "limits": list(panel.limits),
        }
        for panel in PANELS
    ]  # fmt: skip
    return {"panels": panels, "nets": nets}
