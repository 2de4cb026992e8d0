"""Ladders: the level up to which each optimizer holds, and its success at every level."""

from __future__ import annotations

from typing import Any

from optbench.report.ladders.climbs import ladder_and_level
from optbench.report.ladders.ladder_table import EACH, ONCE
from optbench.report.page.contents import Contents
from optbench.report.page.groups import groups
from optbench.report.page.packing import rounded, whole

SETTINGS = EACH, ONCE


def data(contents: Contents) -> dict[str, Any] | None:
    """Return ladder -> optimizer -> setting -> what it holds; None where a run has no ladders.

    What it holds is [level, low, high] and, by level, `success` and `lr`; ends of an interval are
    None where there is none. `most` is the number of levels, `labels` the problem at each, `field`
    who calibrated them.
    """
    table = contents.frames.get("ladders")
    if table is None or not len(table):
        return None
    by_level = {
        key: {"success": rounded(own["success"]), "lr": rounded(own["lr"])}
        for key, own in groups(
            contents.frames["levels"], ["ladder", "optimizer", "setting"], ["success", "lr"]
        )
    }
    ladders: dict[str, dict[str, dict[str, Any]]] = {}
    for row in table.itertuples(index=False):
        key = (row.ladder, row.optimizer, row.setting)
        own = ladders.setdefault(row.ladder, {}).setdefault(row.optimizer, {})
        own[row.setting] = {"held": rounded([row.held, row.low, row.high]), **by_level[key]}
    most = table.groupby("ladder", sort=False)["levels"].max()
    return {
        "settings": SETTINGS,
        "field": sorted(table.loc[table["in_field"], "optimizer"].unique()),
        "most": dict(zip(most.index, whole(most.to_numpy()), strict=True)),
        "labels": labels(contents, list(most.index)),
        "ladders": ladders,
    }


def labels(contents: Contents, ladders: list[str]) -> dict[str, list[str]]:
    """Return ladder -> the labels of its problems, by level."""
    places: dict[str, dict[int, str]] = {name: {} for name in ladders}
    problems = contents.frames["problems"]
    for problem, label in zip(problems["problem"], problems["label"], strict=True):
        place = ladder_and_level(problem)
        if place is not None and place[0] in places:
            places[place[0]][place[1]] = label
    return {name: [own[level] for level in sorted(own)] for name, own in places.items()}
