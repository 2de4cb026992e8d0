"""Figures of a problem: medians, lanes that leave, rates, names, bounds; parts of data problems."""

import math

import numpy as np
import pandas as pd
import pytest

from optbench.report import plan
from optbench.report.figures import (
    curves,
    palette,
    quantities,
    style,
    training,
)
from optbench.report.statistics.ranking import ranked
from tests.report.figure_parts import lines_of, problem_figure, words


def test_problem_figure_names_every_optimizer_and_counts_diverged_lanes(make_frames):
    figure, _ = problem_figure(make_frames(diverging={("adam", "sphere (d=2)"): 3}), "sphere (d=2)")
    texts = words(figure)
    assert "sphere (d=2)" in texts
    assert "gradient evaluations" in texts
    assert "learning rate" in texts
    assert "gap  f − f_ref" in texts
    assert {"adam  ×3/20", "gd", "momentum"} <= set(texts)


def test_median_line_holds_the_medians(make_frames):
    frames = make_frames(optimizers=("adam",))
    figure, job = problem_figure(frames, "sphere (d=2)")
    rows = frames["curves"].query("label == 'sphere (d=2)' and instance > 0")
    expected = rows.groupby("step")["gap"].median().to_numpy()
    looks = palette.styles(["adam"])["adam"]
    line = lines_of(figure.axes[0], looks.colour)[0]
    np.testing.assert_allclose(line.get_ydata(), expected)
    assert figure.axes[0].get_yscale() == "log"
    assert job.arguments["target"] == pytest.approx(1e-6 * 10.0)


def test_lanes_are_marked_where_they_leave(make_frames):
    frames = make_frames(optimizers=("adam",), diverging={("adam", "sphere (d=2)"): 3})
    figure, job = problem_figure(frames, "sphere (d=2)")
    band = job.arguments["bands"]["adam"]
    assert len(band.left_at) == 3
    crosses = [line for line in figure.axes[0].get_lines() if line.get_marker() == "x"]
    assert crosses[0].get_xdata().tolist() == band.left_at.tolist()


def test_values_beyond_the_axis_are_drawn_at_its_edge_and_said_so(make_frames):
    frames = make_frames(optimizers=("adam",))
    frames["curves"]["gap"] = np.where(frames["curves"]["step"] > 500, 1e-250, 1.0)
    figure, _ = problem_figure(frames, "sphere (d=2)")
    low = figure.axes[0].get_ylim()[0]
    assert low == 1e-16
    colour = palette.styles(["adam"])["adam"].colour
    assert lines_of(figure.axes[0], colour)[0].get_ydata().min() == low
    assert any("below 1e-16 are drawn at the lower edge" in w for w in words(figure))


def test_gaps_below_zero_get_a_linear_axis(make_frames):
    frames = make_frames(optimizers=("adam",))
    frames["curves"]["gap"] -= 5.0
    figure, _ = problem_figure(frames, "sphere (d=2)")
    assert figure.axes[0].get_yscale() == "linear"


def test_sensitivity_marks_the_tuned_rate_its_edge_and_rates_that_diverged(make_frames):
    frames = make_frames(optimizers=("adam",))
    scores = frames["sensitivity"].query("label == 'sphere (d=2)'").sort_values("lr")
    for edge in (False, True):
        frames["convergence"]["at_edge"] = edge
        figure, _ = problem_figure(frames, "sphere (d=2)")
        _, _, sensitivity, strip = figure.axes
        tuned = [line for line in sensitivity.get_lines() if line.get_markersize() >= 7]
        assert [line.get_xdata()[0] for line in tuned] == scores.query("best")["lr"].tolist()
        assert (tuned[0].get_marker() in "<>") == edge
        crosses = next(line for line in strip.get_lines() if line.get_marker() == "x")
        lost = scores[np.isinf(scores["mean_gap"])]["lr"]
        assert crosses.get_xdata().tolist() == lost.tolist()
        assert len(lost) > 0


def test_no_strip_without_diverged_rates(make_frames):
    frames = make_frames(optimizers=("adam",))
    frames["sensitivity"][["mean_gap", "diverged_share"]] = [1.0, 0.0]
    figure, _ = problem_figure(frames, "sphere (d=2)")
    assert len(figure.axes) == 3


def test_the_default_setting_is_an_open_mark_and_no_part_of_the_line(make_frames):
    frames = make_frames(optimizers=("adam",))
    figure, _ = problem_figure(frames, "sphere (d=2)")
    lines = [line for line in figure.axes[2].get_lines() if line.get_marker() == "D"]
    assert [line.get_xydata().tolist() for line in lines] == [[[1e-3, 2.0]]]
    scores = frames["sensitivity"].query("label == 'sphere (d=2)' and trial >= 0")
    looks = palette.styles(["adam"])["adam"]
    line = lines_of(figure.axes[2], looks.colour)[0]
    assert line.get_xdata().tolist() == scores["lr"].tolist()
    assert line.get_linestyle() == "-"


def test_trials_that_differ_in_more_than_the_rate_are_points(make_frames):
    frames = make_frames(optimizers=("adam",))
    frames["sensitivity"]["value_beta1"] = 0.9
    figure, _ = problem_figure(frames, "sphere (d=2)")
    assert (
        lines_of(figure.axes[2], palette.styles(["adam"])["adam"].colour)[0].get_linestyle()
        == "None"
    )


def test_curves_of_the_default_setting_are_in_no_median(make_frames):
    frames = make_frames(optimizers=("adam",))
    _, job = problem_figure(frames, "sphere (d=2)")
    bad = frames["curves"].assign(setting="default", gap=1e9)
    frames["curves"] = pd.concat([frames["curves"], bad])
    _, again = problem_figure(frames, "sphere (d=2)")
    expected, band = (each.arguments["bands"]["adam"] for each in (job, again))
    np.testing.assert_array_equal(band.high, expected.high)
    assert band.lanes == expected.lanes == 20


def test_ladder_keeps_names_apart_and_in_order():
    places = curves.spread([0.9, 0.9, 0.9, 0.5, 0.01, 0.0], 0.1)
    assert all(a - b >= 0.1 - 1e-12 for a, b in zip(places, places[1:], strict=False))
    assert max(places) <= 1 and min(places) >= 0
    assert places[3] == 0.5


def test_same_colour_in_every_figure(make_frames, surfaces):
    frames = make_frames()
    looks = palette.styles(frames["convergence"]["optimizer"])
    label = "digits (d=2410)"
    curves_figure, _ = problem_figure(frames, label)
    facts = next(r for r in frames["problems"].itertuples(index=False) if r.label == label)
    (job,) = plan.training_jobs(facts, "p", frames["curves"].query("label == @label"), looks)
    with style.context():
        parts_figure = job.function(**job.arguments)
    for name, own in looks.items():
        for axes in (curves_figure.axes[0], *(parts_figure.axes[i] for i in (0, 1, 2))):
            assert lines_of(axes, own.colour), name


def test_training_figure_has_each_part_and_both_measures(make_frames):
    frames = make_frames(problems=(("digits", 2410, "net"),))
    facts = next(frames["problems"].itertuples(index=False))
    looks = palette.styles(frames["convergence"]["optimizer"])
    (job,) = plan.training_jobs(facts, "p", frames["curves"], looks)
    with style.context():
        figure = job.function(**job.arguments)
    assert {"train part", "validation part", "test part", "loss", "accuracy"} <= set(words(figure))
    assert "90 %" in words(figure)
    assert figure.axes[0].get_ylim() == figure.axes[2].get_ylim()


def test_accuracy_scale_keeps_high_accuracies_apart():
    assert training.nines([0.0, 0.9, 0.99]) == pytest.approx([0.0, 1.0, 2.0])
    assert np.isfinite(training.nines(1.0))


def test_each_kind_of_problem_has_a_column_and_labels():
    assert set(quantities.VALUE) == set(quantities.SCORE)


def test_no_text_of_the_ladder_overlaps(make_frames):
    names = tuple(f"optimizer_{i:02d}" for i in range(15))
    figure, _ = problem_figure(make_frames(optimizers=names, rates=5), "sphere (d=2)")
    figure.canvas.draw()
    boxes = [t.get_window_extent() for t in figure.axes[1].texts]
    assert len(boxes) == 15
    boxes.sort(key=lambda b: b.y0)
    assert all(a.y1 <= b.y0 + 1 for a, b in zip(boxes, boxes[1:], strict=False))


def test_ranked_rows_keep_their_columns(make_frames):
    rows = make_frames()["convergence"]
    assert list(ranked(rows).columns) == list(rows.columns)


def test_a_bound_is_named_where_it_falls_to_a_height_of_its_own(make_frames):
    frames = make_frames(optimizers=("adam", "gd"))
    _, job = problem_figure(frames, "sphere (d=2)")
    bands = job.arguments["bands"]
    start, x = bands["gd"].median[0], bands["gd"].evaluations
    falling = start * np.exp(-x / 50)
    flat = np.where(x < x[1], np.inf, start)
    figure, _ = problem_figure(frames, "sphere (d=2)", bounds={"adam": flat, "gd": falling})
    axes = figure.axes[0]
    names = {text.get_text().strip(): text.get_position() for text in axes.texts}
    place, height = names["bound on gd"]
    assert start * math.exp(-place / 50) == pytest.approx(height, rel=1e-9)
    assert names["bound on adam"] == (x[-1], start)
    low, high = axes.get_ylim()
    beyond = {"gd": np.full(x.shape, high * 2)}
    figure, _ = problem_figure(frames, "sphere (d=2)", bounds=beyond)
    assert not any("bound on" in text.get_text() for text in figure.axes[0].texts)
