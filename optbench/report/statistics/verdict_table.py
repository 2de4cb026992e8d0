"""The verdicts on all training curves of a run, and the most frequent one of each optimizer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from optbench.report.statistics.columns import OF_PAIRS
from optbench.report.statistics.curve_frames import SETTINGS, record_steps
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
from optbench.report.statistics.pair_results import DEFAULT, SCORING, Arrays, PairResults
from optbench.report.statistics.parts import PART_COLUMNS
from optbench.report.statistics.pooling import pooled

OF_LANES = ("phase", "instance", "seed", "setting", "trial", "lr")
COLUMNS = [*OF_PAIRS, *OF_LANES, "verdict", "evidence"]
TRAIN, VALIDATION = PART_COLUMNS.index("train_loss"), PART_COLUMNS.index("validation_loss")
WORST_FIRST = DIVERGED, SATURATED, TOO_HIGH, OVERFITTING, TOO_LOW, CONVERGING


def verdict_frame(pairs: Iterable[PairResults]) -> pd.DataFrame:
    """Return one row per training curve of data problems and nets.

    The curves are those of the scoring lanes of the tuned and the default trial, and of nets one
    tuning lane of every trial. Curves with fewer records than a verdict needs are left out.
    """
    rows: list[dict[str, Any]] = []
    for pair in pairs:
        rows += _scored(pair)
        for arrays in pair.tuning:
            rows += _swept(pair, arrays)
    return pd.DataFrame(rows, columns=COLUMNS)


def _scored(pair: PairResults) -> list[dict[str, Any]]:
    """Return the rows of a pair's kept curves."""
    arrays = pair.scoring
    if "record_metrics" not in arrays:
        return []
    # Records that fall on one step, where a step costs many evaluations, are one.
    steps, at = np.unique(record_steps(pair), return_index=True)
    judge_curve = _Judge(pair, arrays, steps)
    saturated, rows = arrays.get("saturated"), []
    for draw, lanes in enumerate(arrays["record_metrics"][:, :, at]):
        for k, (trial, metrics) in enumerate(zip(arrays["kept"], lanes, strict=True)):
            rows += judge_curve(
                metrics, None if saturated is None else saturated[draw, trial], phase=SCORING,
                instance=int(arrays["instance"][draw]), seed=int(arrays["seed"][draw]),
                setting=SETTINGS[k], trial=trial,
            )  # fmt: skip
    return rows


def _swept(pair: PairResults, arrays: Arrays) -> list[dict[str, Any]]:
    """Return the rows of the lanes of a tuning cell, one of every trial, that were swept."""
    if "sweep_metrics" not in arrays:
        return []
    judge_curve = _Judge(pair, arrays, arrays["sweep_steps"])
    tuned, rows = pair.scoring["trial"][pair.tuned], []
    for trial, metrics in enumerate(arrays["sweep_metrics"]):
        number = int(arrays["trial"][trial])
        setting = "default" if number == DEFAULT else "tuned" if number == tuned else "other"
        rows += judge_curve(
            metrics, arrays["sweep_saturated"][trial], phase="tuning",
            instance=int(arrays["instance"][0]), seed=int(arrays["seed"][0]), setting=setting,
            trial=trial,
        )  # fmt: skip
    return rows


class _Judge:
    """Rows of verdicts on the curves of a cell."""

    def __init__(self, pair: PairResults, arrays: Arrays, steps: NDArray[Any]) -> None:
        self.pair, self.arrays, self.steps = pair, arrays, steps
        self.chance = float(arrays["chance"]) if "chance" in arrays else None

    def __call__(
        self, metrics: NDArray[Any], saturated: NDArray[Any] | None, *, trial: int, **lane: Any
    ) -> list[dict[str, Any]]:
        """Return the row of a lane's curve [r, 6] in a list, which is empty if it is too short."""
        if len(self.steps) < FEWEST:
            return []
        losses = metrics[:, TRAIN].astype(float), metrics[:, VALIDATION].astype(float)
        shares = None if saturated is None else (float(saturated[0]), float(saturated[1]))
        verdict = judge(self.steps, *losses, shares, self.chance)
        facts, arrays = self.pair.facts, self.arrays
        of_trial = {"trial": int(arrays["trial"][trial]), "lr": float(arrays["lr"][trial])}
        keys = {name: facts[name] for name in OF_PAIRS} | lane | of_trial
        return [keys | {"verdict": verdict.name, "evidence": verdict.evidence}]


class CommonVerdict(NamedTuple):
    """The most frequent verdict on an optimizer's lanes, how many have it, and one's evidence.

    Of verdicts that are equally frequent it is the worst.
    """

    name: str
    agreeing: int
    lanes: int
    evidence: str


def common_verdicts(verdicts: pd.DataFrame) -> dict[str, CommonVerdict]:
    """Return optimizer -> `CommonVerdict` of the tuned lanes of one data problem or net.

    Parameters
    ----------
    verdicts : DataFrame
        Rows of `verdict_frame`.
    """
    common = {}
    scoring = pooled(verdicts[(verdicts["phase"] == SCORING) & (verdicts["setting"] == "tuned")])
    for optimizer, rows in scoring.groupby("optimizer", sort=False, observed=True):
        counts = rows["verdict"].value_counts()
        verdict = max(WORST_FIRST, key=lambda name: int(counts.get(name, 0)))
        evidence = rows.loc[rows["verdict"] == verdict, "evidence"].iloc[0]
        common[optimizer] = CommonVerdict(verdict, int(counts[verdict]), len(rows), evidence)
    return common
