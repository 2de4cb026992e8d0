"""What lanes cost: from the arrays of a cell to what they are judged by. NumPy only."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from optbench.kernels.status import NOT_FINITE, rounding_floor
from optbench.lanes.records import records_of
from optbench.lanes.targets import target_grid, thresholds

Floats: TypeAlias = NDArray[np.float64]
Bools: TypeAlias = NDArray[np.bool_]
Index: TypeAlias = slice | NDArray[Any]

EVERYTHING = slice(None)
TIE = 1.01
"""Ratio of costs below which trials tie, where hits are exact, and of losses."""
WORST_GAP = 100.0
"""A gap counts as at most so many times the gap at the start."""
OF_LANES = (
    "cost", "reached", "grid_cost", "grid_log_cost", "log_gap", "value", "training"
)  # fmt: skip
"""The fields of `LaneCosts` that are arrays of lanes."""
TRAIN_LOSS, VALIDATION_LOSS = 0, 2
"""Places of losses among the six metrics of a net."""


@dataclass(frozen=True, eq=False)
class LaneCosts:
    """What lanes cost [D, T]: draws, then trials.

    Attributes
    ----------
    cost : ndarray of float64 [D, T]
        Evaluations at the hit of the asked target where it is reached, else the whole budget.
    reached : ndarray of bool [D, T]
        All False where there is no target.
    grid_cost, grid_log_cost : ndarray of float64 [D, T]
        Mean evaluations, and mean ln(evaluations), at the hits of all targets of the grid that
        exist on all draws, unmet ones at the budget; 0 where there is no grid.
    log_gap : ndarray of float64 [D, T]
        log10 of the gap at the end, not below the rounding floor and not above 100 times the gap
        at the start, which a lane counts for that is not finite; NaN without a reference value.
    value : ndarray of float64 [D, T]
        f at the end, of nets the loss on the validation part; +inf of a lane that is not finite.
    training : ndarray of float64 [D, T]
        Of nets the loss on the training part, else `value`.
    budget : float
        Evaluations of a lane.
    tie : float
        The ratio of costs below which trials tie.
    floor : float
        The difference of values that rounding hides.
    """

    cost: Floats
    reached: Bools
    grid_cost: Floats
    grid_log_cost: Floats
    log_gap: Floats
    value: Floats
    training: Floats
    budget: float
    tie: float
    floor: float

    @property
    def shape(self) -> tuple[int, int]:
        """Numbers of draws and of trials."""
        draws, trials = self.cost.shape
        return draws, trials

    def at(self, draws: Index = EVERYTHING, trials: Index = EVERYTHING) -> LaneCosts:
        """Return the lanes of some draws and trials."""
        own: dict[str, Any] = {name: getattr(self, name)[draws][:, trials] for name in OF_LANES}
        return dataclasses.replace(self, **own)


def joined(parts: list[LaneCosts]) -> LaneCosts:
    """Return the trials of several cells on the same draws, one after another."""
    arrays: dict[str, Any] = {
        name: np.concatenate([getattr(part, name) for part in parts], axis=1) for name in OF_LANES
    }
    return dataclasses.replace(parts[0], **arrays)


def lane_costs(
    arrays: Mapping[str, NDArray[Any]],
    *,
    kind: str,
    absolute_targets: bool,
    budget: int,
    dtype: str,
    draws: slice = EVERYTHING,
) -> LaneCosts:
    """Return what the lanes of a cell cost.

    Parameters
    ----------
    arrays : dict of str to ndarray
        Of a cell; see `docs/runs.md`.
    kind : {"deterministic", "stochastic", "data", "net"}
    absolute_targets : bool
        Whether the grid of targets consists of gaps, not of shares of the gap at the start.
    budget : int
        Evaluations of a lane.
    dtype : {"float64", "float32"}
        Of the lanes.
    draws : slice
        Which draws: of scoring cells all but the first, which is the canonical one.
    """
    f = arrays["f_final"][draws].astype(np.float64)
    lost = (arrays["status"][draws] == NOT_FINITE) | ~np.isfinite(f)
    f = np.where(lost, np.inf, f)
    f_ref = arrays["f_ref"][draws].astype(np.float64)
    f_start = arrays["f_start"][draws].astype(np.float64)
    value, training = f, f
    if kind == "net":
        losses = arrays["metrics"][draws].astype(np.float64)
        value, training = (
            np.where(lost | ~np.isfinite(own), np.inf, own)
            for own in (losses[..., VALIDATION_LOSS], losses[..., TRAIN_LOSS])
        )
    reached, hit = np.zeros(f.shape, bool), np.zeros(f.shape)
    if "hit" in arrays and has_target(arrays, draws):
        reached, hit = arrays["reached"][draws], arrays["hit"][draws]
    grid_cost, grid_log_cost = _grid_costs(arrays, kind, absolute_targets, budget, dtype, draws)
    return LaneCosts(
        cost=np.where(reached, hit, float(budget)),
        reached=reached,
        grid_cost=grid_cost,
        grid_log_cost=grid_log_cost,
        log_gap=log_gaps(f, f_ref, f_start, dtype),
        value=value,
        training=training,
        budget=float(budget),
        tie=TIE if kind in ("deterministic", "net") else record_spacing(budget, kind),
        floor=float(np.max(rounding_floor(f_ref, dtype))),
    )


def has_target(arrays: Mapping[str, NDArray[Any]], draws: slice = EVERYTHING) -> bool:
    """Return whether the asked target exists on all draws of a cell.

    It does not where rounding hides a gap as small, no reference value is known, or the start is a
    minimum. A start that is not finite has no gap; its lanes are failures all the same.
    """
    none = np.isnan(arrays["goal"][draws]) & np.isfinite(arrays["f_start"][draws])
    return not none.any()


def log_gaps(f: Floats, f_ref: Floats, f_start: Floats, dtype: str) -> Floats:
    """Return log10 of the gaps of lanes [D, T], between the floor and `WORST_GAP` at the start.

    Parameters
    ----------
    f : ndarray [D, T]
        At the end; +inf of lanes that are not finite.
    f_ref, f_start : ndarray [D]
        A start that is not finite bounds no gap: its lanes count for the largest number.
    dtype : {"float64", "float32"}
    """
    floor = rounding_floor(f_ref, dtype)
    with np.errstate(all="ignore"):
        worst = WORST_GAP * (f_start - f_ref)
        worst = np.where(np.isfinite(worst), np.maximum(worst, floor), np.finfo(np.float64).max)
        gaps = np.clip(f - f_ref[:, None], np.asarray(floor)[:, None], worst[:, None])
        logs: Floats = np.where(np.isnan(f_ref)[:, None], np.nan, np.log10(gaps))
    return logs


def record_spacing(budget: int, kind: str) -> float:
    """Return the ratio of the evaluations of neighbouring records: how far apart hits must lie."""
    return float(max(TIE, budget ** (1.0 / (records_of(kind) - 2))))


def shared_targets(
    arrays: Mapping[str, NDArray[Any]], *, kind: str, absolute: bool, dtype: str, draws: slice
) -> Floats:
    """Return the targets of the grid that exist on all of some draws of a cell, decreasing."""
    grid = target_grid(kind, absolute)
    f_start, f_ref = (arrays[name][draws].astype(np.float64) for name in ("f_start", "f_ref"))
    values = thresholds(kind, absolute, grid, f_start=f_start, f_ref=f_ref, dtype=dtype)
    return grid[~np.isnan(values).any(axis=0)]


def _grid_costs(
    arrays: Mapping[str, NDArray[Any]], kind: str, absolute: bool, budget: int, dtype: str,
    draws: slice,
) -> tuple[Floats, Floats]:  # fmt: skip
    """Return the means of evaluations and of their logarithms over the grid of targets.

    Only targets that some lane met are stored: all others cost every lane the budget.
    """
    shape = arrays["f_final"][draws].shape
    exist = shared_targets(arrays, kind=kind, absolute=absolute, dtype=dtype, draws=draws)
    if not len(exist) or "targets" not in arrays:
        return np.zeros(shape), np.zeros(shape)
    stored = np.flatnonzero(np.isin(arrays["targets"], exist))
    total, log_total = np.zeros(shape), np.zeros(shape)
    for position in stored:  # target by target: there may be a million lanes
        hits = arrays["hits"][position][draws]
        spent = np.where(hits > 0, hits, float(budget))
        total += spent
        log_total += np.log(spent)
    unmet = len(exist) - len(stored)
    return (
        (total + unmet * budget) / len(exist),
        (log_total + unmet * np.log(float(budget))) / len(exist),
    )
