"""The tables of ladders: success at each level, and the level up to which an optimizer holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from optbench.define.ladders import FIELD
from optbench.report.ladders.climbs import Climb, by_ladder, tuned_at_each, tuned_once
from optbench.report.statistics.pair_lanes import PairLanes
from optbench.report.statistics.resampling import SCORING, draw_counts, resampled_interval

SETTINGS = EACH, ONCE = "tuned per level", "tuned once"
HELD = 0.5
"""The share of lanes that must reach the target at a level, and at all before it."""
COLUMNS = [
    "ladder", "optimizer", "in_field", "setting", "levels", "held", "low", "high", "instances",
]  # fmt: skip
LEVEL_COLUMNS = ["ladder", "optimizer", "setting", "level", "success", "lanes", "lr"]


def levels_held(success: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return how many levels [...] are held, of success [..., levels]: `HELD` there and before."""
    held: NDArray[np.int64] = np.cumprod(success >= HELD, axis=-1).sum(axis=-1)
    return held


def ladder_table(lanes: Sequence[PairLanes]) -> pd.DataFrame:
    """Return a row for each ladder, optimizer and way to set it.

    `held` is the number of levels up to which it holds: the highest one at which, and at all
    levels below which, at least half of its lanes reach the target. [`low`, `high`] is its 95 %
    interval, by drawing the instances again, the same at all levels. `in_field` says whether the
    levels were calibrated with the optimizer. A level that was not run ends the climb.
    """
    rows = [
        {
            "ladder": ladder, "optimizer": optimizer, "in_field": optimizer in FIELD,
            "setting": setting, "levels": levels, **_held(ladder, climb),
        }
        for ladder, optimizer, levels, setting, climb in _climbs(lanes)
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=COLUMNS)


def level_table(lanes: Sequence[PairLanes]) -> pd.DataFrame:
    """Return a row for each level of each row of `ladder_table`: its success, lanes and rate."""
    rows = [
        {
            "ladder": ladder, "optimizer": optimizer, "setting": setting, "level": level,
            "success": climb.reached[level - 1].mean(), "lanes": climb.reached.shape[1],
            "lr": climb.lr[level - 1],
        }
        for ladder, optimizer, _, setting, climb in _climbs(lanes)
        for level in range(1, len(climb.reached) + 1)
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=LEVEL_COLUMNS)


def _climbs(lanes: Sequence[PairLanes]) -> Iterator[tuple[str, str, int, str, Climb]]:
    """Yield (ladder, optimizer, levels that the run has, setting, climb)."""
    groups = by_ladder(lanes)
    most: dict[str, int] = {}
    for (ladder, _), own in groups.items():
        most[ladder] = max(most.get(ladder, 0), *own)
    for (ladder, optimizer), own in groups.items():
        levels = _without_gap(own)
        if levels:
            yield ladder, optimizer, most[ladder], EACH, tuned_at_each(levels)
            once = tuned_once(levels)
            if once is not None:
                yield ladder, optimizer, most[ladder], ONCE, once


def _without_gap(own: dict[int, PairLanes]) -> list[PairLanes]:
    """Return the lanes at levels 1, 2, ... up to the first that was not run."""
    levels: list[PairLanes] = []
    while len(levels) + 1 in own:
        levels.append(own[len(levels) + 1])
    return levels


def _held(ladder: str, climb: Climb) -> dict[str, Any]:
    """Return the level up to which a climb goes, with its interval."""
    reached = climb.reached.astype(float)  # [levels, D]
    counts = draw_counts(ladder, SCORING, climb.instance)  # [B, D]
    again = counts @ reached.T / counts.sum(axis=1, keepdims=True)
    instances = len(np.unique(climb.instance))
    low, high = resampled_interval(levels_held(again + 1e-12).astype(float), instances)
    return {
        "held": int(levels_held(reached.mean(axis=1))), "low": float(low), "high": float(high),
        "instances": instances,
    }  # fmt: skip
