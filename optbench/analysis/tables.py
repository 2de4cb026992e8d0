"""Frames of lanes -> the tables of a report: convergence, learning-rate sensitivity, problems."""

import math

import numpy as np
import pandas as pd

from optbench.analysis.frames import PART_COLUMNS, measures
from optbench.analysis.intervals import median_interval, wilson_interval


def convergence_table(lanes):
    """Return one row per optimizer and problem, from the scoring lanes.

    Intervals are over the lanes with seeds >= 1, which start at random; seed 0, which starts at the
    declared point, stands by itself. Nets draw weights from every seed, so all count. If there is
    no other seed, seed 0 is what the columns show, without an interval.
    """
    scoring = lanes[lanes["phase"] == "scoring"]
    keys = ["optimizer", "problem", "dim", "label"]
    rows = [
        {**dict(zip(keys, key, strict=True)), **_convergence(group)}
        for key, group in scoring.groupby(keys, sort=False)
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
    hit = shown["evaluations_to_target"]
    share, share_low, share_high = wilson_interval(int(hit.notna().sum()), len(shown))
    if alone:
        share_low = share_high = math.nan
    start = group[declared]
    row = {
        "lr": group["lr"].iloc[0],
        "at_edge": bool((group["extended"] > 0).any() or group["at_edge"].any()),
        "median_gap": gap,
        "gap_low": low,
        "gap_high": high,
        "lanes": len(shown),
        "success_share": share,
        "success_low": share_low,
        "success_high": share_high,
        "evaluations_to_target": _median(hit.fillna(math.inf)),
        "diverged": int((group["status"] == "not finite").sum()),
        "total_lanes": len(group),
        "best_gap": _median(shown["gap_best"]),
        **_basin(shown),
        "seed0_gap": _median(start["gap_final"]),
        "seed0_success": start["evaluations_to_target"].notna().mean(),
    }
    for column in (*PART_COLUMNS, *measures(shown)):
        row[column] = shown[column].median()
    row["generalisation_gap"] = generalisation_gap(shown).median()
    return row


def _basin(lanes):
    """Return the chance of the global basin with its interval, and gap and cost within it.

    NaN where all local minima are global. Where they are not, `local` is False: final gaps then say
    where a lane ended, not how well it descended, and stay out of local rankings.
    """
    inside = lanes[lanes["in_basin"] == 1.0]
    asked = lanes["in_basin"].notna().all()
    share = wilson_interval(len(inside), len(lanes)) if asked else (math.nan,) * 3
    hit = inside["evaluations_to_target"].fillna(math.inf)
    return {
        "local": bool(lanes["local"].all()),
        "basin_share": share[0],
        "basin_low": share[1],
        "basin_high": share[2],
        "basin_gap": _median(inside["gap_final"]) if len(inside) else math.nan,
        "basin_evaluations": _median(hit) if len(inside) else math.nan,
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
    keys = ["optimizer", "problem", "dim", "label"]
    groups = tuning.groupby([*keys, "lr"], sort=False)
    table = groups["score"].agg(_median).reset_index()
    table["diverged_share"] = groups["status"].agg(lambda s: np.mean(s == "not finite")).to_numpy()
    table = table.sort_values([*keys, "lr"], ignore_index=True)
    chosen = lanes[lanes["phase"] == "scoring"].groupby(keys)["lr"].first()
    picked = table.set_index(keys).index.map(chosen)
    table["best"] = table["lr"].to_numpy() == np.asarray(picked, dtype=float)
    return table


def problem_table(cells):
    """Return one row per problem: what kind it is and what counts as success."""
    columns = [
        "problem", "dim", "label", "kind", "family", "tags", "f_ref", "f_ref_source", "target",
        "target_text", "absolute_targets",
    ]  # fmt: skip
    # Runs from before targets could be absolute do not say so.
    facts = {
        f["label"]: {"absolute_targets": False, **f} for f, _ in cells if f["phase"] == "scoring"
    }
    return pd.DataFrame(list(facts.values()), columns=columns).astype({"f_ref": float})
