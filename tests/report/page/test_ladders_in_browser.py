"""Figures of ladders in a browser: they are drawn, and show what Python's tables hold."""

import numpy as np
import pytest

from optbench.report import build
from optbench.report.ladders.ladder_table import EACH, ONCE
from tests.report.page.browsing import keep, show
from tests.report.page.ladder_frames import LADDERS, with_ladders
from tests.report.page.whole_study import NAMES, whole_study

pytestmark = pytest.mark.browser
FIGURES = ("levels", "radar")


@pytest.fixture(scope="module")
def frames(make_frames):
    return with_ladders(whole_study(make_frames), NAMES)


def held(frames, way):
    """Return the levels that are held [ladder][optimizer] as a frame."""
    own = frames["ladders"][frames["ladders"]["setting"] == way]
    return own.pivot(index="ladder", columns="optimizer", values="held")


@pytest.mark.parametrize("width", [390, 1440])
def test_each_is_drawn_within_the_window(opened, width):
    page = opened("", width)
    for name in FIGURES:
        show(page, name)
        keep(page, f"{name}-{width}")
        assert page.locator(f"#f-{name} .caption").text_content()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator("figure img, figure b").count() == 0


@pytest.mark.parametrize("way", [EACH, ONCE])
def test_cells_hold_the_levels_of_the_table(opened, frames, way):
    page = opened()
    host = show(page, "levels")
    page.select_option("#f-levels select", way)
    (z,) = host.evaluate("(host) => host.data.map((own) => own.z)")
    expected = held(frames, way)
    order = expected.mean().sort_values(ascending=False, kind="stable").index
    np.testing.assert_allclose(z, expected[order].loc[list(LADDERS)] / 3)


def test_the_field_is_marked(opened):
    page = opened()
    texts = show(page, "levels").evaluate("(host) => host.layout.xaxis.ticktext")
    assert sum(text.endswith("°") for text in texts) == 1


def test_the_radar_is_of_the_optimizer_that_is_chosen(opened, frames):
    page = opened()
    host = show(page, "radar")
    page.select_option("#f-radar select", "gd")
    lines = dict(host.evaluate("(host) => host.data.map((own) => [own.meta, own.r])"))
    for way in (EACH, ONCE):
        own = held(frames, way)["gd"].loc[list(LADDERS)].to_numpy() / 3
        np.testing.assert_allclose(lines[way], [*own, own[0]])


def test_a_page_without_ladders_has_no_such_figures(tmp_path, make_frames, manifest, chromium):
    path = build(tmp_path, whole_study(make_frames), manifest())
    page = chromium.new_page()
    page.goto(f"file://{path}")
    page.wait_for_selector("html.live")
    assert page.locator("#f-levels, #f-radar").count() == 0
    page.close()
