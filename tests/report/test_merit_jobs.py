"""Figures for paper of profiles and ranks: they hold the numbers of the frames."""

import numpy as np
import pandas as pd
import pytest

from optbench.report import merit_jobs
from optbench.report.figures import palette, style
from optbench.report.merit.lane_table import lane_table
from optbench.report.merit.merit_table import merit_frame
from optbench.report.merit.profile_table import RUNTIME, profile_frame
from tests.report.merit.pairs import pair, some_pairs

NAMES = "abcd"
STYLES = palette.styles(NAMES)


@pytest.fixture(scope="module")
def table():
    return lane_table(some_pairs(np.random.default_rng(5), NAMES))


def drawn(job, width=7.0):
    with style.context(width):
        return job.function(width=width, **job.arguments)


def frames_of(table):
    return {"profiles": profile_frame(table, []), "merit": merit_frame(table)}


@pytest.mark.parametrize("width", [3.25, 7.0, 12.0])
@pytest.mark.parametrize("name", ["profiles", "data-profiles"])
def test_lines_of_distributions_are_those_of_the_frame(table, name, width):
    frame = profile_frame(table, [])
    (job,) = merit_jobs.distribution_jobs(frames_of(table), name, STYLES)
    figure = drawn(job, width)
    lines = figure.axes[0].lines
    assert len(lines) == len(NAMES) and figure.get_size_inches()[0] <= width
    of_figure = frame[frame["figure"] == merit_jobs.DISTRIBUTIONS[name][0]]
    for line, own in zip(lines, NAMES, strict=True):
        points = of_figure[of_figure["optimizer"] == own]
        points = points[points["x"] <= job.arguments["most"]]
        np.testing.assert_allclose(line.get_xdata()[1:-1], points["x"])
        np.testing.assert_allclose(line.get_ydata()[1:-1], 100 * points["y"])


@pytest.mark.parametrize("name", ["profiles", "data-profiles"])
def test_who_was_not_run_on_all_problems_is_marked(name):
    pairs = [pair(own, f"p{p}", [100 + p] * 6) for p in range(3) for own in "ab"]
    part = lane_table([*pairs, pair("c", "p1", [50] * 6)])
    (job,) = merit_jobs.distribution_jobs(frames_of(part), name, STYLES)
    assert job.arguments["partly"] == {"c": "1 of 3"}
    texts = [own.get_text() for axes in drawn(job).axes for own in axes.texts]
    assert texts == ["a", "b", "c  (1 of 3)"]
    whole = lane_table(pairs)
    (job,) = merit_jobs.distribution_jobs(frames_of(whole), name, STYLES)
    assert job.arguments["partly"] == {} and "In brackets" not in _note(drawn(job))


def _note(figure):
    return " ".join(own.get_text() for own in figure.texts)


def test_of_runtimes_those_problems_count_that_have_targets_of_a_grid(table):
    frames = frames_of(table)
    rows = [("p0", "a"), ("p0", "b"), ("p1", "a")]
    frames["runtimes"] = pd.DataFrame(rows, columns=["label", "optimizer"]).assign(setting="tuned")
    x = np.array([1.0, 10.0])
    curves = [pd.DataFrame({"figure": RUNTIME, "optimizer": own, "x": x, "y": x / 20})
              for own in "ab"]  # fmt: skip
    frames["profiles"] = pd.concat(curves)
    (job,) = merit_jobs.distribution_jobs(frames, "runtimes", STYLES)
    assert job.arguments["partly"] == {"b": "1 of 2"}


def test_ranks_are_those_of_the_frame_with_half_of_the_difference(table):
    merit = merit_frame(table)
    (job,) = merit_jobs.rank_jobs(merit, STYLES)
    bars = [line.get_xdata() for line in drawn(job).axes[0].lines if len(line.get_xdata()) == 2]
    ranks = merit.set_index("optimizer")["mean_rank"].sort_values()
    half = merit["critical_difference"].iloc[0] / 2
    np.testing.assert_allclose(bars, [[rank - half, rank + half] for rank in ranks])
    assert "Friedman's test: p = " in job.arguments["note"]


def test_few_families_have_ranks_without_a_test():
    pairs = [pair(name, "one", [100 + k] * 6) for k, name in enumerate(NAMES)]
    (job,) = merit_jobs.rank_jobs(merit_frame(lane_table(pairs)), STYLES)
    assert "No test" in job.arguments["note"] and np.isnan(job.arguments["difference"])
    assert all(len(line.get_xdata()) == 1 for line in drawn(job).axes[0].lines)


def test_what_nobody_solves_has_no_figure():
    lost = lane_table([pair(name, "one", [np.inf] * 6) for name in NAMES])
    for name in merit_jobs.DISTRIBUTIONS:
        assert merit_jobs.distribution_jobs(frames_of(lost), name, STYLES) == []
    none = lane_table([pair(name, "one", [np.inf] * 6, grid=False) for name in NAMES])
    assert merit_jobs.rank_jobs(merit_frame(none), STYLES) == []
