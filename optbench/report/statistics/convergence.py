"""The convergence table: a row a pair, from the scoring lanes of its tuned trial.

Medians and intervals are over the pooled draws; the canonical lane stands by itself, and the
default setting's results on the same draws stand beside.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from optbench.report.statistics.basins import basin_columns, ordered_by_basin
from optbench.report.statistics.columns import PAIR
from optbench.report.statistics.endings import ENDINGS, endings
from optbench.report.statistics.intervals import (
    attained_level,
    median,
    median_intervals,
    medians,
    over_lanes,
    wilson_intervals,
)
from optbench.report.statistics.pair_lanes import PairLanes, objectives
from optbench.report.statistics.pair_results import (
    CANONICAL,
    Bools,
    Floats,
    PairResults,
    diverged,
    final_metrics,
    metric_columns,
    reference_of,
    spent_to_target,
    values_of,
)
from optbench.report.statistics.parts import PART_COLUMNS
from optbench.report.statistics.problem_objectives import compared_by
from optbench.report.statistics.ranking import wins

COUNTS = ("reached", "stationary", "spent", "stopped", "diverged")
"""Columns of how many lanes ended in each way, in the order of `endings.ENDINGS`."""
LANES = ("f", "gap", "best_gap", "evaluations", "reached")
"""Of each trial, what is known of its pooled lanes."""


def convergence_table(pairs: Sequence[PairResults], lanes: Sequence[PairLanes]) -> pd.DataFrame:
    """Return one row per pair.

    Parameters
    ----------
    pairs, lanes : sequence
        The same pairs as they are stored, and as statistics see them.
    """
    targets = np.array([pair.has_target() for pair in pairs], bool)
    facts = [pair.facts for pair in pairs]
    default = [own.default for own in lanes]
    columns: dict[str, Any] = {name: [own[name] for own in facts] for name in PAIR}
    columns |= {
        "trial": [int(pair.scoring["trial"][pair.tuned]) for pair in pairs],
        "lr": [_rate(pair, pair.tuned) for pair in pairs],
        **_values(pairs),
        "at_edge": [bool(own["extended"] or own["at_edge"]) for own in facts],
        "extended": [int(own["extended"]) for own in facts],
        "basis": [own.basis for own in lanes],
        "local": [bool(own["local"]) for own in facts],
        **_setting(pairs, lanes, [own.chosen for own in lanes], targets),
        **_counts(pairs, targets),
        **_canonical(pairs),
        **_metrics(pairs),
        "default_lr": [_rate(pair, trial) for pair, trial in zip(pairs, default, strict=True)],
        **_prefixed(_setting(pairs, lanes, default, targets)),
        "seconds_per_evaluation": [_seconds(pair) for pair in pairs],
    }
    table = pd.DataFrame(columns)
    table["default_wins"] = wins(table, "default_")
    return table


def _prefixed(columns: dict[str, Any]) -> dict[str, Any]:
    """Return columns of the default setting under names of their own."""
    return {f"default_{name}": column for name, column in columns.items()}


def _setting(
    pairs: Sequence[PairResults],
    lanes: Sequence[PairLanes],
    trials: Sequence[int | None],
    targets: Bools,
) -> dict[str, Any]:
    """Return the columns that the tuned and the default trials share, from their pooled lanes."""
    pooled = [_pooled(pair, trial) for pair, trial in zip(pairs, trials, strict=True)]
    basins = basin_columns(pairs, trials, pooled, targets)
    return {
        **ordered_by_basin(pairs, _objectives(lanes, trials), basins["basin_share"]),
        **_summary(pooled, targets),
        **basins,
    }


def _objectives(lanes: Sequence[PairLanes], trials: Sequence[int | None]) -> dict[str, list[Any]]:
    """Return what a trial of each pair is ranked by on its scoring lanes, and its objective."""
    names: list[str] = []
    values: list[float] = []
    for own, trial in zip(lanes, trials, strict=True):
        if trial is None:
            names, values = [*names, ""], [*values, math.nan]
            continue
        costs = own.scored_at(trial)
        basis = compared_by(own, costs)
        names.append(basis)
        values.append(float(objectives(basis, costs)[0]))
    return {"ranked_by": names, "objective": values}


def _pooled(pair: PairResults, trial: int | None) -> dict[str, Floats]:
    """Return `LANES` of a trial on the pooled draws, each [D - 1]; nothing of no trial."""
    if trial is None:
        return dict.fromkeys(LANES, np.empty(0))
    arrays, own = pair.scoring, (slice(CANONICAL + 1, None), trial)
    f, best = values_of(arrays, "f_final")[own], values_of(arrays, "f_best")[own]
    reference = reference_of(pair.kind, arrays)[CANONICAL + 1 :]
    return {
        "f": f,
        "gap": f - reference,
        "best_gap": best - reference,
        "evaluations": spent_to_target(arrays)[own],
        "reached": arrays["reached"][own].astype(float),
    }


def _summary(trials: Sequence[dict[str, Floats]], targets: Bools) -> dict[str, Floats]:
    """Return medians over the pooled lanes of trials, and their success."""
    lanes = {name: [trial[name] for trial in trials] for name in LANES}
    counts = np.array([len(values) for values in lanes["f"]], float)
    successes = np.where(targets, [values.sum() for values in lanes["reached"]], np.nan)
    gap, low, high = _rows(over_lanes(median_intervals, lanes["gap"]), 3)
    share, share_low, share_high = wilson_intervals(successes, counts)
    spent = over_lanes(medians, lanes["evaluations"])
    return {
        "median_f": over_lanes(medians, lanes["f"]),
        "median_gap": gap,
        "gap_low": low,
        "gap_high": high,
        "gap_level": np.array([attained_level(len(values)) for values in lanes["f"]], float),
        "best_gap": over_lanes(medians, lanes["best_gap"]),
        "success_share": share,
        "success_low": share_low,
        "success_high": share_high,
        "evaluations_to_target": np.where(targets, spent, np.nan),
    }


def _rows(statistics: Floats, count: int) -> Floats:
    """Return [count, pairs], of no pair too."""
    return statistics.reshape(count, -1)


def _seconds(pair: PairResults) -> float:
    """Return the seconds that an evaluation in scoring took, the rule's own work included.

    As the clock of the machine had it when the cell was computed, with what else ran there.
    """
    evaluations = pair.scoring["steps"].sum(dtype=np.int64) * pair.facts["evaluations_per_step"]
    return float(pair.facts["seconds"] / evaluations) if evaluations else math.nan


def _rate(pair: PairResults, trial: int | None) -> float:
    """Return the learning rate of a trial, NaN of what has none."""
    if trial is None or not pair.facts["has_rate"]:
        return math.nan
    return float(pair.scoring["lr"][trial])


def _values(pairs: Sequence[PairResults]) -> dict[str, list[float]]:
    """Return the other hyperparameters that trials differ in, at the tuned trial."""
    names = dict.fromkeys(
        name for pair in pairs for name in pair.scoring if name.startswith("value_")
    )
    return {
        name: [
            float(pair.scoring[name][pair.tuned]) if name in pair.scoring else math.nan
            for pair in pairs
        ]
        for name in names
    }


def _counts(pairs: Sequence[PairResults], targets: Bools) -> dict[str, Any]:
    """Return how many pooled lanes of the tuned trial there are, and how many ended how.

    `touched` lanes met the target and ended above it.
    """
    counts = np.zeros((len(pairs), len(ENDINGS)), int)
    touched, lanes = np.zeros(len(pairs), int), np.zeros(len(pairs), int)
    for i, (pair, target) in enumerate(zip(pairs, targets, strict=True)):
        arrays, own = pair.scoring, (slice(CANONICAL + 1, None), pair.tuned)
        reached = arrays["reached"][own] & target
        ended = endings(arrays["status"][own], reached)
        counts[i] = np.bincount(ended, minlength=len(ENDINGS))
        touched[i] = target * int(((arrays["hit"][own] > 0) & ~reached).sum())
        lanes[i] = len(ended)
    return {"lanes": lanes, **dict(zip(COUNTS, counts.T, strict=True)), "touched": touched}


def _canonical(pairs: Sequence[PairResults]) -> dict[str, Any]:
    """Return what the canonical lane did at the tuned trial."""
    columns: dict[str, list[Any]] = {
        f"canonical_{name}": [] for name in ("f", "gap", "success", "evaluations", "ended")
    }
    for pair in pairs:
        arrays, own = pair.scoring, (CANONICAL, pair.tuned)
        f = values_of(arrays, "f_final")[own]
        target = pair.canonical_has_target()
        reached = bool(arrays["reached"][own]) and target
        spent = spent_to_target(arrays)[own]
        row = (
            f,
            f - reference_of(pair.kind, arrays)[CANONICAL],
            float(reached) if target else math.nan,
            spent if target else math.nan,
            ENDINGS[int(endings(arrays["status"][own], np.array(reached)))],
        )
        for column, value in zip(columns.values(), row, strict=True):
            column.append(value)
    return columns


def _metrics(pairs: Sequence[PairResults]) -> dict[str, Any]:
    """Return the median metrics of the tuned trial's pooled lanes at their end.

    A lane that diverged has the worst loss and accuracy, and no other measure; NaN if the median
    lane diverged and the column has no worst value. The training loss is the objective, penalties
    included.
    """
    rows: list[dict[str, float]] = []
    for pair in pairs:
        metrics = final_metrics(pair.scoring, pair.tuned)
        if metrics is None:
            rows.append({})
            continue
        gone = diverged(pair.scoring)[CANONICAL + 1 :, pair.tuned]
        columns = metric_columns(pair.facts["measure"], metrics[CANONICAL + 1 :].astype(float))
        row = {name: _median_metric(name, values, gone) for name, values in columns.items()}
        with np.errstate(invalid="ignore"):  # of lanes that diverged there is no gap
            gaps = columns["test_loss"] - columns["train_loss"]
        rows.append({**row, "generalisation_gap": median(gaps[~np.isnan(gaps)])})
    names = dict.fromkeys([*PART_COLUMNS, "generalisation_gap", *(n for row in rows for n in row)])
    return {name: [row.get(name, math.nan) for row in rows] for name in names}


def _median_metric(name: str, values: NDArray[np.floating], gone: Bools) -> float:
    if name.endswith("_accuracy"):
        values = np.where(gone, -np.inf, values)
    elif not name.endswith("_loss"):
        values = values[~np.isnan(values)]
    middle = median(values)
    return math.nan if middle == -math.inf else middle
