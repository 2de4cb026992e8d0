"""Figures of what goes on inside nets, and of which rates were too high."""

import math

import numpy as np
import pytest

from optbench.report.figures import layer_statistics, layers, palette, rate_verdicts, style
from optbench.report.statistics import curve_verdicts
from tests.report.figure_parts import net_of, words


def jobs_and_figures(frames):
    looks = palette.styles(frames["convergence"]["optimizer"])
    own = frames["layers"][frames["layers"]["label"] == net_of(frames).label]
    jobs = layers.jobs(net_of(frames), "n", own, looks)
    with style.context():
        return jobs, [job.function(**job.arguments) for job in jobs]


def test_lines_hold_the_numbers_of_the_layers(make_frames):
    frames = make_frames(optimizers=("adam",), inside=True)
    frames["layers"].loc[frames["layers"]["layer"] == 1, "gradient_norm"] = 0.25
    _, (figure, _) = jobs_and_figures(frames)
    drawn = {(a.get_ylabel(), a.get_title()): a for a in figure.axes if a.get_lines()}
    texts = words(figure)
    assert "layer 1\n10 units" in texts and "layer 2, output\n20 units" in texts
    assert "adam" in texts and "no activation" in texts
    (gradient,) = [a for (label, _), a in drawn.items() if label == "gradient\nnorm"]
    assert set(gradient.get_lines()[0].get_ydata()) == {0.25}
    (dead,) = [a for (label, _), a in drawn.items() if label.startswith("dead")]
    np.testing.assert_allclose(dead.get_lines()[0].get_ydata(), 0.3)


def test_a_lane_that_nearly_overflows_squeezes_no_other_one(make_frames):
    frames = make_frames(inside=True)
    rows = frames["layers"]
    exploded = (rows["optimizer"] == "gd") & (rows["step"] == rows["step"].max())
    rows.loc[exploded, ["gradient_norm", "std"]] = 1e90
    figure = jobs_and_figures(frames)[1][0]
    axes = {own.get_ylabel(): own for own in figure.axes if own.get_lines()}
    low, high = axes["gradient\nnorm"].get_ylim()
    assert low < 0.25 and 0.5 < high <= 2e4  # of those that begin with 0.5 and 0.25
    assert axes["activation:\nstd"].get_ylim()[1] < 35.0


def test_what_has_nothing_to_show_is_left_out_and_said(make_frames):
    frames = make_frames(inside=True)
    frames["layers"]["dead"], frames["layers"]["saturated"] = 0, 0.0
    texts = words(jobs_and_figures(frames)[1][0])
    assert any("Nothing to show of: saturated share, dead units: share." in t for t in texts)
    assert "saturated\nshare" not in texts


def test_a_row_whose_first_layer_has_no_activation_is_labelled(make_frames):
    frames = make_frames(optimizers=("adam",), inside=True)
    rows = frames["layers"]
    rows["saturated"] = np.where(rows["layer"] == 1, math.nan, 0.2)
    axes = jobs_and_figures(frames)[1][0].axes
    (at,) = [i for i, own in enumerate(axes) if own.get_ylabel() == "saturated\nshare"]
    empty, drawn = axes[at : at + 2]
    assert not empty.get_lines() and "no activation" in words(empty)
    assert set(drawn.get_lines()[0].get_ydata()) == {0.2}
    assert drawn.yaxis.get_tick_params()["labelleft"]


def test_frozen_layers_are_drawn_at_the_edge_and_said(make_frames):
    frames = make_frames(optimizers=("adam",), inside=True)
    rows = frames["layers"]
    rows.loc[(rows["layer"] == 1) & (rows["step"] > 0), "update_ratio"] = 0.0
    figure = jobs_and_figures(frames)[1][0]
    assert any("No update at all (frozen weights)" in text for text in words(figure))
    (panel,) = [a for a in figure.axes if a.get_ylabel() == "update /\nweight"]
    assert set(panel.get_lines()[0].get_ydata()[1:]) == {panel.get_ylim()[0]}


def test_histograms_are_of_the_first_and_the_last_point(make_frames):
    frames = make_frames(optimizers=("adam",), steps=50, inside=True)
    (_, job), (_, figure) = jobs_and_figures(frames)
    first, last = job.arguments["weights"]["adam", 1]
    assert (first[0], first[1], last[0], last[1]) == (0, -1.0, 50, -51.0)
    assert list(last[3]) == [1, 4, 1]
    areas = []
    for patch in figure.axes[0].patches:
        heights, edges, _ = patch.get_data()
        areas.append(float(heights @ np.diff(edges)))
    assert areas == pytest.approx([1.0, 1.0])


def test_of_many_layers_both_ends_and_some_between_are_shown():
    assert layer_statistics.spaced([1, 2, 3], 12.0) == [1, 2, 3]
    assert layer_statistics.spaced(list(range(1, 21)), 12.0) == [1, 5, 9, 12, 16, 20]
    assert layer_statistics.some_of({1: "a", 2: "b", 3: "c"}, 3.25) == (
        {1: "a", 3: "c"}, " (2 of 3 layers)",
    )  # fmt: skip


@pytest.mark.filterwarnings("error")
def test_a_lane_that_diverged_at_once_is_drawn(make_frames):
    frames = make_frames(inside=True)
    first = frames["layers"]["step"] == 0
    gone = (frames["layers"]["optimizer"] == "gd") & ~first
    frames["layers"] = frames["layers"][~gone]
    assert len(jobs_and_figures(frames)[1]) == 2
    frames["layers"] = frames["layers"][first[frames["layers"].index]]
    assert len(jobs_and_figures(frames)[1]) == 2  # of all that is left, nothing has an update


def test_every_rate_has_the_sign_of_its_label(make_frames):
    frames = make_frames(optimizers=("adam", "gd"), inside=True)
    swept = frames["labels"].query("phase == 'tuning'")
    (job,) = rate_verdicts.jobs(
        net_of(frames), "n", swept, frames["convergence"].query("dim == 2410")
    )
    with style.context():
        figure = job.function(**job.arguments)
    signs = [rate_verdicts.LOOKS[verdict][2] for verdict in swept["verdict"]]
    texts = words(figure)
    for verdict, (_, _, sign) in rate_verdicts.LOOKS.items():
        assert texts.count(sign) == signs.count(sign), verdict
        assert f"{sign} {verdict}" in texts
    frames_drawn = [p for p in figure.axes[0].patches if not p.get_fill()]
    assert len(frames_drawn) == 2
    centre = frames_drawn[0].get_x() + frames_drawn[0].get_width() / 2
    tuned = frames["convergence"].query("dim == 2410 and optimizer == 'adam'")["lr"].iloc[0]
    assert centre == pytest.approx(math.log10(tuned))
    assert set(rate_verdicts.LOOKS) == set(curve_verdicts.VERDICTS)
    assert rate_verdicts.jobs(net_of(frames), "n", swept.iloc[:0], frames["convergence"]) == []
