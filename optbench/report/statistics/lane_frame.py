"""The frame of lanes: a row for every lane of every cell, made column by column.

Diverged lanes are +inf in every value, whatever they were like before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from optbench.kernels.status import STATUS_NAMES
from optbench.report.statistics.basins import in_basin
from optbench.report.statistics.columns import Block, filled, of_pairs, words
from optbench.report.statistics.endings import ENDINGS, endings
from optbench.report.statistics.pair_results import (
    SCORING,
    Arrays,
    PairResults,
    metric_columns,
    reference_of,
    values_of,
    was_run,
)

PHASES = ("tuning", SCORING)
SETTINGS = ("tuned", "default", "other")
"""What a lane's trial is of its pair."""
DTYPES = {
    "phase": np.int8, "instance": np.int32, "seed": np.int32, "trial": np.int32,
    "setting": np.int8, "lr": np.float64, "status": np.int8, "ended": np.int8, "steps": np.int32,
    "evaluations": np.float64, "f_ref": np.float64, "f_start": np.float64, "f_final": np.float64,
    "f_best": np.float64, "gap_final": np.float64, "gap_best": np.float64, "hit": np.int32,
    "reached": np.bool_, "has_target": np.bool_, "in_basin": np.float64,
}  # fmt: skip
OF_DRAWS = ("instance", "seed", "f_ref", "f_start")
NAMES = {"phase": PHASES, "setting": SETTINGS, "status": STATUS_NAMES, "ended": ENDINGS}
"""Columns of words, and the words."""


def lane_frame(pairs: Sequence[PairResults]) -> pd.DataFrame:
    """Return one row per lane: cells in the order of the run, in each its draws, then trials."""
    rows = [sum(int(was_run(arrays).sum()) for _, arrays in pair.cells) for pair in pairs]
    columns = filled(_blocks(pairs), sum(rows), DTYPES)
    keys = of_pairs([pair.facts for pair in pairs], rows)
    return pd.DataFrame({**keys, **_derived(columns)}, copy=False)


def _derived(columns: dict[str, NDArray[Any]]) -> dict[str, Any]:
    """Return the columns of the frame, in their order."""
    has_target, reached = columns.pop("has_target"), columns.pop("reached")
    hit = columns.pop("hit")
    of_words = {name: words(columns[name], names) for name, names in NAMES.items()}
    first = list(DTYPES)[: list(DTYPES).index("hit")]
    others = [name for name in columns if name not in DTYPES]
    values = [name for name in others if name.startswith("value_")]
    at = first.index("lr") + 1
    order = [*first[:at], *values, *first[at:]]
    return {
        **{name: of_words.get(name, columns[name]) for name in order},
        "reached": np.where(has_target, reached.astype(float), np.nan),
        "touched": has_target & (hit > 0) & ~reached,
        "evaluations_to_target": np.where(has_target & reached, hit.astype(float), np.nan),
        "in_basin": columns["in_basin"],
        **{name: columns[name] for name in others if name not in values},
    }


def _blocks(pairs: Sequence[PairResults]) -> Iterator[tuple[slice, Block]]:
    """Yield the rows of each cell."""
    first = 0
    for pair in pairs:
        target = pair.has_target()
        for phase, arrays in pair.cells:
            block, runs = _lanes(pair, phase, arrays, target), was_run(arrays).ravel()
            if not runs.all():
                block = {name: own[runs] if np.ndim(own) else own for name, own in block.items()}
            last = first + int(runs.sum())
            yield slice(first, last), block
            first = last


def _lanes(pair: PairResults, phase: str, arrays: Arrays, target: bool) -> dict[str, Any]:
    """Return the columns of a cell's lanes: draws, then trials."""
    shape = draws, trials = arrays["status"].shape
    has_target = np.full(draws, target)
    if phase == SCORING:
        has_target[0] = pair.canonical_has_target()
    has_target = np.repeat(has_target, trials)
    hit = arrays.get("hit", np.zeros(shape, np.int32)).ravel()
    reached = arrays.get("reached", np.zeros(shape, bool)).ravel() & has_target
    if phase != SCORING and "hit" not in arrays:  # of nets, whose hits need records
        has_target[:] = False
    values = [name for name in arrays if name.startswith("value_")]
    f_final, f_best = values_of(arrays, "f_final"), values_of(arrays, "f_best")
    reference = reference_of(pair.kind, arrays)[:, None]
    return {
        "phase": PHASES.index(phase),
        **{name: np.repeat(arrays[name], trials) for name in OF_DRAWS},
        **{name: np.tile(arrays[name], draws) for name in ("trial", *values)},
        "setting": np.tile(_settings(pair, arrays), draws),
        "lr": np.tile(arrays["lr"], draws) if pair.facts["has_rate"] else np.nan,
        "status": arrays["status"].ravel(),
        "ended": endings(arrays["status"].ravel(), reached),
        "steps": arrays["steps"].ravel(),
        "evaluations": arrays["steps"].ravel() * pair.facts["evaluations_per_step"],
        "f_final": f_final.ravel(),
        "f_best": f_best.ravel(),
        "gap_final": (f_final - reference).ravel(),
        "gap_best": (f_best - reference).ravel(),
        "hit": hit,
        "reached": reached,
        "has_target": has_target,
        "in_basin": in_basin(pair, arrays).ravel(),
        **_metrics(pair, arrays),
    }


def _settings(pair: PairResults, arrays: Arrays) -> NDArray[np.int8]:
    """Return what the trials [T] of a cell are, as positions among `SETTINGS`."""
    settings = np.full(len(arrays["trial"]), SETTINGS.index("other"), np.int8)
    scored = pair.scoring["trial"]
    if pair.default is not None:
        settings[arrays["trial"] == scored[pair.default]] = SETTINGS.index("default")
    settings[arrays["trial"] == scored[pair.tuned]] = SETTINGS.index("tuned")
    return settings


def _metrics(pair: PairResults, arrays: Arrays) -> dict[str, NDArray[np.float64]]:
    """Return the metrics of lanes at their end; NaN of the trials whose are not kept."""
    shape = arrays["status"].shape
    metrics = np.full((*shape, 6), np.nan)
    if "metrics" in arrays:
        metrics[:] = arrays["metrics"]
    elif "record_metrics" in arrays:
        metrics[:, arrays["kept"]] = arrays["record_metrics"][:, :, -1]
    else:
        return {}
    columns = metric_columns(pair.facts["measure"], metrics.reshape(-1, 6))
    return {name: np.asarray(column, float) for name, column in columns.items()}
