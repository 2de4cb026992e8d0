"""Stored cells -> tidy frames, one row a lane, a record or a point."""

import json
import math

import numpy as np
import pandas as pd

from optbench.kernels.status import STATUS_NAMES
from optbench.report.statistics.targets import REACHED, evaluations_to_target, reached
from optbench.study.scores import lane_scores
from optbench.study.store_schema import LAYERS

PART_COLUMNS = [
    "train_loss", "train_accuracy", "validation_loss", "validation_accuracy", "test_loss",
    "test_accuracy",
]  # fmt: skip
PAIR = ["optimizer", "problem", "dim", "label", "budget", "dtype", "device"]
"""What tells the pairs of a run apart: tables group by all of it."""
KEYS = [*PAIR, "kind", "instance"]


def lane_frame(cells):
    """Return one row per lane of all cells, given as (facts, arrays).

    A pair has a target only if all its lanes have it: rounding may hide it on some instances.
    """
    frame = _stack([_lanes(facts, arrays) for facts, arrays in cells])
    if len(frame):
        unknown = frame["reached"].isna()
        without = unknown.groupby([frame["optimizer"], frame["label"]]).transform("any")
        frame.loc[without, ["reached", "evaluations_to_target"]] = np.nan
        lost = without & (frame["ended"] == REACHED)
        frame.loc[lost, "ended"] = frame.loc[lost, "status"].replace("target", "budget")
    return frame


def _lanes(facts, arrays):
    diverged = arrays["status"] == STATUS_NAMES.index("not finite")
    # A lane that diverged has done so in every column, whatever it was like before.
    f_final, f_best = (
        np.where(diverged, np.inf, arrays[name].astype(float)) for name in ("f_final", "f_best")
    )
    reference = reference_of(facts, arrays)
    gap_final, gap_best = f_final - reference, f_best - reference
    met = reached(facts, arrays)
    status = np.array(STATUS_NAMES)[arrays["status"]]
    cost = facts["evaluations_per_step"]
    frame = {key: facts[key] for key in KEYS}
    frame.update(
        phase=facts["phase"],
        seed=arrays["seed"],
        lr=arrays["lr"] if facts["has_rate"] else np.nan,
        status=status,
        ended=np.where(met == 1.0, REACHED, np.where(status == "target", "budget", status)),
        steps=arrays["steps"],
        evaluations=arrays["steps"] * cost,
        f_start=arrays["f_start"],
        f_final=f_final,
        f_best=f_best,
        gap_final=gap_final,
        gap_best=gap_best,
        reached=met,
        evaluations_to_target=evaluations_to_target(facts, arrays),
        score=lane_scores(facts["kind"], arrays),
        extended=facts.get("extended", 0),
        at_edge=facts.get("at_edge", False),
        local=facts["local"],
        in_basin=_in_basin(facts.get("basin_gap"), gap_final, diverged),
    )
    metrics = arrays.get("metrics")
    if metrics is not None:
        metrics = np.where(diverged[:, None], DIVERGED_METRICS, metrics)
    _add_metrics(frame, facts, metrics)
    return pd.DataFrame(frame)


def reference_of(facts, arrays):
    """Return the value that gaps are against [lanes]: for nets 0, so that their gap is the loss."""
    return np.zeros(len(arrays["f_ref"])) if facts["kind"] == "net" else arrays["f_ref"]


DIVERGED_METRICS = np.array([np.inf, np.nan] * 3)
"""Losses and accuracies on the three parts of a lane that diverged."""


def _in_basin(basin_gap, gap, diverged):
    """1 where a lane ended in the global basin, 0 elsewhere; NaN where there is but one basin."""
    if basin_gap is None:
        return math.nan
    # Where no other minimum was found, there is nowhere else to be.
    return (~diverged & ~(gap >= basin_gap)).astype(float)


def _add_metrics(frame, facts, metrics):
    """Add a column for each of the six metrics [.., 6]; the second may not be the accuracy."""
    measure = facts["measure"]
    for i, column in enumerate(PART_COLUMNS):
        known = metrics is not None and (i % 2 == 0 or measure == "accuracy")
        frame[column] = metrics[..., i].ravel() if known else math.nan
    if metrics is not None and measure != "accuracy":
        frame[measure] = metrics[..., 1].ravel()


def measures(frame):
    """Return the names of the columns that hold other measures than losses and accuracies."""
    return list(frame.columns[frame.columns.get_loc(PART_COLUMNS[-1]) + 1 :])


def curve_frame(cells):
    """Return one row per record of the scoring cells."""
    return _stack([_curves(facts, a) for facts, a in cells if "record_f" in a])


def _curves(facts, arrays):
    lanes, records = arrays["record_f"].shape
    reference = reference_of(facts, arrays)[:, None]
    f, best = arrays["record_f"].astype(float), arrays["record_best"].astype(float)
    frame = {key: facts[key] for key in KEYS}
    frame.update(
        seed=np.repeat(arrays["seed"], records),
        step=np.tile(arrays["record_steps"], lanes),
        f=f.ravel(),
        unit=facts.get("unit", "gradients"),
        gap=(f - reference).ravel(),
        best_gap=(best - reference).ravel(),
    )
    frame["evaluations"] = frame["step"] * facts["evaluations_per_step"]
    _add_metrics(frame, facts, arrays.get("record_metrics"))
    return pd.DataFrame(frame)


def path_frame(cells):
    """Return one row per recorded point of the scoring cells of 2-D surfaces."""
    return _stack([_paths(facts, a) for facts, a in cells if "record_x" in a])


def _paths(facts, arrays):
    lanes, records, _ = arrays["record_x"].shape
    frame = {key: facts[key] for key in KEYS}
    frame.update(
        seed=np.repeat(arrays["seed"], records),
        step=np.tile(arrays["record_steps"], lanes),
        x0=arrays["record_x"][:, :, 0].ravel(),
        x1=arrays["record_x"][:, :, 1].ravel(),
    )
    return pd.DataFrame(frame)


def layer_frame(rows):
    """Return one row per diagnosed point and layer, given the rows of the store's table.

    `weight_counts` are lists. The lane is seed 0 of the instance.
    """
    made = [{**{key: facts[key] for key in KEYS}, "seed": 0, **row} for facts, row in rows]
    frame = pd.DataFrame(made, columns=[*KEYS, "seed", *LAYERS])
    numbers = frame.columns[frame.columns.get_loc("mean") : -1]
    frame = frame.astype(dict.fromkeys(numbers, float)).astype({"dead": int})
    frame["weight_counts"] = frame["weight_counts"].map(json.loads)
    return frame


def _stack(frames):
    frames = [frame for frame in frames if len(frame)]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=KEYS)
