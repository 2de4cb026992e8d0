"""The table of costs: a row a scoring lane, at each setting that optimizers are compared at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from optbench.report.kinds.common_setting import common_trial
from optbench.report.kinds.kind_of import kind_of
from optbench.report.kinds.kind_table import COMMON, DEFAULT, TUNED
from optbench.report.statistics.columns import PAIR
from optbench.report.statistics.pair_lanes import PairLanes

COSTS = ("cost", "reached", "log_gap", "value", "training", "grid_log_cost")
"""Of `LaneCosts`."""
OF_LANES = ["instance", "seed", *COSTS]
COLUMNS = [*PAIR, "basis", "setting", "trial", "lr", *OF_LANES]


def cost_table(lanes: Sequence[PairLanes]) -> pd.DataFrame:
    """Return a row for each pair, setting and pooled scoring draw.

    `cost` counts gradient evaluations: those at the hit of the asked target where the lane has
    `reached` it, else the whole budget. `log_gap` is log10 of the gap at the end, clipped; `value`
    the final value, of nets the validation loss and `training` that on the training part;
    `grid_log_cost` the mean of ln(evaluations) over all targets of the grid. `setting` is "tuned"
    for each problem, "default" where that is another trial, or "one for the kind" where the kind's
    problems have trials in common.
    """
    common = _common_trials(lanes)
    parts = [(pair, setting, at) for pair in lanes for setting, at in _settings(pair, common)]
    if not parts:
        return pd.DataFrame(columns=COLUMNS)
    draws = [len(pair.instance) for pair, _, _ in parts]
    shared = pd.DataFrame([_shared(*part) for part in parts])
    shared = shared.loc[np.repeat(np.arange(len(parts)), draws)]
    own = [_draws(pair, at) for pair, _, at in parts]
    columns = {name: np.concatenate([each[name] for each in own]) for name in OF_LANES}
    return shared.reset_index(drop=True).assign(**columns)[COLUMNS]


def _common_trials(lanes: Sequence[PairLanes]) -> dict[tuple[str, str], int | None]:
    """Return (kind, optimizer) -> the trial that is best over the kind's problems."""
    own: dict[tuple[str, str], list[PairLanes]] = {}
    for pair in lanes:
        own.setdefault((kind_of(pair.facts), pair.optimizer), []).append(pair)
    return {key: common_trial(pairs) for key, pairs in own.items()}


def _settings(
    pair: PairLanes, common: dict[tuple[str, str], int | None]
) -> Iterator[tuple[str, int]]:  # fmt: skip
    """Yield each setting of a pair, with the position of its trial among those that were scored."""
    yield TUNED, pair.chosen
    if pair.default is not None:
        yield DEFAULT, pair.default
    number = common[kind_of(pair.facts), pair.optimizer]
    at = None if number is None else pair.position(number)
    if at is not None:
        yield COMMON, at


def _shared(pair: PairLanes, setting: str, at: int) -> dict[str, Any]:
    """Return what all lanes of a scored trial have in common."""
    number = int(pair.scored[at])
    rates = pair.values["lr"][pair.number == number]
    return {
        **{name: pair.facts[name] for name in PAIR},
        "basis": pair.basis, "setting": setting, "trial": number,
        "lr": float(rates[0]) if rates.size and pair.facts["has_rate"] else np.nan,
    }  # fmt: skip


def _draws(pair: PairLanes, at: int) -> dict[str, NDArray[Any]]:
    """Return the columns of the lanes of a scored trial."""
    costs = {name: getattr(pair.scoring, name)[:, at] for name in COSTS}
    return {"instance": pair.instance, "seed": pair.seed, **costs}
