"""Endings: how many lanes reached their target, and why the others did not."""

from __future__ import annotations

from typing import Any

from optbench.report.figures.endings import STATUSES
from optbench.report.page.contents import Contents


def data(contents: Contents) -> dict[str, Any] | None:
    """Return the looks of endings, and setting -> label -> optimizer -> [counts, evidence].

    Counts are of pooled scoring lanes, one for each of `looks`; `evidence` is words about one lane
    for each reason.
    """
    rows, names = contents.frames["failures"], list(STATUSES)
    if not len(rows):
        return None
    settings: dict[str, dict[str, dict[str, list[Any]]]] = {}
    counts = rows[names].to_numpy(int).tolist()
    keys = rows[["setting", "label", "optimizer", "evidence"]].itertuples(index=False)
    for (setting, label, optimizer, evidence), own in zip(keys, counts, strict=True):
        settings.setdefault(setting, {}).setdefault(label, {})[optimizer] = [own, evidence]
    looks = [
        {"words": own.words, "colour": own.colour, "ink": own.ink, "hatch": own.hatch[:1]}
        for own in STATUSES.values()
    ]
    return {"looks": looks, "settings": settings}
