"""Tables of lanes that were made by hand: costs, convergence, failures, nets."""

import math

import numpy as np
import pandas as pd

from optbench.report.kinds.cost_table import COLUMNS as COST_COLUMNS
from optbench.report.statistics import (
    curve_verdicts,
    failure_table,
    instrument_frame,
    verdict_table,
)
from optbench.report.statistics.columns import OF_PAIRS, PAIR
from optbench.study.store_schema import LAYERS
from tests.report.made_lanes import RUN, parts_of


def costs_of(lanes):
    """Return what scoring lanes cost: at the default setting all that they may, without success."""
    with np.errstate(divide="ignore"):
        log_gap = np.log10(np.minimum(lanes["gap_final"], 1e3))
    reached, budget = np.isfinite(lanes["hit"]), float(RUN["budget"])
    shared = lanes[[*PAIR, "instance", "seed", "lr"]].assign(
        basis="evaluations", trial=3, training=lanes["f_final"], grid_log_cost=np.log(budget)
    )
    tuned = {"setting": "tuned", "cost": np.minimum(lanes["hit"], budget), "reached": reached}
    default = {"setting": "default", "cost": budget, "reached": False}
    return pd.concat(
        [shared.assign(log_gap=log_gap, value=lanes["f_final"], **own) for own in (tuned, default)],
        ignore_index=True,
    )[COST_COLUMNS]


def labels_of(curves):
    """Return the labels of the curves of data problems and nets."""
    rows = []
    for key, lane in curves.groupby([*PAIR, "instance", "seed"]):
        if len(lane) >= curve_verdicts.FEWEST and lane["train_loss"].notna().any():
            verdict = curve_verdicts.judge(
                lane["step"], lane["train_loss"], lane["validation_loss"]
            )
            rows.append([*key[:-2], "", "scoring", *key[-2:], "tuned", 3, 0.1, *verdict])
    return pd.DataFrame(rows, columns=verdict_table.COLUMNS)


def tensor_table(curves, count=2):
    """Return rows of layers of the nets among the curves: numbers that grow with the layer."""
    first = curves[(curves["dim"] == 2410) & (curves["instance"] == 0)]
    rows = []
    for row in first.itertuples(index=False):
        for layer in range(1, count + 1):
            numbers = {
                "units": 10 * layer, "mean": 0.1 * layer, "std": 1.0, "dead": 3,
                "saturated": math.nan if layer == count else 0.2, "gradient_norm": 0.5**layer,
                "weight_norm": 5.0, "update_ratio": 1e-3 * layer if row.step else math.nan,
                "weight_low": -1.0 - row.step, "weight_high": 1.0, "weight_counts": [1, 4, 1],
            }  # fmt: skip
            keys = [*(getattr(row, name) for name in PAIR), "net", 0, 0]
            numbers_of = (numbers[name] for name in LAYERS[2:])
            rows.append([*keys, row.step, layer, *numbers_of, f"layer {layer}"])
    return pd.DataFrame(rows, columns=[*OF_PAIRS, "instance", "seed", *LAYERS, "name"])


def instrument_table(curves):
    """Return readings of the nets among the curves: sharpness grows, and alpha is 0.5."""
    first = curves[(curves["dim"] == 2410) & (curves["instance"] == 0)]
    rows = []
    for row in first.itertuples(index=False):
        keys = [*(getattr(row, name) for name in PAIR), "net", 0, 0]
        alpha = 0.5 if row.step else math.nan
        readings = [0.1, 10.0 + row.step, 0.2 * row.step, 100.0, alpha, 1.0 + 0.1 * row.step]
        rows.append([*keys, row.setting, row.step, *readings])
    return pd.DataFrame(rows, columns=instrument_frame.COLUMNS)


def swept_labels(scores):
    """Return the labels of every rate of the nets: too low, and from the best rate on well."""
    rows = []
    for row in (row for frame in scores for row in frame.itertuples(index=False)):
        if row.dim == 2410 and row.trial >= 0:
            name = curve_verdicts.TOO_LOW if row.lr < 1e-2 else curve_verdicts.CONVERGING
            keys = [*(getattr(row, name) for name in PAIR), "net", "tuning", 1, 1, "other"]
            rows.append([*keys, row.trial, row.lr, name, f"evidence at {row.lr:.3g}"])
    return pd.DataFrame(rows, columns=verdict_table.COLUMNS)


def convergence_of(keys, kind, lanes, at_edge):
    """Return the row of a pair; intervals are the middle 60 %, so that they are easily known."""
    is_canonical = lanes["instance"] == 0
    (canonical,) = lanes[is_canonical].to_dict("records")
    lanes = lanes[~is_canonical]
    finals, hits = (np.sort(lanes[name]) for name in ("gap_final", "hit"))
    share, at = np.isfinite(hits).mean(), len(finals) // 2
    ended = lanes["ended"].value_counts()
    spent, successes = np.minimum(hits, RUN["budget"]).sum(), np.isfinite(hits).sum()
    success = "evaluations" if successes else "gap"
    return keys | {
        "basis": "evaluations",
        "ranked_by": "validation" if kind == "net" else success,
        "objective": finals[at] if kind == "net" or not successes else spent / successes,
        "default_ranked_by": "validation" if kind == "net" else "gap", "default_objective": 1.0,
        "trial": 1, "lr": lanes["lr"].iloc[0], "at_edge": at_edge, "extended": int(at_edge),
        "median_f": finals[at], "median_gap": finals[at],
        "gap_low": finals[len(finals) // 5], "gap_high": finals[len(finals) * 4 // 5],
        "success_share": share, "success_low": max(0.0, share - 0.2),
        "success_high": min(1.0, share + 0.2), "evaluations_to_target": hits[at],
        "lanes": len(finals), "reached": ended.get("reached", 0), "stationary": 0,
        "spent": ended.get("budget", 0), "stopped": 0, "diverged": ended.get("not finite", 0),
        "touched": 0, "local": True, "basin_share": math.nan, "basin_gap": math.nan,
        "canonical_f": canonical["f_final"], "canonical_gap": canonical["gap_final"],
        "canonical_success": float(np.isfinite(canonical["hit"])),
        "canonical_ended": canonical["ended"],
        **{name: float(values[0]) for name, values in parts_of(kind, finals[[at]]).items()},
        "generalisation_gap": 0.09 if kind in ("data", "net") else math.nan,
        "default_lr": 1e-3, "default_median_f": 1.0, "default_median_gap": 1.0,
        "default_success_share": 0.25, "default_evaluations_to_target": math.inf,
        "default_wins": False,
    }  # fmt: skip


def failures_of(convergence):
    """Return the rows of the table of failures: what does not reach its target is not finite."""
    rows = convergence.assign(
        setting="tuned", not_finite=convergence["diverged"], canonical="", canonical_evidence="",
        evidence="not finite: after 7 steps (instance 3, seed 1)",
    )  # fmt: skip
    return rows.drop(columns="diverged").reindex(columns=failure_table.COLUMNS, fill_value=0)
