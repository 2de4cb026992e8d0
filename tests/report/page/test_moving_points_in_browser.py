"""Trajectories that move: several optimizers together, by evaluations, on demand alone."""

import numpy as np
import pytest

from tests.report.page.browsing import keep, show
from tests.report.page.whole_study import LABELS, NAMES, whole_study

pytestmark = pytest.mark.browser
POINTS = "#f-trajectories .moving circle"


@pytest.fixture(scope="module")
def frames(make_frames):
    return whole_study(make_frames)


def path_of(page, name):
    return page.evaluate(
        "([label, name]) => optbench.data.figures.trajectories[label].tuned[name]",
        [LABELS[0], name],
    )


def scrub(page, place):
    page.locator("#f-trajectories .scrub").evaluate(
        "(own, place) => { own.value = place; own.dispatchEvent(new Event('input')); }", place
    )


def places(page):
    """Return where the moving points are in the window [n, 2]."""
    boxes = [page.locator(POINTS).nth(i).bounding_box() for i in range(len(NAMES))]
    return np.array([[box["x"] + box["width"] / 2, box["y"] + box["height"] / 2] for box in boxes])


def drawn_at(page, k, point):
    """Return where plotly has a point of panel k in the window."""
    return page.evaluate(
        """([k, [x, y]]) => {
          const host = document.querySelector('#f-trajectories .host');
          const suffix = k ? String(k + 1) : '';
          const {left, top} = host.getBoundingClientRect();
          const [across, up] = ['xaxis', 'yaxis'].map((own) => host._fullLayout[own + suffix]);
          return [left + across._offset + across.l2p(x), top + up._offset + up.l2p(y)];
        }""",
        [k, point],
    )


@pytest.mark.parametrize("width", [390, 1440])
def test_points_stand_where_lanes_are_after_as_many_evaluations(opened, width):
    page = opened("", width)
    show(page, "trajectories")
    assert page.locator(POINTS).first.is_hidden()
    paths = [path_of(page, name) for name in page.evaluate("optbench.state.optimizers")]
    most = max(path["evaluations"][-1] for path in paths)
    for place in (0, 400, 1000):
        scrub(page, place)
        evaluations = round((most + 1) ** (place / 1000) - 1)
        words = page.locator("#f-trajectories .player output").text_content()
        assert words == f"after {evaluations:,} evaluations"
        for k, (path, seen) in enumerate(zip(paths, places(page), strict=True)):
            last = max(i for i, own in enumerate(path["evaluations"]) if own <= evaluations)
            expected = drawn_at(page, k, [path["x"][last], path["y"][last]])
            np.testing.assert_allclose(seen, expected, atol=1.5)
    scrub(page, 400)
    keep(page, f"moving-{width}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_play_moves_all_and_pause_holds_them(opened):
    page = opened()
    show(page, "trajectories")
    button = page.locator("#f-trajectories .play")
    slider = page.locator("#f-trajectories .scrub")
    button.focus()
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelector('#f-trajectories .scrub').value > 20")
    assert button.text_content() == "❚❚ Pause"
    page.keyboard.press("Enter")
    held = slider.input_value()
    assert button.text_content() == "▶ Play" and 0 < float(held) < 1000
    page.wait_for_timeout(120)
    assert slider.input_value() == held
    slider.focus()
    page.keyboard.press("ArrowRight")
    assert float(slider.input_value()) > float(held)


def test_a_hidden_optimizer_does_not_move(opened):
    page = opened("hide=adam")
    show(page, "trajectories")
    assert page.locator(POINTS).count() == len(NAMES) - 1


def test_who_asks_for_less_motion_gets_the_slider_alone(opened, chromium):
    page = opened()
    page.emulate_media(reduced_motion="reduce")
    page.reload()
    page.wait_for_selector("html.live")
    show(page, "trajectories")
    assert page.locator("#f-trajectories .play").is_hidden()
    scrub(page, 500)
    assert page.locator(POINTS).first.is_visible()
