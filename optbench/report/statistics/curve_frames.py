"""Frames of what is recorded on the way: curves, points of 2-D surfaces, and layers of nets.

Curves are kept of the tuned trial and the default one, on every draw of scoring.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from optbench.report.statistics.columns import OF_PAIRS, Block, filled, of_pairs, words
from optbench.report.statistics.pair_results import PairResults, metric_columns, reference_of
from optbench.report.statistics.parts import PART_COLUMNS
from optbench.report.statistics.rows import Facts
from optbench.study.store_schema import LAYERS

SETTINGS = ("tuned", "default")
"""Which trial a curve is of."""
UNITS = ("gradients", "values")
"""What evaluations are of."""
POINT = {
    "instance": np.int32, "seed": np.int32, "setting": np.int8, "step": np.int64,
    "evaluations": np.float64,
}  # fmt: skip
"""Columns that say which record a row is."""


def curve_frame(pairs: Sequence[PairResults]) -> pd.DataFrame:
    """Return one row per record of the curves that are kept."""
    pairs = [pair for pair in pairs if "record_f" in pair.scoring]
    frame = _records(pairs, _curves, POINT | {"unit": np.int8})
    frame["unit"] = words(frame["unit"].to_numpy(np.int8), UNITS)
    for column in PART_COLUMNS:
        if column not in frame:
            frame[column] = np.nan
    return frame


def path_frame(pairs: Sequence[PairResults]) -> pd.DataFrame:
    """Return one row per recorded point of 2-D surfaces."""
    pairs = [pair for pair in pairs if "record_x" in pair.scoring]
    return _records(pairs, _paths, POINT | {"x0": np.float64, "x1": np.float64})


def _records(
    pairs: Sequence[PairResults], columns_of: Any, dtypes: Mapping[str, Any]
) -> pd.DataFrame:
    """Return a frame with a row for every record of every kept curve."""
    rows = [pair.scoring["record_f"].size for pair in pairs]
    ends = np.cumsum([0, *rows])

    def blocks() -> Iterator[tuple[slice, Block]]:
        for pair, first, last in zip(pairs, ends, ends[1:], strict=False):
            yield slice(first, last), _point(pair) | columns_of(pair)

    columns = filled(blocks(), int(ends[-1]), dtypes)
    columns["setting"] = words(columns["setting"], SETTINGS)
    return pd.DataFrame({**of_pairs([pair.facts for pair in pairs], rows), **columns}, copy=False)


def _point(pair: PairResults) -> dict[str, Any]:
    """Return `POINT` of a pair's records: draws, then kept trials, then records."""
    arrays = pair.scoring
    draws, kept, records = arrays["record_f"].shape
    steps = record_steps(pair)
    return {
        "instance": np.repeat(arrays["instance"], kept * records),
        "seed": np.repeat(arrays["seed"], kept * records),
        "setting": np.tile(np.repeat(np.arange(kept), records), draws),
        "step": np.tile(steps, draws * kept),
        "evaluations": np.tile(arrays["record_evaluations"], draws * kept),
    }


def record_steps(pair: PairResults) -> NDArray[np.int64]:
    """Return the step of each record [r]: a record takes the last point that cost no more."""
    evaluations: NDArray[np.int64] = pair.scoring["record_evaluations"]
    steps = np.floor(evaluations / pair.facts["evaluations_per_step"] * (1 + 1e-12))
    whole: NDArray[np.int64] = steps.astype(np.int64)
    return np.minimum(whole, int(pair.facts["steps"]))


def _curves(pair: PairResults) -> dict[str, Any]:
    arrays = pair.scoring
    reference = reference_of(pair.kind, arrays)[:, None, None]
    f, best = (arrays[name].astype(float) for name in ("record_f", "record_best"))
    columns = {
        "unit": UNITS.index(pair.facts["unit"]),
        "f": f.ravel(),
        "gap": (f - reference).ravel(),
        "best_gap": (best - reference).ravel(),
    }
    metrics = arrays.get("record_metrics")
    if metrics is None:
        return columns
    return columns | {
        name: column.ravel()
        for name, column in metric_columns(pair.facts["measure"], metrics).items()
    }


def _paths(pair: PairResults) -> dict[str, Any]:
    points = pair.scoring["record_x"].reshape(-1, 2)
    return {"x0": points[:, 0], "x1": points[:, 1]}


def layer_frame(rows: Iterable[tuple[Facts, Mapping[str, Any]]]) -> pd.DataFrame:
    """Return one row per diagnosed point and layer, given the rows of the store's table.

    `name` is the layer as its user wrote it; `weight_counts` are lists. The lane is the canonical
    one, at the tuned setting.
    """
    lane = {"instance": 0, "seed": 0}
    records = [
        {**{key: facts[key] for key in OF_PAIRS}, **lane, **row, "name": _name(facts, row["layer"])}
        for facts, row in rows
    ]
    frame = pd.DataFrame(records, columns=[*OF_PAIRS, *lane, *LAYERS, "name"])
    real = LAYERS[LAYERS.index("mean") : LAYERS.index("weight_counts")]
    frame = frame.astype(dict.fromkeys(real, float)).astype({"dead": int})
    frame["weight_counts"] = frame["weight_counts"].map(json.loads)
    return frame


def _name(facts: Facts, layer: int) -> str:
    """Return the name of a layer; runs of the same format did not keep it from the first."""
    names = facts.get("layer_names")
    return str(names[layer - 1]) if names else f"layer {layer}"
