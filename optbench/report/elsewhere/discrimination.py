"""What a problem tells: the share of pairs of optimizers that its lanes separate."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from optbench.report.elsewhere.agreement import ONE_INSTANCE, separation
from optbench.report.elsewhere.standings import Standings

ONE_OPTIMIZER = "one optimizer"
PROBLEM = ["label", "problem", "family", "dim", "budget"]
COLUMNS = [
    *PROBLEM, "optimizers", "pairs", "separated", "share", "all_reach", "none_reach", "note",
]  # fmt: skip
ALL_WIN, ALL_LOSE = "all win", "all lose"


def discrimination_table(all_standings: Sequence[Standings]) -> pd.DataFrame:
    """Return a row a problem: how many of its pairs of optimizers are separated.

    A pair is separated if the 95 % interval of the difference of their objectives excludes 0.
    `all_reach` and `none_reach` count optimizers all of whose lanes reached the target, and none.
    `note` says where a problem says nothing, and whether since all win or since all lose.
    """
    return pd.DataFrame([_row(standings) for standings in all_standings], columns=COLUMNS)


def _row(standings: Standings) -> dict[str, object]:
    optimizers = len(standings.optimizers)
    pairs = optimizers * (optimizers - 1) // 2
    separated = int(np.count_nonzero(separation(standings)))
    always, never = standings.reached == 1.0, standings.reached == 0.0
    note = "" if pairs else ONE_OPTIMIZER
    if pairs and standings.instances < 2:
        note = ONE_INSTANCE
    elif pairs and not separated:
        why = ALL_WIN if always.all() else ALL_LOSE if never.all() else "lanes differ too much"
        note = f"says nothing: {why}"
    elif pairs and (always.all() or never.all()):
        note = ALL_WIN if always.all() else ALL_LOSE
    facts = standings.facts
    return {
        **{name: facts[name] for name in PROBLEM},
        "optimizers": optimizers,
        "pairs": pairs,
        "separated": separated,
        "share": separated / pairs if pairs else math.nan,
        "all_reach": int(always.sum()),
        "none_reach": int(never.sum()),
        "note": note,
    }
