"""Runtime ECDF: the share of all targets that were met within so many evaluations a dimension."""

from __future__ import annotations

from typing import Any

from optbench.report.page.contents import Contents
from optbench.report.page.groups import groups
from optbench.report.page.packing import rounded, whole


def data(contents: Contents) -> dict[str, Any] | None:
    """Return x, and setting -> label -> optimizer -> [count, met at each x], see `runtime_frame`.

    Sums over problems are taken in the browser, for those that are shown.
    """
    rows = contents.frames["runtimes"]
    if not len(rows):
        return None
    settings: dict[str, dict[str, dict[str, list[Any]]]] = {}
    keys = ["setting", "label", "optimizer"]
    for (setting, label, optimizer), own in groups(rows, keys, ["count", "met"]):
        met = [int(own["count"][0]), whole(own["met"])]
        settings.setdefault(setting, {}).setdefault(label, {})[optimizer] = met
    return {"x": rounded(rows["x"].unique()), "settings": settings}
