"""The table of failures, from cells whose numbers can be followed by hand."""

import numpy as np
import pytest

from optbench.kernels.status import Failure
from optbench.report.statistics.failure_table import COUNTS, EVIDENCE, failure_table
from optbench.report.statistics.pair_results import pair_results
from tests.report.statistics.cells import cell

FINAL = np.ones((6, 3))
# The canonical lane, then five pooled ones; the tuned trial, then the default one.
CODES = np.array(
    [
        [Failure.PLATEAU, Failure.NONE],
        [Failure.SADDLE, Failure.BUDGET],
        [Failure.NONE, Failure.BUDGET],
        [Failure.SADDLE, Failure.NOT_FINITE],
        [Failure.SADDLE, Failure.BUDGET],
        [Failure.STALLED, Failure.DIVERGED],
    ],
    np.int8,
)
EVIDENCES = np.array(
    [[1e-4, np.nan], [-3.0, 0.5], [np.nan, 0.25], [-1.0, 17], [-2.0, 0.75], [0.004, 2500.0]]
)


def table(*cells):
    return failure_table(pair_results(cells))


def test_a_row_is_a_setting_and_counts_its_pooled_lanes():
    tuned, default = table(cell(FINAL, failure=CODES, evidence=EVIDENCES)).to_dict("records")
    assert (tuned["setting"], default["setting"]) == ("tuned", "default")
    counts = {name: n for name, n in tuned.items() if name in COUNTS and n}
    assert counts == {"reached": 1, "saddle": 3, "stalled": 1} and tuned["lanes"] == 5
    counts = {name: n for name, n in default.items() if name in COUNTS and n}
    assert counts == {"spent": 3, "not_finite": 1, "diverged": 1}


def test_each_reason_has_the_evidence_of_the_lane_in_the_middle():
    tuned, default = table(cell(FINAL, failure=CODES, evidence=EVIDENCES)).to_dict("records")
    assert tuned["evidence"] == (
        "saddle: least eigenvalue -2 (instance 14, seed 1); "
        "stalled: 0.40% of the gap gained in the second half (instance 15, seed 1)"
    )
    assert default["evidence"] == (
        "budget: 50.00% of the gap gained in the second half (instance 11, seed 1); "
        "not finite: after 17 steps (instance 13, seed 1); "
        "diverged: 2.5e+03 gaps of the start (instance 15, seed 1)"
    )
    assert tuned["canonical"] == "plateau" and "0.0001 of the gap" in tuned["canonical_evidence"]
    assert default["canonical"] == "none" and default["canonical_evidence"] == ""


def test_without_a_target_nobody_missed_it():
    goal = np.array([1e-5, 1e-5, np.nan, 1e-5, 1e-5, 1e-5])
    tuned, default = table(
        cell(FINAL, failure=CODES, evidence=EVIDENCES, goal=goal)
    ).to_dict("records")  # fmt: skip
    assert (tuned["no_target"], tuned["reached"], tuned["saddle"]) == (5, 0, 0)
    assert (default["no_target"], default["not_finite"], default["diverged"]) == (3, 1, 1)


def test_counts_add_up():
    rng = np.random.default_rng(0)
    codes = rng.choice(list(Failure), (6, 2)).astype(np.int8)
    frame = table(cell(FINAL, failure=codes, evidence=rng.random((6, 2))))
    assert (frame[COUNTS].sum(axis=1) == frame["lanes"]).all()
    assert frame.columns.is_unique and (frame["budget"] == 100).all()


def test_what_has_one_setting_has_one_row_and_older_runs_have_none():
    one = cell([[1.0], [2.0]], failure=[[9], [9]], evidence=[[0.5], [0.5]])
    one[1].update({name: np.array(one[1][name]) for name in ("failure", "evidence")})
    assert table(one)["setting"].tolist() == ["tuned"]
    assert table(cell(FINAL)).empty and list(table(cell(FINAL))) == list(table(one))


@pytest.mark.parametrize("failure", list(Failure)[1:])
def test_every_reason_says_what_its_number_is(failure):
    assert EVIDENCE[failure].format(0.5) != EVIDENCE[failure]
