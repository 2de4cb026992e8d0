"""Frames of figures of merit: by hand, with pairs missing, and whatever the order of rows."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from optbench.report.merit import coverage
from optbench.report.merit.lane_table import lane_table
from optbench.report.merit.left_out_table import left_out_frame
from optbench.report.merit.merit_table import merit_frame
from optbench.report.merit.profile_table import profile_frame
from optbench.report.merit.running_time_table import running_time_frame
from optbench.report.merit.runtime_table import runtime_frame
from optbench.report.merit.target_hits import target_hits
from optbench.report.statistics.pair_lanes import pair_lanes
from optbench.report.statistics.pair_results import pair_results
from tests.report.merit.pairs import BUDGET, pair, some_pairs
from tests.report.statistics.cells import cell

INF = math.inf
TWO = [
    pair("risky", "one", [100] * 6 + [INF] * 4),
    pair("steady", "one", [300] * 10),
    pair("risky", "two", [200] * 10),
    pair("steady", "two", [250] * 10),
]
"""ERT: 4600 / 6 and 300, 200 and 250; ratios 23 / 9 and 1, 1 and 1.25."""


def merit(pairs, failed=()):
    return merit_frame(lane_table(pairs, failed))


def running_times(pairs):
    return running_time_frame(lane_table(pairs))


def left_out(pairs):
    return left_out_frame(lane_table(pairs))


def profiles(pairs, results=()):
    return profile_frame(lane_table(pairs), results)


def rows(frame, *keys):
    return frame.set_index(list(keys) or "optimizer")


def test_figures_by_hand():
    frame = rows(merit(TWO))
    risky, steady = frame.loc["risky"], frame.loc["steady"]
    assert steady["algoperf_score"] == pytest.approx((1 + 2.75 / 3) / 2)
    assert risky["algoperf_score"] == pytest.approx(((4 - 23 / 9) / 3 + 1) / 2)
    assert risky["profile_area"] == pytest.approx(((1 - math.log(23 / 9) / math.log(4)) + 1) / 2)
    assert risky["par10"] == pytest.approx(((0.6 * 0.1 + 4) / 1 + 0.2) / 2)
    # The grid of a lane costs its hit and a tenth of it: (100 + 10) / 2, (1000 + 100) / 2, ...
    areas = [1 - (0.6 * 55 + 0.4 * 550) / BUDGET, 1 - 110 / BUDGET]
    assert risky["aocc"] == pytest.approx(np.mean(areas))
    assert risky["improvement"] == pytest.approx((0.6 + 1.0) / 2) == 1 - steady["improvement"]
    assert list(frame.index) == ["steady", "risky"] and risky["mean_rank"] == 1.5
    assert (frame["problems"] == 2).all() and (frame["solved"] == 2).all()


def test_scores_order_two_optimizers_unlike_their_median_lanes():
    medians = [np.median(np.where(own.scoring.reached, own.scoring.cost, INF)) for own in TWO]
    assert medians[0] < medians[1] and medians[2] < medians[3]
    assert merit(TWO)["optimizer"].tolist() == ["steady", "risky"]


def test_running_times_by_hand():
    frame = rows(running_times(TWO), "optimizer", "label")
    assert frame.loc[("risky", "one"), "ert"] == pytest.approx(4600 / 6)
    steady = frame.loc[("steady", "one")]
    points = ["ert", "ert_low", "ert_high", "run_10", "run_50", "run_90"]
    assert steady[points].tolist() == [300] * 6 and steady["reached"] == 10
    risky = frame.loc[("risky", "one")]
    assert risky["ert_low"] < 4600 / 6 < risky["ert_high"] and risky["run_10"] == 100
    assert risky["run_90"] % 1000 == 100 and risky["level"] == "about 69 %"


def test_profiles_by_hand():
    frame = profiles(TWO)
    curves = {
        key: own[["x", "y"]].to_numpy().tolist()
        for key, own in frame.groupby(["figure", "optimizer"], observed=True)
    }
    assert curves["performance", "steady"] == [[1.0, 0.5], [1.25, 1.0]]
    assert curves["data, evaluations", "steady"] == [[250.0, 0.5], [300.0, 1.0]]
    assert curves["data, simplex gradients", "steady"] == [[25.0, 0.5], [30.0, 1.0]]
    ratios = np.array(curves["log ratio", "risky"])
    np.testing.assert_allclose(ratios[:, 0], [0.25, 0.75])
    np.testing.assert_allclose(ratios[:, 1], np.log2([200 / 250, 4600 / 6 / 300]))


def test_the_runtime_ecdf_counts_all_targets_and_pooled_lanes():
    """Two pooled lanes, 19 targets: the first is met after 4 and 8, the next one after 16."""
    hits = np.zeros((2, 3, 1), np.int32)
    hits[0, 1:, 0], hits[1, 1, 0], hits[:, 0] = [4, 8], 16, 1
    stored = [cell([[1.0], [1.0], [1.0]], targets=10.0 ** np.array([-1, -1.5]), hits=hits)]
    results = pair_results(stored)
    frame = profiles([pair_lanes(own) for own in results], results)
    curve = frame[frame["figure"] == "runtime ECDF"]
    assert curve["x"].min() == 2.0 and curve["x"].max() == 8.0  # per dimension, of two
    np.testing.assert_allclose(curve["y"].iloc[[0, -1]], [1 / 38, 3 / 38])
    at = curve.set_index("x")["y"]
    assert at[at.index < 3.99].unique().tolist() == [pytest.approx(1 / 38)]
    runtimes = runtime_frame(results)
    assert runtimes["count"].unique().tolist() == [38]
    np.testing.assert_allclose(runtimes["x"], curve["x"])
    np.testing.assert_allclose(runtimes["met"] / 38, curve["y"])
    assert runtimes["setting"].unique().tolist() == ["tuned"]


def test_a_pair_that_ended_with_an_error_met_no_target():
    hits = np.ones((1, 3, 1), np.int32)
    results = pair_results([cell([[1.0], [1.0], [1.0]], targets=np.array([0.1]), hits=hits)])
    ((label, own),) = {(pair.facts["label"], pair.facts["optimizer"]) for pair in results}
    failed = [("crashed", label), ("crashed", "not there"), (own, label)]
    found = target_hits(results, failed)
    assert set(found) == {own, "crashed"} and np.isinf(found["crashed"]).all()
    assert len(found["crashed"]) == len(found[own]) and np.isfinite(found[own]).any()
    runtimes = runtime_frame(results, failed).groupby("optimizer", observed=True)
    assert runtimes["met"].max()["crashed"] == 0 < runtimes["met"].max()[own]
    assert runtimes["count"].max().nunique() == 1


def test_runtimes_of_no_targets():
    assert len(runtime_frame(pair_results([cell([[1.0], [1.0], [1.0]])]))) == 0


def test_orders_that_hang_on_a_family_are_named():
    pairs = [
        *(pair(name, f"bowl {i}", [cost] * 6, family="bowls")
          for i in range(3) for name, cost in (("a", 10), ("b", 90))),
        *(pair(name, f"valley {i}", [cost] * 6, family="valleys")
          for i in range(2) for name, cost in (("a", 90), ("b", 10))),
    ]  # fmt: skip
    frame = left_out(pairs)
    expected = pd.DataFrame(
        [[figure, "bowls", "a", "b", ""] for figure in ("algoperf_score", "aocc", "iqm")],
        columns=frame.columns,
    )
    pd.testing.assert_frame_equal(frame, expected)
    agreed = left_out(
        TWO[2:] + [pair(n, "three", [c] * 6) for n, c in (("risky", 1), ("steady", 2))]
    )
    assert agreed["note"].tolist() == ["no order of 2 optimizers changes"] * 3


def test_ranks_are_tested_over_ten_families_and_not_over_nine():
    pairs = some_pairs(np.random.default_rng(0), problems=20, members=2)
    frame = rows(merit(pairs))
    table = lane_table(pairs)
    of_problem = stats.rankdata(table.expected(), axis=1)
    of_family = of_problem.reshape(10, 2, 4).mean(axis=1)
    p = stats.friedmanchisquare(*of_family.T).pvalue
    np.testing.assert_allclose(frame["friedman_p"], p)
    assert (frame["critical_difference"] > 0).all() and not frame["note"].any()
    fewer = merit([own for own in pairs if own.facts["family"] != "f9"])
    assert fewer["friedman_p"].isna().all() and fewer["mean_rank"].notna().all()
    words = "no test of ranks: 4 optimizers on 9 families of problems, and 3 on 10 are needed"
    assert (fewer["note"] == words).all()
    equal = merit([pair(name, f"p{i}", [9] * 6) for name in "abc" for i in range(10)])
    assert equal["note"].str.contains("nothing to test").all() and (equal["mean_rank"] == 2).all()


def test_nothing_depends_on_the_order_of_rows():
    pairs = some_pairs(np.random.default_rng(1))
    other = [pairs[i] for i in np.random.default_rng(2).permutation(len(pairs))]
    for make, keys in (
        (merit, ["optimizer"]),
        (running_times, ["optimizer", "label"]),
        (left_out, ["figure", "family", "first", "second"]),
    ):
        one, two = (make(own).sort_values(keys, ignore_index=True) for own in (pairs, other))
        pd.testing.assert_frame_equal(one, two, check_exact=False, rtol=1e-13)


def test_other_problems_do_not_move_the_intervals_of_a_problem():
    pairs = some_pairs(np.random.default_rng(3))
    few = running_times([own for own in pairs if own.label in ("p2", "p5")])
    every = rows(running_times(pairs), "optimizer", "label")
    for row in few.itertuples():
        expected = every.loc[(row.optimizer, row.label)]
        np.testing.assert_equal(list(row)[3:], expected.tolist())


def test_a_pair_that_failed_is_not_solved_and_one_that_was_not_run_is_nothing():
    pairs = some_pairs(np.random.default_rng(4))
    without = [own for own in pairs if (own.optimizer, own.label) != ("a", "p3")]
    failed, missing = (
        rows(merit(without, errors)) for errors in ([("a", "p3")], [("a", "elsewhere")])
    )
    assert failed.loc["a", ["problems", "not_run", "failed"]].tolist() == [12, 0, 1]
    assert "1 failed with an error" in failed.loc["a", "note"]
    assert missing.loc["a", ["problems", "not_run", "failed"]].tolist() == [11, 1, 0]
    assert "not run on 1 of 12 problems" in missing.loc["a", "note"]
    assert missing.index[-1] == "a" and math.isnan(missing.loc["a", "improvement"])
    assert missing.loc["b":"d", "improvement"].notna().all()
    lost = [pair("a", "p3", [INF] * 8, family="f3", dim=4, grid=False)]
    columns = ["algoperf_score", "par10", "mean_rank", "iqm", "aocc"]
    expected = rows(merit(without + lost))[columns]
    pd.testing.assert_frame_equal(failed[columns].sort_index(), expected.sort_index())


def test_an_optimizer_that_failed_everywhere_is_in_the_table():
    frame = rows(merit(TWO, [("broken", "one"), ("broken", "two")]))
    assert frame.loc["broken", ["problems", "solved", "failed"]].tolist() == [2, 0, 2]
    assert frame.loc["broken", ["algoperf_score", "aocc", "improvement"]].tolist() == [0, 0, 0]


def test_an_optimizer_that_was_run_only_where_there_is_no_target_has_no_figures():
    pairs = [*TWO, pair("elsewhere", "endless", [INF] * 6, grid=False)]
    frame = rows(merit(pairs))
    last = frame.loc["elsewhere"]
    assert frame.index[-1] == "elsewhere" and last["problems"] == 0 and last["not_run"] == 2
    figures = ["algoperf_score", "profile_area", "par10", "aocc", "aocc_low", "iqm", "iqm_high"]
    assert last[figures].isna().all() and "not run on 2 of 2 problems with targets" in last["note"]
    pd.testing.assert_frame_equal(frame.drop("elsewhere"), rows(merit(TWO)).assign(not_run=0))
    assert "elsewhere" not in set(profiles(pairs).query("figure != 'log ratio'")["optimizer"])
    assert "elsewhere" not in set(running_times(pairs)["optimizer"])


def test_what_cannot_be_said_is_said():
    """One optimizer; one family; all failed; no target at all; few lanes."""
    alone = merit([own for own in TWO if own.optimizer == "steady"]).iloc[0]
    assert alone["algoperf_score"] == 1.0 and "no other optimizer" in alone["note"]
    one = left_out([own for own in TWO if own.label == "one"])
    assert one["note"].str.startswith("cannot be said: families ['one']").all()
    lost = rows(merit([pair(name, "p", [INF] * 6) for name in "ab"]))
    assert (lost[["algoperf_score", "solved"]] == 0).all(axis=None)
    assert (lost["par10"] == 10).all() and (lost["improvement"] == 0.5).all()
    nothing = [pair(name, "p", [INF] * 6, grid=False) for name in "ab"]
    for frame in (
        merit(nothing), profiles(nothing), running_times(nothing),
        left_out(nothing),
    ):  # fmt: skip
        assert len(frame) and frame["note"].str.startswith("cannot be said: no problem").all()
    few = [pair(name, "p", [cost] * 3) for name, cost in (("a", 1), ("b", 2))]
    assert merit(few)["note"].str.contains("fewer than 5 instances").all()
    assert merit(few)[["iqm_low", "aocc_high"]].isna().all(axis=None)
    times = running_times(few)
    assert times["ert_low"].isna().all() and (times["level"] == "-").all()
    assert (times["note"] == "fewer than 5 instances: no interval").all()


def test_no_figure_is_missing_without_a_word():
    for frame in (merit(some_pairs(np.random.default_rng(5), problems=5)), merit(TWO)):
        numbers = frame.select_dtypes("number")
        assert (numbers.notna().all(axis=1) | (frame["note"] != "")).all()


def test_problems_of_several_numbers_of_lanes_count_alike():
    pairs = [*TWO, pair("risky", "three", [50] * 5), pair("steady", "three", [25] * 5)]
    frame = rows(merit(pairs))
    assert frame.loc["risky", "improvement"] == pytest.approx((0.6 + 1 + 0) / 3)
    assert frame.loc["steady", "aocc"] == pytest.approx(1 - np.mean([165, 137.5, 13.75]) / 1000)
    assert (frame["iqm_level"] == coverage.level_words(coverage.IQM, 5)).all()


def test_a_hit_in_the_last_step_is_worth_nothing_and_breaks_nothing():
    late = [pair(name, "p", [BUDGET + 1] * 6, grid=False) for name in "ab"]
    assert merit(late)["aocc"].tolist() == [0.0, 0.0]
