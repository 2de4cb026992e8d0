"""Convergence: the median over lanes against evaluations, with a quartile band."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from optbench.report.figures.bands import Band, bands, starting_value
from optbench.report.figures.curves_and_rates import VALUE
from optbench.report.page.contents import Contents
from optbench.report.page.packing import rounded, whole
from optbench.report.plan import target_value

if TYPE_CHECKING:
    import pandas as pd


def data(contents: Contents) -> dict[str, Any] | None:
    """Return label -> axis title, target, and the bands of each optimizer at each setting.

    A band is evaluations x, and low, middle, high: quartiles over the pooled scoring lanes, None
    where they are infinite. `left` holds where lanes that diverged were seen last.
    """
    rows = {row.label: row for row in contents.frames["problems"].itertuples(index=False)}
    figures = {
        label: _problem(rows[label], curves)
        for label, curves in contents.by_label("curves").items()
    }
    return {label: own for label, own in figures.items() if own["tuned"]} or None


def _problem(facts: Any, curves: pd.DataFrame) -> dict[str, Any]:
    column, title = VALUE[facts.kind]
    valued = curves.loc[curves["unit"] == "values", "optimizer"].unique().tolist()
    by_setting = {setting: bands(curves, column, setting) for setting in ("tuned", "default")}
    start, target = starting_value(by_setting["tuned"]), target_value(facts, by_setting["tuned"])
    return {
        "title": title,
        "start": start if np.isfinite(start) else None,
        "target": target if np.isfinite(target) else None,
        "values": valued,
        **{setting: _bands(own) for setting, own in by_setting.items()},
    }


def _bands(own: Mapping[str, Band]) -> dict[str, Any]:
    return {
        name: {
            "x": whole(band.evaluations), "low": rounded(band.low),
            "middle": rounded(band.median), "high": rounded(band.high), "lanes": band.lanes,
            "left": [rounded(band.left_at), rounded(band.left_from)],
        }
        for name, band in own.items()
    }  # fmt: skip
