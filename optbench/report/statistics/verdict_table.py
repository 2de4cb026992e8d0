"""The verdicts on all training curves of a run, and the most frequent one of each optimizer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import pandas as pd
from numpy.typing import NDArray

from optbench.report.statistics.curve_verdicts import (
    CONVERGING,
    DIVERGED,
    FEWEST,
    OVERFITTING,
    SATURATED,
    TOO_HIGH,
    TOO_LOW,
    judge,
)
from optbench.report.statistics.frames import KEYS
from optbench.report.statistics.parts import PART_COLUMNS
from optbench.report.statistics.rows import Cell, Facts

COLUMNS = [*KEYS, "phase", "seed", "lr", "verdict", "evidence"]
TRAIN, VALIDATION = PART_COLUMNS.index("train_loss"), PART_COLUMNS.index("validation_loss")
WORST_FIRST = DIVERGED, SATURATED, TOO_HIGH, OVERFITTING, TOO_LOW, CONVERGING


def verdict_frame(cells: Iterable[Cell]) -> pd.DataFrame:
    """Return one row per training curve of data problems and nets.

    The curves are those of all scoring lanes, and of nets one tuning lane at every rate. Curves
    with fewer records than a verdict needs are left out.
    """
    rows = []
    for facts, arrays in cells:
        if "record_metrics" in arrays:
            rows += _judged(facts, arrays, "record", arrays["seed"], arrays["lr"],
                            arrays.get("saturated"))  # fmt: skip
        elif "sweep_metrics" in arrays:
            first = arrays["seed"] == 0
            rows += _judged(facts, arrays, "sweep", arrays["seed"][first], arrays["lr"][first],
                            arrays["sweep_saturated"])  # fmt: skip
    return pd.DataFrame(rows, columns=COLUMNS)


def _judged(
    facts: Facts,
    arrays: Mapping[str, NDArray[Any]],
    records: str,
    seeds: NDArray[Any],
    rates: NDArray[Any],
    saturated: NDArray[Any] | None,
) -> list[dict[str, Any]]:
    """Return the rows of a cell's lanes, whose curves are ``arrays[f"{records}_metrics"]``."""
    steps, metrics = arrays[f"{records}_steps"], arrays[f"{records}_metrics"].astype(float)
    if len(steps) < FEWEST:
        return []
    keys = {**{key: facts[key] for key in KEYS}, "phase": facts["phase"]}
    chance = float(arrays["chance"]) if "chance" in arrays else None
    rows = []
    for lane, (seed, lr) in enumerate(zip(seeds, rates, strict=True)):
        losses = metrics[lane, :, TRAIN], metrics[lane, :, VALIDATION]
        verdict = judge(steps, *losses, None if saturated is None else saturated[lane], chance)
        rows.append({**keys, "seed": seed, "lr": lr, "verdict": verdict.name,
                     "evidence": verdict.evidence})  # fmt: skip
    return rows


class CommonVerdict(NamedTuple):
    """The most frequent verdict on an optimizer's lanes, how many have it, and one's evidence.

    Of verdicts that are equally frequent it is the worst.
    """

    name: str
    agreeing: int
    lanes: int
    evidence: str


def common_verdicts(verdicts: pd.DataFrame) -> dict[str, CommonVerdict]:
    """Return optimizer -> `CommonVerdict` of the scoring lanes of one data problem or net.

    Parameters
    ----------
    verdicts : DataFrame
        Rows of `verdict_frame`.
    """
    common = {}
    scoring = verdicts[verdicts["phase"] == "scoring"]
    for optimizer, rows in scoring.groupby("optimizer", sort=False, observed=True):
        counts = rows["verdict"].value_counts()
        verdict = max(WORST_FIRST, key=lambda name: int(counts.get(name, 0)))
        evidence = rows.loc[rows["verdict"] == verdict, "evidence"].iloc[0]
        common[optimizer] = CommonVerdict(verdict, int(counts[verdict]), len(rows), evidence)
    return common
