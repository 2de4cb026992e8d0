"""Regret: what the chosen trial costs on scoring lanes over what the best trial costs there."""

from __future__ import annotations

from typing import Any

from optbench.report.page.contents import Contents
from optbench.report.page.packing import rounded
from optbench.report.tuning.regret import MOST_REGRET


def data(contents: Contents) -> dict[str, Any] | None:
    """Return the regret that is asked for, and label -> optimizer -> [regret, crossed, lr, best].

    A regret is None where the chosen trial never reached the target and another one did.
    """
    rows = contents.frames["regret"]
    rows = rows[rows["regret"].notna()]
    if not len(rows):
        return None
    names = ("regret", "crossed", "lr", "best_lr")
    columns = zip(*(rounded(rows[name]) for name in names), strict=True)
    pairs: dict[str, dict[str, list[float | None]]] = {}
    for label, name, own in zip(rows["label"], rows["optimizer"], columns, strict=True):
        pairs.setdefault(str(label), {})[str(name)] = list(own)
    return {"most": MOST_REGRET, "pairs": pairs}
