"""Stored cells -> tidy frames, one row a lane, a record or a point."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from optbench.kernels import status
from optbench.report.statistics.endings import BUDGET, ENGINE_TARGET, REACHED, endings, status_words
from optbench.report.statistics.parts import PART_COLUMNS
from optbench.report.statistics.rows import Cell, Facts
from optbench.report.statistics.targets import evaluations_to_target, reached
from optbench.study.scores import lane_scores
from optbench.study.store_schema import LAYERS

PAIR = ["optimizer", "problem", "dim", "label", "budget", "dtype", "device"]
"""What tells the pairs of a run apart: tables group by all of it."""
KEYS = [*PAIR, "kind", "instance"]
LANE_COLUMNS = (
    "phase", "seed", "lr", "status", "ended", "steps", "evaluations", "f_start", "f_final",
    "f_best", "gap_final", "gap_best", "reached", "evaluations_to_target", "score", "extended",
    "at_edge", "local", "in_basin",
)  # fmt: skip
"""Columns of the frame of lanes, between `KEYS` and the metrics."""


def lane_frame(cells: Iterable[Cell]) -> pd.DataFrame:
    """Return one row per lane of all cells.

    A pair has a target only if all its lanes have it: rounding may hide it on some instances.
    """
    frame = _stack([_lanes(facts, arrays) for facts, arrays in cells])
    if len(frame):
        unknown = frame["reached"].isna()
        without = unknown.groupby([frame["optimizer"], frame["label"]]).transform("any")
        frame.loc[without, ["reached", "evaluations_to_target"]] = np.nan
        lost = without & (frame["ended"] == REACHED)
        frame.loc[lost, "ended"] = frame.loc[lost, "status"].replace(ENGINE_TARGET, BUDGET)
    return frame


def _lanes(facts: Facts, arrays: Mapping[str, NDArray[Any]]) -> pd.DataFrame:
    diverged = arrays["status"] == status.NOT_FINITE
    # A lane that diverged has done so in every column, whatever it was like before.
    f_final, f_best = (
        np.where(diverged, np.inf, arrays[name].astype(float)) for name in ("f_final", "f_best")
    )
    reference = reference_of(facts, arrays)
    gap_final, gap_best = f_final - reference, f_best - reference
    hits, words = reached(facts, arrays), status_words(arrays["status"])
    columns = {
        "phase": facts["phase"],
        "seed": arrays["seed"],
        "lr": arrays["lr"] if facts["has_rate"] else np.nan,
        "status": words,
        "ended": endings(words, hits),
        "steps": arrays["steps"],
        "evaluations": arrays["steps"] * facts["evaluations_per_step"],
        "f_start": arrays["f_start"],
        "f_final": f_final,
        "f_best": f_best,
        "gap_final": gap_final,
        "gap_best": gap_best,
        "reached": hits,
        "evaluations_to_target": evaluations_to_target(facts, arrays),
        "score": lane_scores(facts["kind"], arrays),
        "extended": facts.get("extended", 0),
        "at_edge": facts.get("at_edge", False),
        "local": facts["local"],
        "in_basin": _in_basin(facts.get("basin_gap"), gap_final, diverged),
    }
    frame = {key: facts[key] for key in KEYS} | {name: columns[name] for name in LANE_COLUMNS}
    metrics = arrays["metrics"].astype(float) if "metrics" in arrays else None
    return pd.DataFrame(frame | _metrics(facts, metrics))


def reference_of(facts: Facts, arrays: Mapping[str, NDArray[Any]]) -> NDArray[np.float64]:
    """Return the value that gaps are against [lanes]: for nets 0, so that their gap is the loss."""
    return np.zeros(len(arrays["f_ref"])) if facts["kind"] == "net" else arrays["f_ref"]


def _in_basin(
    basin_gap: float | None, gap: NDArray[np.float64], diverged: NDArray[np.bool_]
) -> float | NDArray[np.float64]:
    """1 where a lane ended in the global basin, 0 elsewhere; NaN where there is but one basin."""
    if basin_gap is None:
        return math.nan
    # Where no other minimum was found, there is nowhere else to be.
    return (~diverged & ~(gap >= basin_gap)).astype(float)


def _metrics(facts: Facts, metrics: NDArray[Any] | None) -> dict[str, Any]:
    """Return a column for each of the six metrics [.., 6]; every second may not be an accuracy."""
    measure = facts["measure"]
    columns: dict[str, Any] = dict.fromkeys(PART_COLUMNS, math.nan)
    if metrics is None:
        return columns
    for i, column in enumerate(PART_COLUMNS):
        if column.endswith("_loss") or measure == "accuracy":
            columns[column] = metrics[..., i].ravel()
    if measure != "accuracy":
        columns[measure] = metrics[..., PART_COLUMNS.index("train_accuracy")].ravel()
    return columns


def other_measures(frame: pd.DataFrame) -> list[str]:
    """Return the columns of a frame of lanes that are measures of users' own data problems."""
    return [name for name in frame if name not in (*KEYS, *LANE_COLUMNS, *PART_COLUMNS)]


def curve_frame(cells: Iterable[Cell]) -> pd.DataFrame:
    """Return one row per record of the scoring cells."""
    return _stack([_curves(facts, arrays) for facts, arrays in cells if "record_f" in arrays])


def _curves(facts: Facts, arrays: Mapping[str, NDArray[Any]]) -> pd.DataFrame:
    lanes, records = arrays["record_f"].shape
    reference = reference_of(facts, arrays)[:, None]
    f, best = arrays["record_f"].astype(float), arrays["record_best"].astype(float)
    frame: dict[str, Any] = {key: facts[key] for key in KEYS}
    frame.update(
        seed=np.repeat(arrays["seed"], records),
        step=np.tile(arrays["record_steps"], lanes),
        f=f.ravel(),
        unit=facts.get("unit", "gradients"),
        gap=(f - reference).ravel(),
        best_gap=(best - reference).ravel(),
    )
    frame["evaluations"] = frame["step"] * facts["evaluations_per_step"]
    return pd.DataFrame(frame | _metrics(facts, arrays.get("record_metrics")))


def path_frame(cells: Iterable[Cell]) -> pd.DataFrame:
    """Return one row per recorded point of the scoring cells of 2-D surfaces."""
    return _stack([_paths(facts, arrays) for facts, arrays in cells if "record_x" in arrays])


def _paths(facts: Facts, arrays: Mapping[str, NDArray[Any]]) -> pd.DataFrame:
    lanes, records, _ = arrays["record_x"].shape
    frame: dict[str, Any] = {key: facts[key] for key in KEYS}
    frame.update(
        seed=np.repeat(arrays["seed"], records),
        step=np.tile(arrays["record_steps"], lanes),
        x0=arrays["record_x"][:, :, 0].ravel(),
        x1=arrays["record_x"][:, :, 1].ravel(),
    )
    return pd.DataFrame(frame)


def layer_frame(rows: Iterable[tuple[Facts, Mapping[str, Any]]]) -> pd.DataFrame:
    """Return one row per diagnosed point and layer, given the rows of the store's table.

    `weight_counts` are lists. The lane is seed 0 of the instance.
    """
    records = [{**{key: facts[key] for key in KEYS}, "seed": 0, **row} for facts, row in rows]
    frame = pd.DataFrame(records, columns=[*KEYS, "seed", *LAYERS])
    real = LAYERS[LAYERS.index("mean") : LAYERS.index("weight_counts")]
    frame = frame.astype(dict.fromkeys(real, float)).astype({"dead": int})
    frame["weight_counts"] = frame["weight_counts"].map(json.loads)
    return frame


def _stack(frames: list[pd.DataFrame]) -> pd.DataFrame:
    frames = [frame for frame in frames if len(frame)]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=KEYS)
