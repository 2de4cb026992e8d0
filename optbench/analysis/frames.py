"""Stored cells -> tidy frames, one row a lane, a record or a point."""

import json
import math

import numpy as np
import pandas as pd

from optbench.analysis.targets import steps_to_target
from optbench.kernels.groups import STATUS_NAMES
from optbench.runner import lane_scores
from optbench.store import LAYERS

PART_COLUMNS = [
    "train_loss", "train_accuracy", "validation_loss", "validation_accuracy", "test_loss",
    "test_accuracy",
]  # fmt: skip
KEYS = ["optimizer", "problem", "dim", "label", "kind", "instance"]


def lane_frame(cells):
    """Return one row per lane of all cells, given as (facts, arrays)."""
    return _stack([_lanes(facts, arrays) for facts, arrays in cells])


def _lanes(facts, arrays):
    gap_final = arrays["f_final"].astype(float) - arrays["f_ref"]
    gap_best = arrays["f_best"].astype(float) - arrays["f_ref"]
    diverged = arrays["status"] == STATUS_NAMES.index("not finite")
    cost = facts["evaluations_per_step"]
    frame = {key: facts[key] for key in KEYS}
    frame.update(
        phase=facts["phase"],
        seed=arrays["seed"],
        lr=arrays["lr"],
        status=np.array(STATUS_NAMES)[arrays["status"]],
        steps=arrays["steps"],
        evaluations=arrays["steps"] * cost,
        f_start=arrays["f_start"],
        f_final=arrays["f_final"],
        f_best=arrays["f_best"],
        gap_final=np.where(diverged, np.inf, gap_final),
        gap_best=gap_best,
        evaluations_to_target=steps_to_target(facts, arrays) * cost,
        score=lane_scores(facts["kind"], arrays),
        extended=facts.get("extended", 0),
        at_edge=facts.get("at_edge", False),
        local=facts.get("local", True),
        in_basin=_in_basin(facts.get("basin_gap"), gap_final, diverged),
    )
    _add_metrics(frame, facts, arrays.get("metrics"))
    return pd.DataFrame(frame)


def _in_basin(basin_gap, gap, diverged):
    """1 where a lane ended in the global basin, 0 elsewhere; NaN where there is but one basin."""
    if basin_gap is None:
        return math.nan
    # Where no other minimum was found, there is nowhere else to be.
    return (~diverged & ~(gap >= basin_gap)).astype(float)


def _add_metrics(frame, facts, metrics):
    """Add a column for each of the six metrics [.., 6]; the second may not be the accuracy."""
    measure = facts.get("measure", "accuracy")
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
    reference = arrays["f_ref"][:, None]
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
