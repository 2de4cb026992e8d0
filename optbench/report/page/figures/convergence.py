"""Convergence: the median over lanes against evaluations, with a quartile band."""

from __future__ import annotations

from typing import Any

import numpy as np

from optbench.report.figures.bands import Band, band, logarithmic, starting_value, target_value
from optbench.report.figures.quantities import VALUE, shown_kind
from optbench.report.page.contents import Contents
from optbench.report.page.groups import Columns, groups
from optbench.report.page.packing import rounded, whole
from optbench.report.statistics.rows import tuned_settings

COLUMNS = ["instance", "seed", "evaluations", "f", "gap"]
KEYS = ["label", "optimizer", "setting", "unit"]


def data(contents: Contents) -> dict[str, Any] | None:
    """Return label -> axis title, target, and the bands of each optimizer at each setting.

    A band is evaluations x, and low, middle, high: quartiles over the pooled scoring lanes, None
    where they are infinite. `left` holds where lanes that diverged were seen last. `values` names
    optimizers whose evaluations are of values alone; `bounds` holds what is proved of medians.
    """
    problems = {row.label: row for row in contents.frames["problems"].itertuples(index=False)}
    by_label: dict[str, dict[str, dict[str, Band]]] = {}
    valued: dict[str, list[str]] = {label: [] for label in contents.labels}
    frame = contents.frames["curves"]
    for (label, name, setting, unit), rows in groups(frame, KEYS, COLUMNS):
        own = _band(rows, VALUE[shown_kind(problems[label])][0]) if label in valued else None
        if own is None:
            continue
        by_label.setdefault(label, {"tuned": {}, "default": {}})[setting][name] = own
        if setting == "tuned" and unit == "values":
            valued[label].append(name)
    figures = {
        label: _figure(problems[label], own)
        | {"values": valued[label], "bounds": _bounds(contents, problems[label], own["tuned"])}
        for label, own in by_label.items()
    }
    return figures or None


def _bounds(contents: Contents, facts: Any, bands: dict[str, Band]) -> dict[str, Any]:
    """Return optimizer -> what is proved of its median gap at the evaluations of its band."""
    if contents.theory is None or facts.kind != "deterministic" or not bands:
        return {}
    table = contents.own
    columns = [name for name in table if name in ("optimizer", "lr") or name.startswith("value_")]
    rows = table.loc[table["label"] == facts.label, columns]  # rows of few columns are fast
    costs = contents.frames["costs"]
    draws = costs.loc[costs["label"] == facts.label, ["instance", "seed"]].drop_duplicates()
    instances, seeds = draws.to_numpy(int).T
    tuned = {row.optimizer: tuned_settings(row) for row in rows.itertuples(index=False)}
    steps = {name: own.evaluations for name, own in bands.items()}
    bounds = contents.theory.median_bounds(facts.label, (instances, seeds), tuned, steps)
    return {name: rounded(values) for name, values in bounds.items()}


def _band(rows: Columns, column: str) -> Band | None:
    """Return the band of the pooled lanes: the canonical one, of instance 0, is not in it."""
    own = (rows["instance"] != 0) | (rows["seed"] != 0)
    return band({name: values[own] for name, values in rows.items()}, column) if own.any() else None


def _figure(facts: Any, bands: dict[str, dict[str, Band]]) -> dict[str, Any]:
    tuned = bands["tuned"]
    start, target = starting_value(tuned), target_value(facts, tuned)
    return {
        "linear": not logarithmic([band.median for band in tuned.values()], start),
        "title": VALUE[shown_kind(facts)][1],
        "start": start if np.isfinite(start) else None,
        "target": target if np.isfinite(target) else None,
        **{
            setting: {name: _numbers(own[name]) for name in sorted(own)}
            for setting, own in bands.items()
        },
    }


def _numbers(own: Band) -> dict[str, Any]:
    return {
        "x": whole(own.evaluations), "low": rounded(own.low), "middle": rounded(own.median),
        "high": rounded(own.high), "lanes": own.lanes,
        "left": [rounded(own.left_at), rounded(own.left_from)],
    }  # fmt: skip
