"""Ratios: what optimizers cost over the best one of those that are shown, problem by problem."""

from __future__ import annotations

from typing import Any

from optbench.report.page.contents import Contents
from optbench.study.objective import FINAL


def data(contents: Contents) -> dict[str, Any] | None:
    """Return what decides by what optimizers are compared.

    `compare`: the labels of problems where final gaps order optimizers (see `basins.gaps_compare`);
    `final`: whether the study asked for final gaps alone.
    """
    table = contents.convergence
    if not len(table):
        return None
    local = table.groupby("label", sort=False)["local"].first()
    problems = contents.frames["problems"]
    absolute = dict(zip(problems["label"], problems["absolute_targets"], strict=True))
    return {
        "compare": [str(label) for label, own in local.items() if own or absolute[label]],
        "final": contents.manifest["study"].get("objective") == FINAL,
    }
