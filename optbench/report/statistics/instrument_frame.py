"""The frame of instruments along the training of nets."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from optbench.report.statistics.columns import OF_PAIRS
from optbench.report.statistics.curve_frames import SETTINGS
from optbench.report.statistics.pair_results import PairResults
from optbench.study.store_schema import READINGS

STABILITY = "sharpness_times_rate"
"""Above 2 gradient descent on a parabola leaves its minimum."""
COLUMNS = [*OF_PAIRS, "instance", "seed", "setting", "step", *READINGS, STABILITY]


def instrument_frame(pairs: Sequence[PairResults]) -> pd.DataFrame:
    """Return one row per point at which the canonical lane of a net was read.

    Points that a lane did not reach have no row. Runs that were computed before there were
    instruments have none.
    """
    frames = [pd.DataFrame(columns=COLUMNS).astype({"step": np.int64})]
    for pair in pairs:
        if "instruments" not in pair.scoring:
            continue
        steps = pair.scoring["instrument_steps"]
        of_pair = {name: pair.facts[name] for name in OF_PAIRS}
        for setting, readings in zip(SETTINGS, pair.scoring["instruments"], strict=False):
            own = pd.DataFrame(readings, columns=list(READINGS))
            own[STABILITY] = own["sharpness"] * own["rate"]
            place = {**of_pair, "instance": 0, "seed": 0, "setting": setting, "step": steps}
            own = own.assign(**place)[COLUMNS]
            frames.append(own[own["distance"].notna()])
    return pd.concat(frames[1:], ignore_index=True) if len(frames) > 1 else frames[0]
