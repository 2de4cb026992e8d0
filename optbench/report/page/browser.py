"""What the page's JavaScript knows of a run: optimizers, problems, costs of lanes, figures."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from optbench.report.figures import palette
from optbench.report.kinds.kind_of import kind_of
from optbench.report.page import figures
from optbench.report.page.contents import Contents
from optbench.report.page.groups import groups
from optbench.report.page.packing import rounded
from optbench.study.results import FAILED

if TYPE_CHECKING:
    import pandas as pd

DASHES = dict(zip(palette.LINES, ("solid", "dash", "dot", "dashdot"), strict=True))
"""Lines of matplotlib -> what plotly calls them."""
COSTS = ("cost", "reached", "log_gap", "value")
"""Columns of the frame of costs that are a number for each draw."""
OF_BASIS = {"anytime": ("grid_log_cost",), "training": ("training",)}
"""Further ones, of pairs that are compared by them."""


def data(contents: Contents) -> dict[str, Any]:
    """Return all that figures and tables of the page are computed from; see js/core.js."""
    return {
        "run": contents.manifest["run"],
        "optimizers": optimizers(contents),
        "problems": problems(contents),
        "pairs": pairs(contents.frames["costs"]),
        "failed": failed(contents.frames["skipped"]),
        "drawn": contents.labels,
        "figures": figures.all_data(contents),
    }


def optimizers(contents: Contents) -> list[dict[str, Any]]:
    """Return name, colour and dash of each optimizer, and whether it is of another run."""
    return [
        {
            "name": name, "colour": looks.colour, "dash": DASHES[looks.line],
            "stored": name in contents.stored,
        }
        for name, looks in contents.styles.items()
    ]  # fmt: skip


def problems(contents: Contents) -> list[dict[str, Any]]:
    """Return the facts of each problem, in the order of the page."""
    budgets = contents.convergence.groupby("label")["budget"].first()
    return [
        {
            "label": row.label, "problem": row.problem, "dim": int(row.dim), "kind": row.kind,
            "family": row.family, "tags": tags(row.tags), "target": rounded([row.target])[0],
            "target_text": row.target_text, "kind_of": kind_of(row._asdict()),
            "slug": contents.anchors[row.label], "budget": int(budgets.get(row.label, 0)),
            "f_ref": rounded([row.f_ref], 6)[0], "f_ref_source": row.f_ref_source,
        }
        for row in contents.frames["problems"].itertuples(index=False)
    ]  # fmt: skip


def failed(skipped: pd.DataFrame) -> dict[str, list[str]]:
    """Return label -> the optimizers that ended there with an error: no lane of theirs succeeds."""
    rows = skipped[skipped["state"] == FAILED]
    return {str(label): own["optimizer"].tolist() for label, own in rows.groupby("label")}


def tags(text: str | None) -> list[str]:
    """Return the tags of a text with commas."""
    return [tag for tag in re.split(r",\s*", text or "") if tag]


def pairs(costs: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Return label -> optimizer -> setting -> what its scoring lanes cost, a number a draw.

    `reached` is 0 or 1; `log_gap` is None where no reference is known, `value` where a lane is not
    finite.
    """
    table: dict[str, dict[str, Any]] = {}
    keys = ["label", "optimizer", "basis", "setting"]
    extra = [name for names in OF_BASIS.values() for name in names]
    for (label, optimizer, basis, setting), rows in groups(costs, keys, ["lr", *COSTS, *extra]):
        own = table.setdefault(label, {}).setdefault(optimizer, {"basis": basis})
        own[setting] = {
            "lr": rounded(rows["lr"][:1])[0],
            **{name: rounded(rows[name]) for name in (*COSTS, *OF_BASIS.get(basis, ()))},
        }
    return table
