"""What two optimizers' problems say together: each family counts once."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import wilcoxon

from optbench.report.comparing.questions import overall
from optbench.report.comparing.verdicts import A_FIRST, NOT_SEPARATED, WHERE_ENDED

RATIOS = {
    "bowl": [2.0, 8.0], "valley": [0.5], "saddle": [0.1, 0.2, 3.0], "ridge": [0.26],
    "plain": [0.3, 0.3, 0.3, 0.3], "cliff": [0.7], "well": [0.6, np.nan],
}  # fmt: skip
MIDDLES = [4.0, 0.5, 0.2, 0.26, 0.3, 0.7, 0.6]


def rows_of(ratios, **changes):
    """Return rows of answers, and the family of each problem."""
    labels = {f"{name} {i}": name for name, own in ratios.items() for i in range(len(own))}
    rows = pd.DataFrame({
        "label": list(labels), "objective_ratio": np.concatenate(list(ratios.values())),
        "improvement": 0.5, "verdict": NOT_SEPARATED, "note": "", **changes,
    })  # fmt: skip
    return rows, labels


def test_a_family_counts_once_however_many_problems_it_has():
    rows, families = rows_of(RATIOS)
    found = overall(rows, families)
    assert (found.problems, found.families) == (13, 7)
    assert found.ratio == pytest.approx(np.median(MIDDLES), rel=1e-14)
    assert found.p == pytest.approx(wilcoxon(np.log(MIDDLES), method="exact").pvalue, rel=1e-12)
    more = {name: own * 3 for name, own in RATIOS.items()}
    again = overall(*rows_of(more))
    assert again.families == 7 and (again.p, again.ratio) == (found.p, found.ratio)
    assert (again.low, again.high) == (found.low, found.high)


def test_lanes_won_are_a_mean_of_families():
    won = [1.0, 1.0, 0.25]
    rows, families = rows_of({"bowl": [0.5, 0.5], "valley": [2.0]}, improvement=won)
    assert overall(rows, families).improvement == (1.0 + 0.25) / 2


def test_who_alone_solves_a_problem_is_infinitely_ahead_and_one_each_is_a_tie():
    rows, families = rows_of({"bowl": [0.0, np.inf], "valley": [0.0], "ridge": [0.0, 0.0, 5.0]})
    found = overall(rows, families)
    assert found.families == 3 and found.ratio == 0.0
    rows, families = rows_of({"bowl": [0.0, np.inf]})
    assert overall(rows, families).ratio == 1.0


def test_where_lanes_ended_is_no_order_of_a_family():
    notes = ["", WHERE_ENDED, ""]
    rows, families = rows_of(
        {"bowl": [0.5, 100.0], "valley": [2.0]},
        note=notes,
        verdict=[A_FIRST, A_FIRST, NOT_SEPARATED],
    )
    found = overall(rows, families)
    assert (found.problems, found.families, found.holds) == (2, 2, ["bowl 0"])
    assert found.ratio == 1.0
