"""A run's frames with stored results beside its own, for the page to draw behind them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import pandas as pd

from optbench.report.baseline.matching import beside, comparable
from optbench.report.baseline.stored import Stored
from optbench.report.baseline.verdict import against_frame
from optbench.report.kinds.cost_table import cost_table
from optbench.report.statistics.load import Makers, RunFrames

if TYPE_CHECKING:
    from optbench.report.statistics.pair_lanes import PairLanes


def with_stored(
    frames: RunFrames, own: Sequence[PairLanes], stored: Stored, study_seed: int
) -> RunFrames:
    """Return the frames of a run, with rows of stored pairs on the problems that are the same.

    In "convergence" and "curves" a column `stored` is True of them; an optimizer that the run has
    itself has no such rows. "against" is what `against_frame` returns. All other frames are the
    run's own.

    Parameters
    ----------
    frames : RunFrames
    own : sequence of PairLanes
        Of the run.
    stored : Stored
    study_seed : int
        Of the run.
    """
    labels = comparable(own, stored, study_seed)
    names = {pair.optimizer for pair in own}

    def with_rows(name: str) -> pd.DataFrame:
        rows: pd.DataFrame = getattr(stored, name)
        rows = rows[rows["label"].isin(labels) & ~rows["optimizer"].isin(names)]
        mine = frames[name]
        joined = pd.concat([mine.assign(stored=False), rows.assign(stored=True)], ignore_index=True)
        return joined[[*mine, "stored"]]

    def costs() -> pd.DataFrame:
        others = cost_table(beside(own, stored, study_seed))
        return pd.concat([frames["costs"], others], ignore_index=True)

    makers: Makers = {
        **{name: partial(frames.__getitem__, name) for name in frames},
        "convergence": lambda: with_rows("convergence"),
        "curves": lambda: with_rows("curves"),
        "costs": costs,
        "against": lambda: against_frame(own, stored, study_seed),
    }
    return RunFrames(makers, frames.contents)
