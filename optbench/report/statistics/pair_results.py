"""The stored cells of a pair together: its tuning, and its scoring with the canonical draw apart.

Arrays of a cell are [D, T]: draws, then trials. The first draw of scoring is the canonical one, the
problem as published from its declared start: it is shown by itself and is in no median and no
interval. All others are pooled.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from optbench.errors import ResultsError
from optbench.kernels.status import NOT_FINITE, NOT_RUN
from optbench.report.statistics.parts import PART_COLUMNS
from optbench.report.statistics.rows import Cell, Facts

Arrays: TypeAlias = Mapping[str, NDArray[Any]]
Floats: TypeAlias = NDArray[np.float64]
Bools: TypeAlias = NDArray[np.bool_]

SCORING = "scoring"
CANONICAL = 0
"""The canonical draw, among those of scoring."""
DEFAULT = -1
"""The number of the trial of the default setting."""

NEEDED_FACTS = ("absolute_targets", "content", "family", "local", "objective", "on_grid")
"""What runs of the same format did not keep of a pair from the first."""


@dataclass(frozen=True, eq=False)
class PairResults:
    """What is stored of an optimizer on a problem.

    Attributes
    ----------
    facts : dict
        Of the pair, its problem and its scoring cell.
    tuning : sequence of dict
        Arrays of the tuning cells: the study's trials, then the decades that the grid was extended
        by. Empty where nothing is tuned.
    scoring : dict
        Arrays of the scoring cell.
    """

    facts: Facts
    tuning: Sequence[Arrays]
    scoring: Arrays

    @property
    def kind(self) -> str:
        """The kind of the problem."""
        return str(self.facts["kind"])

    @property
    def tuned(self) -> int:
        """The position of the tuned trial among those that were scored."""
        return int(self.scoring["kept"][0])

    @property
    def default(self) -> int | None:
        """The position of the default trial among those that were scored, if it is another one."""
        kept = self.scoring["kept"]
        return int(kept[1]) if len(kept) > 1 else None

    @property
    def cells(self) -> list[tuple[str, Arrays]]:
        """Phase and arrays of all cells."""
        return [*(("tuning", arrays) for arrays in self.tuning), (SCORING, self.scoring)]

    def has_target(self) -> bool:
        """Whether the asked target exists: on all instances, of tuning too.

        It does not where rounding hides a gap as small, no reference value is known, or the start
        is a minimum. A start that is not finite has no gap; its lanes are failures all the same.
        The canonical draw decides nothing about the others.
        """
        if self.kind == "net":
            return True
        of_tuning = [_without_target(arrays) for arrays in self.tuning]
        pooled = _without_target(self.scoring)[CANONICAL + 1 :]
        return not np.concatenate([*of_tuning, pooled]).any()

    def canonical_has_target(self) -> bool:
        """Whether the asked target exists on the canonical draw."""
        return self.kind == "net" or not _without_target(self.scoring)[CANONICAL]


def pair_results(cells: Iterable[Cell]) -> list[PairResults]:
    """Return the pairs of stored cells, in the order in which they were stored.

    Parameters
    ----------
    cells : iterable of (facts, arrays)
    """
    pairs: dict[tuple[str, str], tuple[list[Arrays], list[Cell]]] = {}
    for facts, arrays in cells:
        tuning, scoring = pairs.setdefault((facts["optimizer"], facts["label"]), ([], []))
        if facts["phase"] == SCORING:
            scoring.append((facts, arrays))
        else:
            tuning.append(arrays)
    return [
        PairResults(facts, tuning, arrays)
        for tuning, scoring in pairs.values()
        for facts, arrays in scoring
    ]


def finished_pairs(cells: Iterable[Cell], run: Path) -> list[PairResults]:
    """Return the pairs of a run, none of which lacks a fact that tables need.

    Raises
    ------
    ResultsError
        If earlier code computed it, which did not keep some of these.
    """
    pairs = pair_results(cells)
    missing = sorted({name for pair in pairs for name in NEEDED_FACTS if name not in pair.facts})
    if missing:
        raise ResultsError(
            f"{run}: was computed by an earlier version of optbench, which did not keep "
            f"{' and '.join(missing)} of its pairs: run the study again"
        )
    return pairs


def was_run(arrays: Arrays) -> Bools:
    """Return which lanes [D, T] were run: on the canonical draw the kept trials alone."""
    return np.asarray(arrays["status"] != NOT_RUN)


def diverged(arrays: Arrays) -> Bools:
    """Return which lanes are not finite any more [D, T]."""
    return np.asarray(arrays["status"] == NOT_FINITE)


def values_of(arrays: Arrays, name: str) -> Floats:
    """Return "f_final" or "f_best" of lanes [D, T]; a lane that diverged is +inf in every one."""
    return np.where(diverged(arrays), np.inf, arrays[name].astype(np.float64))


def reference_of(kind: str, arrays: Arrays) -> Floats:
    """Return the value that gaps are against [D]: for nets 0, so that their gap is the loss."""
    f_ref = arrays["f_ref"].astype(np.float64)
    return np.zeros(len(f_ref)) if kind == "net" else f_ref


def _without_target(arrays: Arrays) -> Bools:
    """Return on which draws [D] the asked target does not exist."""
    none = np.isnan(arrays["goal"]) & np.isfinite(arrays["f_start"])
    return np.asarray(none | np.isnan(arrays["f_ref"]))


def spent_to_target(arrays: Arrays) -> Floats:
    """Return the evaluations at which lanes met the target that they have reached [D, T], else inf.

    Evaluations are numbered from 1: a target that is met at the start is met at evaluation 1. A
    lane that met it and ended above it has touched it, and has not reached it.
    """
    return np.where(arrays["reached"], arrays["hit"], np.inf)


def final_metrics(arrays: Arrays, trial: int) -> NDArray[np.floating] | None:
    """Return the metrics [D, 6] of a scored trial at its end, None where nothing has parts.

    Those of data problems are kept for the trials whose curves are, those of nets for all.
    """
    if "metrics" in arrays:
        return arrays["metrics"][:, trial]
    if "record_metrics" not in arrays:
        return None
    kept = arrays["kept"].tolist()
    return arrays["record_metrics"][:, kept.index(trial), -1] if trial in kept else None


def metric_columns(measure: str, metrics: NDArray[np.floating]) -> dict[str, NDArray[np.floating]]:
    """Return a column for each of the six metrics [..., 6]; every second may not be an accuracy."""
    columns = {
        column: metrics[..., i]
        for i, column in enumerate(PART_COLUMNS)
        if column.endswith("_loss") or measure == "accuracy"
    }
    if measure != "accuracy":
        columns[measure] = metrics[..., PART_COLUMNS.index("train_accuracy")]
    return columns
