"""Mean ranks over families of problems, with Nemenyi's critical difference."""

from __future__ import annotations

from typing import Any

from optbench.report.merit.ranks import BLOCKS, LEVEL
from optbench.report.merit.studentized_range import upper_point
from optbench.report.page.contents import Contents
from optbench.report.page.figures import success
from optbench.report.page.packing import rounded

FEWEST = 3
"""Optimizers that Friedman's test compares, at least."""


def data(contents: Contents) -> dict[str, Any] | None:
    """Return the labels with a target, and what the browser cannot compute.

    `ranges[k]` is the 95 % point of the studentized range of k optimizers, None below 3; `blocks`
    how many families the test takes, at least.
    """
    labels = success.with_target(contents)
    if not labels:
        return None
    most = len(contents.optimizers)
    families = contents.frames["problems"].set_index("label").loc[labels, "family"].nunique()
    counts = range(FEWEST, most + 1) if families >= BLOCKS else ()
    points = [upper_point(LEVEL, k) for k in counts]
    return {"targets": labels, "ranges": [None] * FEWEST + rounded(points, 6), "blocks": BLOCKS}
