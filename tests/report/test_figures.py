import math

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PathCollection

from optbench.report import overview, plan
from optbench.report.figures import (
    curves,
    endings,
    heatmap,
    numbers,
    palette,
    quantities,
    style,
    surface_views,
    training,
    trajectories,
)
from optbench.report.statistics.ranking import ranked, ranked_by_problem


def words(figure):
    """Return every text of a figure that is not empty, ticks and titles included."""
    return [t.get_text() for t in figure.findobj(lambda a: hasattr(a, "get_text")) if t.get_text()]


def problem_figure(frames, label, **changes):
    facts = next(r for r in frames["problems"].itertuples(index=False) if r.label == label)
    curves, scores, convergence = (
        frames[name][frames[name]["label"] == label]
        for name in ("curves", "sensitivity", "convergence")
    )
    looks = palette.styles(frames["convergence"]["optimizer"])
    (job,) = plan.problem_jobs(
        facts, "p", curves=curves, scores=scores, convergence=convergence, styles=looks
    )
    with style.context():
        return job.function(**(job.arguments | changes)), job


def lines_of(axes, colour):
    return [line for line in axes.get_lines() if line.get_color() == colour]


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


def test_trajectories_show_the_canonical_lane(make_frames, surfaces):
    frames = make_frames(scoring=(4, 5))
    facts = next(frames["problems"].itertuples(index=False))
    looks = palette.styles(frames["convergence"]["optimizer"])
    elsewhere = frames["paths"].assign(setting="default", x0=9.0)
    (job,) = plan.trajectory_jobs(
        facts, "p", paths=pd.concat([elsewhere, frames["paths"]]),
        convergence=frames["convergence"].query("label == 'sphere (d=2)'"), styles=looks,
        surfaces=surfaces,
    )  # fmt: skip
    with style.context():
        figure = job.function(**job.arguments)
    assert [a.get_title(loc="left") for a in figure.axes[:3]] == ["adam", "gd", "momentum"]
    expected = frames["paths"].query("optimizer == 'gd' and instance == 0 and seed == 0")
    colour = looks["gd"].colour
    walked = lines_of(figure.axes[1], colour)[0]
    np.testing.assert_array_equal(walked.get_xdata(), expected["x0"])
    np.testing.assert_array_equal(walked.get_ydata(), expected["x1"])
    assert "declared start" in words(figure)
    row = frames["convergence"].query("optimizer == 'gd' and label == 'sphere (d=2)'").iloc[0]
    gap, end = numbers.text(row["canonical_gap"]), endings.words_of(row["canonical_ended"])
    assert f"lr {numbers.text(row['lr'])}, gap {gap}, {end}" in words(figure)


def test_view_is_the_box_opened_for_what_is_near_it():
    box = ((-1.0, -1.0), (1.0, 1.0))
    points = np.array([[0.0, 0.0], [1.5, 0.0], [1e30, 0.0], [np.inf, 0.0]])
    (left, low), (right, high) = surface_views.view(box, points)
    assert (left, low, high) == (-1.0, -1.0, 1.0)
    assert 1.5 < right < 2.0


def test_a_box_in_another_order_is_refused():
    with pytest.raises(ValueError, match="low0, low1"):
        surface_views.view(((-1.0, 1.0), (-1.0, 1.0)), np.zeros((1, 2)))


def test_a_path_that_leaves_keeps_its_direction_and_stays_drawable():
    limits = ((-1.0, -1.0), (1.0, 1.0))
    path = np.array([[0.0, 0.0], [0.5, 0.5], [1e200, 2e200], [0.0, 0.0]])
    cut = surface_views.visible(path, limits)
    assert len(cut) == 3
    step = cut[2] - cut[1]
    assert step[1] / step[0] == pytest.approx(2.0)
    assert 1 < np.abs(cut[2]).max() < 20


def test_contours_are_denser_near_the_minimum():
    values = np.geomspace(1e-6, 1e4, 500).reshape(20, 25)
    at = trajectories.levels(values, 0.0)
    steps = np.diff(at)
    assert (steps > 0).all() and (np.diff(steps) > 0).all()


def test_constant_surface_has_levels():
    at = trajectories.levels(np.ones((5, 5)), 1.0)
    assert (np.diff(at) > 0).all()


def heatmap_jobs(frames, dtype="float64"):
    convergence = ranked_by_problem(frames["convergence"], frames["problems"])
    return overview.heatmap_jobs(convergence, frames["problems"], dtype)


def test_heatmaps_write_every_number_and_the_target(make_frames):
    skip = [("gd", "digits (d=2410)", "does not fit")]
    frames = make_frames(skipped=skip)
    frames["convergence"]["success_share"] = [1.0, 0.5, 0.25, 0.75, 0.125]
    frames["convergence"]["median_gap"] = [1e-20, 1e-3, math.inf, 0.1, 1.0]
    share, gap = heatmap_jobs(frames)
    with style.context():
        figures = [job.function(**job.arguments) for job in (share, gap)]
    assert share.arguments["columns"] == ["adam", "gd", "momentum"]
    assert share.arguments["texts"] == [["100", "50", "25"], ["75", "–", "12"]]
    assert gap.arguments["texts"] == [["<-13", "-3.0", "∞"], ["-1.0", "–", "0.0"]]
    np.testing.assert_array_equal(gap.arguments["colours"], [[1, 0.5, 0], [1, np.nan, 0]])
    note = "gap at most 1e-6 of the start's (1 problem); training loss 0.1 (1 problem)"
    assert any(note in w.replace("\n", " ") for w in words(figures[0]))
    assert {"sphere (d=2)", "digits (d=2410)", "adam"} <= set(words(figures[0]))
    written = {
        (text.get_label(), *place) for text in figures[0].findobj(PathCollection)
        for place in text.get_offsets().tolist()
    }  # fmt: skip
    rows = enumerate(share.arguments["texts"])
    assert written == {(text, c, r) for r, row in rows for c, text in enumerate(row)}


def test_gaps_in_different_basins_have_no_rank(make_frames):
    frames = make_frames()
    frames["convergence"]["local"] = frames["convergence"]["label"] != "sphere (d=2)"
    _, gap = heatmap_jobs(frames)
    several, one = gap.arguments["colours"]
    assert np.isnan(several).all() and not np.isnan(one).all()
    assert "several basins" in gap.arguments["note"]


def test_of_many_optimizers_on_few_problems_a_row_is_an_optimizer(make_frames):
    names = tuple(f"rule_{i:02d}" for i in range(overview.MOST_COLUMNS + 1))
    all_but_one, frames = (
        make_frames(optimizers=optimizers, records=3, seeds=1) for optimizers in (names[1:], names)
    )
    few, many = map(heatmap_jobs, (all_but_one, frames))
    assert len(few[0].arguments["columns"]) == len(names) - 1 and few[0].arguments["breaks"] == [1]
    turned = many[1].arguments
    assert turned["columns"] == ["sphere (d=2)", "digits (d=2410)"]
    assert sorted(turned["rows"]) == list(names) and turned["column_breaks"] == [1]
    assert turned["colours"].shape == (25, 2) and len(turned["texts"]) == 25
    best = turned["rows"][int(turned["colours"][:, 0].argmax())]
    rows = frames["convergence"]
    gaps = rows[rows["label"] == "sphere (d=2)"].set_index("optimizer")["median_gap"]
    assert gaps[best] == gaps.min()
    with style.context():
        assert many[0].function(**many[0].arguments).get_size_inches()[0] < 8


def test_gaps_at_rounding_level_share_the_rank():
    ranks = overview.ranks(np.array([[1.0, 1.0, 2.0, np.nan, np.inf]]))
    np.testing.assert_allclose(ranks, [[1.0, 1.0, 1 - 2 / 3, np.nan, 0.0]])


def test_text_stays_readable_on_dark_cells():
    assert heatmap._contrast(1.0) == "white"
    assert heatmap._contrast(0.0) == palette.INK


def test_endings_add_up_and_are_said(make_frames):
    frames = make_frames(
        problems=(("sphere", 2, "deterministic"),), diverging={("gd", "sphere (d=2)"): 5}
    )
    (job,) = overview.ending_jobs(frames["failures"])
    counts = dict(zip(job.arguments["names"], job.arguments["counts"], strict=True))
    assert counts["gd"].sum() == 20
    assert counts["gd"][list(endings.STATUSES).index("not_finite")] == 5
    with style.context():
        figure = job.function(**job.arguments)
    texts = words(figure)
    assert {"descending when the budget was spent", "not finite"} <= set(texts)
    assert "at a saddle" not in texts  # no lane was
    assert "25" in texts
    assert texts.count("n = 20") == 3
    assert "share of scoring lanes (%)" in texts


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
