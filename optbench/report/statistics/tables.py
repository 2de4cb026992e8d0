"""Frames of lanes -> the tables of a report: convergence, learning-rate sensitivity, problems."""

import math

import numpy as np
import pandas as pd

from optbench.report.statistics.frames import PAIR, PART_COLUMNS, measures
from optbench.report.statistics.intervals import median_interval, wilson_interval


def convergence_table(lanes):
    """Return one row per optimizer and problem, from the scoring lanes.

    Intervals are over the lanes with seeds >= 1, which start at random; seed 0, which starts at the
    declared point, stands by itself. Nets draw weights from every seed, so all count. If there is
    no other seed, seed 0 is what the columns show, without an interval.
    """
    scoring = lanes[lanes["phase"] == "scoring"]
    rows = [
        {**dict(zip(PAIR, key, strict=True)), **_convergence(group)}
        for key, group in scoring.groupby(PAIR, sort=False)
    ]
    return pd.DataFrame(rows)


def _convergence(group):
    declared = (group["seed"] == 0) & (group["kind"] != "net")
    random = group[~declared]
    alone = random.empty
    shown = group if alone else random
    gap, low, high = median_interval(shown["gap_final"])
    if alone:
        low = high = math.nan
    hit = _median_of_failing(shown)
    share, share_low, share_high = _share_reached(shown)
    if alone:
        share_low = share_high = math.nan
    start = group[declared]
    row = {
        "lr": group["lr"].iloc[0],
        "at_edge": bool((group["extended"] > 0).any() or group["at_edge"].any()),
        "extended": int(group["extended"].iloc[0]),
        "median_f": _median(shown["f_final"]),
        "median_gap": gap,
        "gap_low": low,
        "gap_high": high,
        "lanes": len(shown),
        "success_share": share,
        "success_low": share_low,
        "success_high": share_high,
        "evaluations_to_target": hit,
        "diverged": int((group["status"] == "not finite").sum()),
        "total_lanes": len(group),
        "best_gap": _median(shown["gap_best"]),
        **_basin(shown),
        "seed0_gap": _median(start["gap_final"]),
        "seed0_success": start["reached"].mean(),
    }
    for column in (*PART_COLUMNS, *measures(shown)):
        row[column] = _median_with_diverged(shown, column)
    row["generalisation_gap"] = generalisation_gap(shown).median()
    return row


def _share_reached(lanes):
    """Return the share of lanes that reached their target with its interval, NaN without target."""
    if lanes["reached"].isna().any():
        return (math.nan,) * 3
    return wilson_interval(int(lanes["reached"].sum()), len(lanes))


def _median_of_failing(lanes):
    """Return the median evaluations to the target, inf where half fail, NaN without target."""
    if lanes["reached"].isna().any():
        return math.nan
    return _median(lanes["evaluations_to_target"].fillna(math.inf))


def _median_with_diverged(lanes, column):
    """Return the median of a loss or accuracy in which diverged lanes count as the worst.

    NaN if the median lane diverged and the column has no worst value.
    """
    values = lanes[column]
    if column.endswith("_accuracy"):
        values = values.where(lanes["status"] != "not finite", -math.inf)
    elif not column.endswith("_loss"):
        return values.median()
    middle = values.median(skipna=False) if len(values) else math.nan
    return math.nan if middle == -math.inf else middle


def _basin(lanes):
    """Return the chance of the global basin with its interval, and gap and cost within it.

    NaN where all local minima are global. Where they are not, `local` is False: final gaps then say
    where a lane ended, not how well it descended, and stay out of local rankings.
    """
    inside = lanes[lanes["in_basin"] == 1.0]
    asked = lanes["in_basin"].notna().all()
    share = wilson_interval(len(inside), len(lanes)) if asked else (math.nan,) * 3
    return {
        "local": bool(lanes["local"].all()),
        "basin_share": share[0],
        "basin_low": share[1],
        "basin_high": share[2],
        "basin_gap": _median(inside["gap_final"]) if len(inside) else math.nan,
        "basin_evaluations": _median_of_failing(inside) if len(inside) else math.nan,
    }


def generalisation_gap(lanes):
    """Return test loss minus training loss of every lane, NaN without data.

    The training loss is the objective, penalties included.
    """
    return lanes["test_loss"] - lanes["train_loss"]


def _median(values):
    return median_interval(values)[0]


def sensitivity_table(lanes):
    """Return one row per optimizer, problem and learning rate, from the tuning lanes."""
    tuning = lanes[lanes["phase"] == "tuning"]
    groups = tuning.groupby([*PAIR, "lr"], sort=False)
    table = groups["score"].agg(_median).reset_index()
    table["diverged_share"] = groups["status"].agg(lambda s: np.mean(s == "not finite")).to_numpy()
    table = table.sort_values([*PAIR, "lr"], ignore_index=True)
    chosen = lanes[lanes["phase"] == "scoring"].groupby(PAIR)["lr"].first()
    picked = table.set_index(PAIR).index.map(chosen)
    table["best"] = table["lr"].to_numpy() == np.asarray(picked, dtype=float)
    return table


def problem_table(problems, cells):
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
