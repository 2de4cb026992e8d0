"""The long frames: a row a lane, a record, a point, a verdict."""

import math

import numpy as np
import pandas as pd
import pytest

from optbench.kernels.status import BUDGET, NOT_FINITE, NOT_RUN, STATIONARY
from optbench.report.statistics import curve_verdicts
from optbench.report.statistics.convergence import convergence_table
from optbench.report.statistics.curve_frames import curve_frame, path_frame, record_steps
from optbench.report.statistics.lane_frame import lane_frame
from optbench.report.statistics.load import RunFrames, counts_of
from optbench.report.statistics.pair_lanes import pair_lanes
from optbench.report.statistics.pair_results import pair_results
from optbench.report.statistics.problem_table import problem_table
from optbench.report.statistics.verdict_table import common_verdicts, verdict_frame
from optbench.report.summary import summary
from tests.report.statistics.cells import FACTS, cell

FINAL = [[1, 50, 9], [1, 8, 9], [1, 2, 9]]
KEPT = 2
EVALUATIONS = np.array([0, 1, 2, 5, 10])


def lanes(*cells):
    return lane_frame(pair_results(cells))


def test_lanes_are_draws_then_trials_of_every_cell():
    frame = lanes(cell(FINAL[:2], phase="tuning"), cell(FINAL))
    assert frame["phase"].tolist() == ["tuning"] * 6 + ["scoring"] * 9
    assert frame["instance"].tolist() == [1] * 3 + [2] * 3 + [0] * 3 + [11] * 3 + [12] * 3
    assert frame["seed"].tolist() == [1] * 6 + [0] * 3 + [1] * 6
    assert frame["trial"].tolist() == [0, 1, -1] * 5
    assert frame["lr"].tolist() == [0.01, 0.1, 0.001] * 5
    assert frame["setting"].tolist() == ["other", "tuned", "default"] * 5
    assert frame["f_final"].tolist() == [*np.ravel(FINAL[:2]), *np.ravel(FINAL)]


def test_lanes_say_how_they_ended_and_what_they_are_from():
    status = [[BUDGET, STATIONARY, NOT_FINITE]] * 3
    hit, reached = [[4, 6, 0]] * 3, [[True, False, False]] * 3
    frame = lanes(cell(FINAL, status=status, hit=hit, reached=reached, f_ref=np.array([0, 1, 2.0])))
    assert frame["ended"].tolist() == ["reached", "stationary", "not finite"] * 3
    assert frame["status"].tolist() == ["budget", "stationary", "not finite"] * 3
    assert frame["reached"].tolist() == [1, 0, 0] * 3
    assert frame["touched"].tolist() == [False, True, False] * 3
    np.testing.assert_equal(frame["evaluations_to_target"].tolist(), [4.0, np.nan, np.nan] * 3)
    gaps = [1, 50, np.inf, 0, 7, np.inf, -1, 0, np.inf]
    assert frame["gap_final"].tolist() == gaps == frame["gap_best"].tolist()


def test_lanes_that_were_not_run_are_in_no_row():
    status = np.full((3, 3), BUDGET)
    status[0, 0] = NOT_RUN
    final = np.array(FINAL, float)
    final[0, 0] = np.nan
    cells = cell(final, status=status, facts={"kind": "net"}, metrics=np.zeros((3, 3, 6)))
    frame = lanes(cells)
    assert frame["trial"].tolist() == [1, -1, 0, 1, -1, 0, 1, -1]
    assert frame["f_final"].tolist() == [*FINAL[0][1:], *FINAL[1], *FINAL[2]]
    assert counts_of(pair_results([cells]))["lanes"] == 8


def test_words_are_categories_and_numbers_small():
    frame = lanes(cell(FINAL), cell(FINAL, facts={"optimizer": "adam"}))
    words = ("optimizer", "problem", "label", "dtype", "device", "kind", "phase", "setting",
             "status", "ended")  # fmt: skip
    assert all(isinstance(frame[name].dtype, pd.CategoricalDtype) for name in words)
    assert frame["optimizer"].cat.categories.tolist() == ["adam", "gd"]
    assert {str(frame[name].dtype) for name in ("instance", "seed", "trial", "steps")} == {"int32"}
    assert frame.memory_usage(index=False, deep=True).sum() / len(frame) < 400


def test_cost_is_in_evaluations():
    frame = lanes(cell(FINAL, facts={"evaluations_per_step": 2.5}))
    assert (frame["evaluations"] == 250.0).all() and (frame["steps"] == 100).all()


def test_without_a_target_nothing_is_reached_and_no_ending_says_so():
    goal = np.array([1e-5, 1e-5, np.nan])
    frame = lanes(cell(FINAL, hit=5, reached=True, goal=goal))
    pooled = frame[frame["instance"] > 0]
    assert pooled["reached"].isna().all() and not pooled["touched"].any()
    assert (pooled["ended"] == "budget").all()
    canonical = frame[frame["instance"] == 0]  # it has one of its own
    assert (canonical["reached"] == 1).all() and (canonical["ended"] == "reached").all()


def test_values_that_trials_differ_in_are_columns_beside_the_rate():
    frame = lanes(
        cell(FINAL, value_eps=np.array([1e-8, 1e-4, 1e-6])), cell(FINAL, facts={"label": "b"})
    )
    assert frame["value_eps"][:3].tolist() == [1e-8, 1e-4, 1e-6]
    assert frame["value_eps"][9:].isna().all()
    assert list(frame)[list(frame).index("lr") + 1] == "value_eps"


def test_metrics_of_lanes_are_those_that_are_kept():
    metrics = np.arange(3 * KEPT * 2 * 6, dtype=float).reshape(3, KEPT, 2, 6)
    data = lanes(cell(FINAL, facts={"kind": "data"}, record_metrics=metrics))
    np.testing.assert_equal(data["test_loss"].tolist()[:3], [np.nan, *metrics[0, :, -1, 4]])
    every = np.arange(3 * 3 * 6, dtype=float).reshape(3, 3, 6)
    net = lanes(cell(FINAL, facts={"kind": "net"}, metrics=every, goal=np.full(3, 0.1)))
    assert net["train_loss"].tolist() == every[..., 0].ravel().tolist()


def test_tuning_of_nets_looks_for_no_target():
    tuning = cell(FINAL, phase="tuning", facts={"kind": "net"})
    for name in ("hit", "reached", "goal"):
        del tuning[1][name]
    frame = lanes(tuning, cell(FINAL, facts={"kind": "net"}, hit=1, reached=True))
    assert frame["reached"].tolist()[9:] == [1.0] * 9 and frame["reached"][:9].isna().all()


# --------------------------------------------------------------------------------- curves, points


def recorded(facts=None, **arrays):
    f = 10.0 ** -np.arange(3 * KEPT * 5).reshape(3, KEPT, 5)
    own = {"record_evaluations": EVALUATIONS, "record_f": f, "record_best": f / 2}
    return cell(FINAL, facts=facts, **(own | arrays))


def test_curves_are_draws_then_settings_then_records():
    frame = curve_frame(pair_results([recorded(f_ref=np.array([0.0, 1.0, 2.0]))]))
    assert frame["setting"].tolist() == (["tuned"] * 5 + ["default"] * 5) * 3
    assert frame["instance"].tolist() == [0] * 10 + [11] * 10 + [12] * 10
    assert frame["evaluations"].tolist() == EVALUATIONS.tolist() * 6
    assert frame["step"].tolist() == EVALUATIONS.tolist() * 6
    np.testing.assert_array_equal(frame["f"], 10.0 ** -np.arange(30))
    np.testing.assert_array_equal(frame["gap"][10:20], 10.0 ** -np.arange(10, 20) - 1.0)
    np.testing.assert_array_equal(frame["best_gap"][:10], 10.0 ** -np.arange(10) / 2)
    assert (frame["unit"] == "gradients").all()


def test_a_record_is_of_the_last_step_that_cost_no_more():
    facts = {"evaluations_per_step": 2.0, "steps": 4}
    (pair,) = pair_results([recorded(facts)])
    assert record_steps(pair).tolist() == [0, 0, 1, 2, 4]
    third = {"evaluations_per_step": 10 / 3, "steps": 3}
    (pair,) = pair_results([recorded(third)])
    assert record_steps(pair).tolist() == [0, 0, 0, 1, 3]  # 10 evaluations are 3 steps exactly


def test_points_are_kept_with_their_coordinates():
    points = np.arange(3 * KEPT * 5 * 2, dtype=float).reshape(3, KEPT, 5, 2)
    frame = path_frame(pair_results([recorded(record_x=points), cell(FINAL, facts={"label": "b"})]))
    assert len(frame) == 30 and frame[["x0", "x1"]].to_numpy().ravel().tolist() == [*range(60)]


# ----------------------------------------------------------------------------------- verdicts


def falling(start, end):
    metrics = np.zeros((5, 6))
    metrics[:, 0] = metrics[:, 2] = np.geomspace(start, end, 5)
    return metrics


def test_verdicts_are_of_kept_curves_and_of_every_trial_of_the_sweep():
    gone = falling(2.0, 0.01)
    gone[3:, 0] = np.inf
    curves = np.array([[gone, gone], [falling(2.0, 0.01), gone], [falling(2.0, 0.01), gone]])
    tuning = cell(FINAL, phase="tuning", facts={"kind": "net"})
    tuning[1].update(
        sweep_steps=EVALUATIONS, sweep_saturated=np.zeros((3, 2)), chance=np.array(2.0),
        sweep_metrics=np.array([falling(2.0, 1.99), falling(2.0, 0.01), gone]),
    )  # fmt: skip
    scoring = recorded({"kind": "net"}, record_metrics=curves, chance=np.array(2.0))
    frame = verdict_frame(pair_results([tuning, scoring]))
    swept = frame[frame["phase"] == "tuning"]
    assert swept["verdict"].tolist() == [
        curve_verdicts.TOO_LOW, curve_verdicts.CONVERGING, curve_verdicts.DIVERGED,
    ]  # fmt: skip
    assert swept["setting"].tolist() == ["other", "tuned", "default"]
    assert swept["lr"].tolist() == [0.01, 0.1, 0.001] and set(swept["instance"]) == {1}
    scored = frame[frame["phase"] == "scoring"]
    assert scored["setting"].tolist() == ["tuned", "default"] * 3
    assert scored["trial"].tolist() == [1, -1] * 3
    # The canonical lane diverged, and the default ones: neither is in the common verdict.
    verdict = common_verdicts(frame)["gd"]
    assert (verdict.name, verdict.agreeing, verdict.lanes) == (curve_verdicts.CONVERGING, 2, 2)


def test_records_of_one_step_count_once():
    curves = np.array([[falling(2.0, 0.01)] * KEPT] * 3)
    facts = {"kind": "net", "evaluations_per_step": 4.0, "steps": 2}  # steps 0, 0, 0, 1, 2
    assert len(verdict_frame(pair_results([recorded(facts, record_metrics=curves)]))) == 0


# --------------------------------------------------------------------------------------- runs


def test_frames_are_made_when_they_are_asked_for_and_once():
    made = []
    frames = RunFrames(
        {name: (lambda name=name: made.append(name) or pd.DataFrame()) for name in "ab"}
    )
    assert list(frames) == ["a", "b"] and len(frames) == 2 and made == []
    assert frames["b"] is frames["b"] and made == ["b"]
    assert set(dict(frames)) == {"a", "b"} and made == ["b", "a"]
    with pytest.raises(KeyError, match="the run has no table 'c': it has a, b"):
        frames["c"]
    assert frames.get("c") is None


def test_the_summary_of_a_run_needs_no_frame_of_lanes():
    def refused():
        raise AssertionError("not for a summary")

    pairs = pair_results([cell(FINAL, hit=5, reached=True)])
    frames = RunFrames(
        {
            "convergence": lambda: convergence_table(pairs, [pair_lanes(p) for p in pairs]),
            "lanes": refused,
        }
    )
    assert list(summary(frames)) == [
        "bowl (d=2)",
        f"  {'gd':24s} lr {'0.1':9s} 100% of 2 lanes reached the target after 5 evaluations, "
        "median gap 5",
    ]


def test_counts_are_of_all_lanes_and_pooled_draws():
    pairs = pair_results([cell(FINAL[:2], phase="tuning"), cell(FINAL)])
    assert counts_of(pairs) == {
        "lanes": 15, "lane_steps": 1500, "tuning": [1, 2], "scoring": [11, 12], "seeds": 1,
    }  # fmt: skip


def test_problems_show_the_canonical_reference():
    problems = {"bowl (d=2)": FACTS, "absent": FACTS}
    f_ref = np.array([3.0, 4.0, 5.0])
    table = problem_table(problems, pair_results([cell(FINAL, f_ref=f_ref)]))
    assert table["f_ref"].tolist() == [3.0] and table["label"].tolist() == ["bowl (d=2)"]
    unknown = problem_table(problems, pair_results([cell(FINAL, f_ref=np.full(3, math.nan))]))
    assert unknown["target_text"].tolist() == ["none, since no reference value is known"]
