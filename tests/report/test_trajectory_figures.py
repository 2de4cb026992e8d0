"""Trajectories over the contours of a surface."""

import numpy as np
import pandas as pd
import pytest

from optbench.report import plan
from optbench.report.figures import (
    endings,
    numbers,
    palette,
    style,
    surface_views,
    trajectories,
)
from tests.report.figure_parts import lines_of, words


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
