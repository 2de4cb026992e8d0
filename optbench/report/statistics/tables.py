"""Frames of lanes -> the tables of a report: convergence, learning-rate sensitivity, problems."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from optbench.report.statistics.endings import NOT_FINITE
from optbench.report.statistics.frames import PAIR, other_measures
from optbench.report.statistics.intervals import median, median_interval, wilson_interval
from optbench.report.statistics.parts import PART_COLUMNS
from optbench.report.statistics.pooling import at_declared_start, pooled
from optbench.report.statistics.rows import Cell

UNKNOWN = (math.nan, math.nan, math.nan)


def convergence_table(lanes: pd.DataFrame) -> pd.DataFrame:
    """Return one row per optimizer and problem, from the scoring lanes.

    Medians and intervals are over the lanes of `pooling.pooled`; seed 0 stands by itself. Where
    seed 0 is all there is, the columns show it, without an interval.
    """
    scoring = lanes[lanes["phase"] == "scoring"]
    rows = [
        {**dict(zip(PAIR, key, strict=True)), **_convergence(group)}
        for key, group in scoring.groupby(PAIR, sort=False)
    ]
    return pd.DataFrame(rows)


def _convergence(group: pd.DataFrame) -> dict[str, Any]:
    """Return the columns of a pair, given all its scoring lanes."""
    kind = group["kind"].iloc[0]
    declared = at_declared_start(group, kind)
    start, lanes = group[declared], pooled(group, kind)
    gap, gap_low, gap_high = median_interval(lanes["gap_final"])
    share, share_low, share_high = _share_reached(lanes)
    if declared.all():
        gap_low = gap_high = share_low = share_high = math.nan
    return {
        "lr": group["lr"].iloc[0],
        "at_edge": bool((group["extended"] > 0).any() or group["at_edge"].any()),
        "extended": int(group["extended"].iloc[0]),
        "median_f": median(lanes["f_final"]),
        "median_gap": gap,
        "gap_low": gap_low,
        "gap_high": gap_high,
        "lanes": len(lanes),
        "success_share": share,
        "success_low": share_low,
        "success_high": share_high,
        "evaluations_to_target": _median_evaluations(lanes),
        "diverged": int((group["status"] == NOT_FINITE).sum()),
        "total_lanes": len(group),
        "best_gap": median(lanes["gap_best"]),
        **_basin(lanes),
        "seed0_gap": median(start["gap_final"]),
        "seed0_success": start["reached"].mean(),
        **{name: _median_metric(lanes, name) for name in (*PART_COLUMNS, *other_measures(lanes))},
        "generalisation_gap": median(generalisation_gaps(lanes).dropna()),
    }


def _share_reached(lanes: pd.DataFrame) -> tuple[float, float, float]:
    """Return the share of lanes that reached their target with its interval, NaN without target."""
    if lanes["reached"].isna().any():
        return UNKNOWN
    return wilson_interval(int(lanes["reached"].sum()), len(lanes))


def _median_evaluations(lanes: pd.DataFrame) -> float:
    """Return the median evaluations to the target, inf where half fail, NaN without target."""
    if lanes["reached"].isna().any():
        return math.nan
    return median(lanes["evaluations_to_target"].fillna(math.inf))


def _median_metric(lanes: pd.DataFrame, column: str) -> float:
    """Return the median of a loss, accuracy or measure, in which diverged lanes are the worst.

    NaN if the median lane diverged and the column has no worst value.
    """
    values = lanes[column]
    if column.endswith("_accuracy"):
        values = values.where(lanes["status"] != NOT_FINITE, -math.inf)
    elif not column.endswith("_loss"):
        values = values.dropna()
    middle = median(values)
    return math.nan if middle == -math.inf else middle


def _basin(lanes: pd.DataFrame) -> dict[str, Any]:
    """Return the chance of the global basin with its interval, and gap and cost within it.

    NaN where all local minima are global. Where they are not, `local` is False: final gaps then say
    where a lane ended, not how well it descended, and stay out of local rankings.
    """
    inside = lanes[lanes["in_basin"] == 1.0]
    has_basins = lanes["in_basin"].notna().all()
    share, low, high = wilson_interval(len(inside), len(lanes)) if has_basins else UNKNOWN
    return {
        "local": bool(lanes["local"].all()),
        "basin_share": share,
        "basin_low": low,
        "basin_high": high,
        "basin_gap": median(inside["gap_final"]),
        "basin_evaluations": _median_evaluations(inside),
    }


def generalisation_gaps(lanes: pd.DataFrame) -> pd.Series:
    """Return test loss minus training loss of every lane, NaN without data.

    The training loss is the objective, penalties included.
    """
    return lanes["test_loss"] - lanes["train_loss"]


def sensitivity_table(lanes: pd.DataFrame) -> pd.DataFrame:
    """Return one row per optimizer, problem and learning rate, from the tuning lanes."""
    tuning = lanes[lanes["phase"] == "tuning"]
    groups = tuning.groupby([*PAIR, "lr"], sort=False)
    table = groups["score"].agg(median).reset_index()
    table["diverged_share"] = groups["status"].agg(lambda s: np.mean(s == NOT_FINITE)).to_numpy()
    table = table.sort_values([*PAIR, "lr"], ignore_index=True)
    tuned_rates = lanes[lanes["phase"] == "scoring"].groupby(PAIR)["lr"].first()
    tuned = table.set_index(PAIR).index.map(tuned_rates)
    table["best"] = table["lr"].to_numpy() == np.asarray(tuned, dtype=float)
    return table


def problem_table(problems: Mapping[str, Any], cells: Iterable[Cell]) -> pd.DataFrame:
    """Return one row per problem: what kind it is and what counts as success.

    Parameters
    ----------
    problems : dict
        label -> facts.
    cells : list of (facts, arrays)
        The stored cells; their last scoring instance shows the reference value.
    """
    columns = [
        "label", "problem", "dim", "kind", "family", "tags", "f_ref", "f_ref_source", "target",
        "target_text", "absolute_targets", "content",
    ]  # fmt: skip
    last = {facts["label"]: facts for facts, _ in cells if facts["phase"] == "scoring"}
    rows = [{"label": label, **last[label]} for label in problems if label in last]
    table = pd.DataFrame(rows, columns=columns).astype({"f_ref": float})
    unknown = table["f_ref"].isna() & (table["kind"] != "net")
    table.loc[unknown, "target_text"] = "none, since no reference value is known"
    return table
