"""Rates and spaces: what each trial of the tuning scored, by its rate and its other values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from optbench.report.figures.curves_and_rates import SCORE
from optbench.report.page.contents import Contents
from optbench.report.page.packing import rounded, whole
from optbench.report.plan import DEFAULT, SCORED_BY

if TYPE_CHECKING:
    import pandas as pd


def data(contents: Contents) -> dict[str, Any] | None:
    """Return label -> axis title, and of each optimizer its trials by ascending rate.

    `score` is None where the median lane of a trial diverged; `reached` is the share of scoring
    lanes that reached the target; `values` holds other hyperparameters where trials differ in
    them.
    """
    kinds = dict(contents.frames["problems"][["label", "kind"]].itertuples(index=False))
    edges = contents.frames["convergence"].set_index(["label", "optimizer"])["at_edge"].to_dict()
    return {
        label: {
            "title": SCORE[kinds[label]],
            "pairs": {
                str(name): _trials(own, SCORED_BY[kinds[label]]) | {"edge": edges[label, name]}
                for name, own in rows.groupby("optimizer", sort=True, observed=True)
            },
        }
        for label, rows in contents.by_label("sensitivity").items()
    } or None


def _trials(rows: pd.DataFrame, column: str) -> dict[str, Any]:
    rows = rows.sort_values("lr", kind="stable")
    score = np.where(rows["diverged_share"] < 1.0, rows[column], np.inf)
    others = [
        name for name in rows
        if name.startswith("value_") and rows[name].nunique() > 1
    ]  # fmt: skip
    return {
        "number": whole(rows["trial"]),
        "lr": rounded(rows["lr"]),
        "score": rounded(score),
        "diverged": rounded(rows["diverged_share"], 3),
        "reached": rounded(rows["success_share"], 3),
        "best": np.flatnonzero(rows["best"]).tolist(),
        "default": np.flatnonzero(rows["trial"] == DEFAULT).tolist(),
        "values": {name.removeprefix("value_"): rounded(rows[name]) for name in others},
    }
