"""Which figures for paper show ladders, with the plain arrays they are drawn from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from optbench.report.figures import heatmap, radar
from optbench.report.figures.draw import Job
from optbench.report.figures.numbers import MISSING
from optbench.report.figures.palette import Style
from optbench.report.ladders.ladder_table import EACH, ONCE, SETTINGS
from optbench.report.page.contents import anchors

if TYPE_CHECKING:
    import pandas as pd

FEWEST = 3
"""Ladders that make a radar."""
HOW = (
    "The highest level at which, and at all levels below which, half of the scoring lanes reach "
    "the target."
)


def level_names() -> dict[str, str]:
    """Return setting -> the name of its heatmap."""
    return {setting: f"levels-{setting.replace(' ', '-')}" for setting in SETTINGS}


def radar_names(table: pd.DataFrame) -> dict[str, str]:
    """Return optimizer -> the name of its radar."""
    slugs = anchors(sorted(table["optimizer"].unique()))
    return {optimizer: f"radar-{slug}" for optimizer, slug in slugs.items()}


def level_jobs(table: pd.DataFrame) -> list[Job]:
    """Return a heatmap for each way to set optimizers: what they hold, best on average first."""
    jobs = []
    for setting, name in level_names().items():
        own = table[table["setting"] == setting]
        if not len(own):
            continue
        held = own.pivot(index="ladder", columns="optimizer", values="held")
        order = held.mean().sort_values(ascending=False, kind="stable").index
        held = held.loc[own["ladder"].unique(), order]
        most = own.groupby("ladder")["levels"].max()[held.index].to_numpy(float)
        numbers = held.to_numpy(float)
        arguments = {
            "title": f"Up to which level of a difficulty an optimizer holds, {setting}",
            "rows": list(held.index), "columns": list(order), "colours": numbers / most[:, None],
            "texts": [[MISSING if np.isnan(v) else f"{v:.0f}" for v in row] for row in numbers],
            "scale": [(0.0, "0"), (0.5, "half"), (1.0, "all")], "scale_text": "levels",
            "note": f"{HOW} {MISSING}: not run.",
        }  # fmt: skip
        words = f"Heatmap of the levels that optimizers hold, {setting}"
        jobs.append(Job(name, heatmap.draw, arguments, words))
    return jobs


def radar_jobs(table: pd.DataFrame, styles: Mapping[str, Style]) -> list[Job]:
    """Return a radar for each optimizer that was run on enough ladders."""
    each = table[table["setting"] == EACH]
    field = each[each["in_field"]].groupby("ladder")["held"].median()
    jobs = []
    for optimizer, name in radar_names(table).items():
        own = each[each["optimizer"] == optimizer]
        if len(own) < FEWEST:
            continue
        ladders, most = list(own["ladder"]), own["levels"].to_numpy(float)
        once = table[(table["setting"] == ONCE) & (table["optimizer"] == optimizer)]
        arguments = {
            "title": f"What breaks {optimizer}", "note": f"Share of levels held. {HOW}",
            "ladders": ladders, "looks": styles[optimizer],
            **{key: own[column].to_numpy(float) / most for key, column in COLUMNS.items()},
            "once": once.set_index("ladder")["held"].reindex(ladders).to_numpy(float) / most,
            "field": field.reindex(ladders).to_numpy(float) / most,
        }  # fmt: skip
        jobs.append(Job(name, radar.draw, arguments, f"Radar of the levels that {optimizer} holds"))
    return jobs


COLUMNS = {"each": "held", "low": "low", "high": "high"}
"""Argument of `radar.draw` -> the column that it is made from."""
