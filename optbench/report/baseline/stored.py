"""Results that are kept: what there is of them in memory, and the files that hold them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import pandas as pd

from optbench.errors import ResultsError
from optbench.report import column_files
from optbench.report.baseline.lane_rows import lanes_of_rows
from optbench.report.comparing.trials_at_hand import trials_at_hand
from optbench.report.statistics.columns import OF_PAIRS
from optbench.report.statistics.pair_lanes import PairLanes
from optbench.report.statistics.resampling import draw_counts

FACTS, LANES, CHOICES, CURVES = "run.json", "lanes.npz", "choices.npz", "curves.npz"
TABLES = ("kinds", "convergence", "problems", "skipped")
"""Frames that are kept whole, as CSV."""
VERSION = 1
MEDIAN_LANE = {"instance": 1, "seed": 1}
"""What the one curve that is kept of a pair and setting stands for: its lanes, by their median."""


@dataclass(frozen=True)
class Stored:
    """Results that others are compared with.

    Attributes
    ----------
    place : str
        Where they are, for messages.
    study : dict
        The study that they are of.
    computed : dict
        code, versions and cpu that computed them.
    lanes : list of PairLanes
    convergence : DataFrame
        As `statistics.load` gives it.
    curves : DataFrame
        Likewise; of what is kept as tables one curve a pair and setting, the median of its lanes.
    """

    place: str
    study: Mapping[str, Any]
    computed: Mapping[str, Any]
    lanes: Sequence[PairLanes]
    convergence: pd.DataFrame
    curves: pd.DataFrame

    @property
    def optimizers(self) -> list[str]:
        """The names of all optimizers, in order."""
        return list(dict.fromkeys(pair.optimizer for pair in self.lanes))


def read(folder: Path) -> Stored:
    """Read the files that `writing.write` wrote.

    Raises
    ------
    ResultsError
        If one is missing, damaged, or of another version.
    """
    try:
        facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
        if facts["format"] != VERSION:
            raise ResultsError(
                f"{folder}: its tables are of format {facts['format']}, this version reads "
                f"{VERSION}: write them anew with `make baseline`"
            )
        pairs = [{**facts["problems"][own["label"]], **own} for own in facts["pairs"]]
        choices = column_files.read(folder / CHOICES)["position"].to_numpy().reshape(len(pairs), -1)
        lanes = list(lanes_of_rows(pairs, column_files.read(folder / LANES), choices))
        convergence = pd.read_csv(folder / "convergence.csv")
        curves = _curves(column_files.read(folder / CURVES), pairs)
    except (OSError, ValueError, KeyError, RecursionError, BadZipFile) as error:
        if isinstance(error, ResultsError):
            raise
        raise ResultsError(f"{folder}: kept results cannot be read ({error})") from error
    if facts["resamples"] != resamples():
        raise ResultsError(
            f"{folder}: comparisons resample in another way than when these tables were written: "
            "write them anew with `make baseline`"
        )
    return Stored(str(folder), facts["study"], facts["computed"], lanes, convergence, curves)


def resamples() -> str:
    """Return a hash of how comparisons resample: stored choices go with these draws alone."""
    numbers = np.arange(-1, 64)
    draws = [
        draw_counts("label", "tuning", np.arange(10)),
        *(trials_at_hand("label", numbers, on_grid) for on_grid in (False, True)),
    ]
    return hashlib.sha256(b"".join(own.tobytes() for own in draws)).hexdigest()[:16]


def _curves(kept: pd.DataFrame, pairs: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return the frame of curves: a lane a pair and setting."""
    of_pair = pd.DataFrame([{name: own[name] for name in OF_PAIRS} for own in pairs])
    keys = of_pair.iloc[kept["pair"].to_numpy()].reset_index(drop=True)
    net = (keys["kind"] == "net").to_numpy()
    middle = kept["median"].to_numpy(np.float64)
    lane = {name: np.full(len(kept), number, np.int32) for name, number in MEDIAN_LANE.items()}
    columns = {
        "f": np.where(net, middle, np.nan), "gap": np.where(net, np.nan, middle), **lane,
        **{name: kept[name] for name in ("setting", "unit", "evaluations")},
    }  # fmt: skip
    return pd.concat([keys, pd.DataFrame(columns)], axis=1)
