"""The gallery shows every surface that exists in two dimensions, each in full."""

import numpy as np
import pytest

import optbench
from docs import draw_gallery as gallery
from optbench.report.figures import style


def test_every_planar_surface_is_shown_with_the_others_of_its_file():
    files = gallery.surfaces()
    assert {"rosenbrock", "beale", "dixon_price"} <= {p.name for p in files["valleys"]}
    assert "wood" not in {p.name for p in files["valleys"]}  # has four coordinates
    assert all(problem.dim == 2 for problems in files.values() for problem in problems)


@pytest.mark.parametrize("name", ["strict_saddle", "penalty_1", "himmelblau"])
def test_start_and_minimum_are_in_view(name):
    problem = optbench.problem(name, 2)
    low, high = map(np.array, gallery.view(problem))
    for point in (problem.start, problem.minimum, *problem.box):
        assert ((low <= point) & (point <= high)).all()


def test_a_minimum_out_of_all_proportion_is_written_and_not_shown():
    problem = optbench.problem("brown_badly_scaled")
    assert gallery.view(problem) == ((-10, -10), (10, 10))
    with style.context():
        figure = gallery.draw("valleys", [problem])
    texts = [text.get_text() for axes in figure.axes for text in axes.texts]
    assert any("about 1e12; minimum at (1e6, 2e-6)" in text for text in texts)


@pytest.mark.parametrize(("names", "count"), [(["rosenbrock"], 2), (["rosenbrock", "cliff"], 3)])
def test_the_legend_has_a_box_where_one_is_drawn(names, count):
    problems = [optbench.problem(name, 2) for name in names]
    assert [gallery.has_box(problem) for problem in problems] == [name == "cliff" for name in names]
    with style.context():
        (legend,) = gallery.draw("some", problems).legends
    assert len(legend.get_texts()) == count


def test_levels_grow_by_equal_ratios_from_the_lowest_gaps():
    gaps = np.linspace(0, 1, 1001) ** 2
    at = gallery.levels(gaps)
    np.testing.assert_allclose(np.diff(np.log(at), 2), 0, atol=1e-9)
    assert at[-1] == 1 and 0 < at[0] < 1e-5


def test_pictures_are_written_and_small(tmp_path, monkeypatch):
    valleys = gallery.surfaces()["valleys"][:2]
    monkeypatch.setattr(gallery, "surfaces", lambda: {"valleys": valleys})
    (path,) = gallery.write(tmp_path / "new")
    assert path == tmp_path / "new" / "valleys.png"
    assert path.read_bytes().startswith(b"\x89PNG") and 5_000 < path.stat().st_size < 100_000
