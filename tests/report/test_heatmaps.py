"""Heatmaps of all problems, and how lanes ended."""

import math

import numpy as np
from matplotlib.collections import PathCollection

from optbench.report import overview
from optbench.report.figures import (
    endings,
    heatmap,
    palette,
    style,
)
from optbench.report.statistics.ranking import ranked_by_problem
from tests.report.figure_parts import words


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
