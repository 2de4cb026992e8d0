"""Rates and spaces: what each trial of the tuning scored, by its rate and its other values."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from optbench.report.figures.quantities import DEFAULT, SCORE, SCORED_BY, shown_kind
from optbench.report.page.contents import Contents
from optbench.report.page.groups import Columns, groups
from optbench.report.page.packing import rounded, whole

MOST = 64
"""Rates of a grid that are shown: more cannot be told apart."""
COLUMNS = ["trial", "lr", "objective", "mean_gap", "diverged_share", "success_share", "best"]


def data(contents: Contents) -> dict[str, Any] | None:
    """Return label -> axis title, and of each optimizer its trials by ascending rate.

    `score` is None where the median lane of a trial diverged; `reached` is the share of scoring
    lanes that reached the target; `best` and `default` are positions of trials; `values` holds
    other hyperparameters where trials differ in them.
    """
    frame, drawn = contents.frames["sensitivity"], set(contents.labels)
    problems = contents.frames["problems"].itertuples(index=False)
    kinds = {str(facts.label): shown_kind(facts) for facts in problems}
    edges = contents.frames["convergence"].set_index(["label", "optimizer"])["at_edge"].to_dict()
    others = [name for name in frame if name.startswith("value_")]
    figures: dict[str, Any] = {}
    for (label, name), rows in groups(frame, ["label", "optimizer"], COLUMNS + others):
        if label in drawn:
            own = figures.setdefault(label, {"title": SCORE[kinds[label]], "pairs": {}})
            edge = {"edge": bool(edges[label, name])}
            own["pairs"][name] = _trials(rows, SCORED_BY[kinds[label]], others) | edge
    return figures or None


def _trials(rows: Columns, column: str, others: list[str]) -> dict[str, Any]:
    order = _shown(rows, np.argsort(rows["lr"], kind="stable"))
    rows = {name: values[order] for name, values in rows.items()}
    score = np.where(rows["diverged_share"] < 1.0, rows[column], np.inf)
    return {
        "number": whole(rows["trial"]),
        "lr": rounded(rows["lr"]),
        "score": rounded(score),
        "diverged": rounded(rows["diverged_share"], 3),
        "reached": rounded(rows["success_share"], 3),
        "best": np.flatnonzero(rows["best"]).tolist(),
        "default": np.flatnonzero(rows["trial"] == DEFAULT).tolist(),
        "values": {
            name.removeprefix("value_"): rounded(rows[name])
            for name in others if len(np.unique(rows[name][~np.isnan(rows[name])])) > 1
        },
    }  # fmt: skip


def _shown(rows: Columns, order: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return which trials are shown: of a long grid every few, the tuned and the default one."""
    every = -(-len(order) // MOST)
    named = (rows["best"] | (rows["trial"] == DEFAULT))[order]
    shown: NDArray[np.intp] = order[named | (np.arange(len(order)) % every == 0)]
    return shown
