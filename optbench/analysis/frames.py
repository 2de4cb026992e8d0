"""Stored cells -> tidy frames, one row a lane, a record or a point."""

import numpy as np
import pandas as pd

from optbench.analysis.targets import steps_to_target
from optbench.kernels.groups import STATUS_NAMES
from optbench.runner import lane_scores

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
    )
    metrics = arrays.get("metrics")
    for i, column in enumerate(PART_COLUMNS):
        frame[column] = np.nan if metrics is None else metrics[:, i]
    return pd.DataFrame(frame)


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
    metrics = arrays.get("record_metrics")
    for i, column in enumerate(PART_COLUMNS):
        frame[column] = np.nan if metrics is None else metrics[:, :, i].ravel()
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


def _stack(frames):
    frames = [frame for frame in frames if len(frame)]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=KEYS)
