"""The playground's steps are those of the rules, its radii those of the rules' matrices."""

import numpy as np
import pytest

import optbench
from optbench.report.playground.build import write
from optbench.rules import gradient

pytestmark = pytest.mark.browser
RULES = {"heavy_ball": gradient.heavy_ball, "nesterov": gradient.nesterov}


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    return write(tmp_path_factory.mktemp("playground") / "index.html")


@pytest.fixture
def opened(chromium, written):
    """Open the page; no error, and no request but for the file, may be seen."""
    seen, pages = [], []

    def open_page(width=1440):
        page = chromium.new_page(viewport={"width": width, "height": 900})
        page.on("console", lambda own: own.type in ("error", "warning") and seen.append(own.text))
        page.on("pageerror", lambda own: seen.append(str(own)))
        page.on("request", lambda own: own.url.startswith("file:") or seen.append(own.url))
        page.goto(f"file://{written}")
        page.wait_for_selector("html.live")
        pages.append(page)
        return page

    yield open_page
    for page in pages:
        page.close()
    assert seen == []


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("noise", [0.0, 0.3])
def test_steps_are_those_of_the_rule(opened, rule, noise):
    page = opened()
    setting = {"lr": 0.37, "momentum": 0.83}
    surface = {"condition": 17.0, "rotation": 33.0}
    start = [-1.6, 1.2]
    own = {"rule": rule, "noise": noise, "seed": 3, "start": start, **setting, **surface}
    path = page.evaluate("(own) => playground.trajectory(own, 150)", own)
    points, gradients = np.array(path["points"]), np.array(path["gradients"])
    expected = optbench.replay(rule, gradients, start, **setting)
    np.testing.assert_allclose(points, expected, rtol=0, atol=1e-12)
    turn = np.deg2rad(surface["rotation"])
    turned = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    matrix = turned @ np.diag([1, 1 / surface["condition"]]) @ turned.T
    errors = gradients - points[:-1] @ matrix
    if noise:
        assert abs(errors.std() - noise) < 0.2 * noise and abs(errors.mean()) < 0.1
    else:
        np.testing.assert_allclose(errors, 0, atol=1e-14)


def radius_of(rule, lr, momentum, condition):
    """Return the spectral radius of the linear map that a rule is on a quadratic."""
    step = RULES[rule].functions["update"]
    radii = []
    for h in (1.0, 1.0 / condition):
        columns = [step(x, h * x, state, lr, momentum) for x, state in ((1.0, 0.0), (0.0, 1.0))]
        radii.append(abs(np.linalg.eigvals(np.array(columns, float).T)).max())
    return max(radii)


@pytest.mark.parametrize("rule", RULES)
def test_radii_are_those_of_the_rule_s_matrix_and_the_best_is_the_least(opened, rule):
    page = opened()
    settings = [[lr, m, k] for lr in (0.1, 1.3, 2.9) for m in (0.0, 0.5, 0.95) for k in (1, 30)]
    radii = page.evaluate(
        "([rule, all]) => all.map((own) => playground.radius(rule, ...own))", [rule, settings]
    )
    # Double roots are exact to the square root of rounding.
    np.testing.assert_allclose(radii, [radius_of(rule, *own) for own in settings], atol=1e-7)
    for condition in (2, 50):
        best = page.evaluate("([rule, k]) => playground.best[rule](k)", [rule, condition])
        own = radius_of(rule, best["lr"], best["momentum"], condition)
        assert own == pytest.approx(best["radius"], abs=1e-6)
        least = page.evaluate(
            """([rule, k]) => {
              let least = Infinity;
              for (let i = 1; i < 400; i += 1) for (let j = 0; j < 200; j += 1)
                least = Math.min(least, playground.radius(rule, i / 100, j / 200, k));
              return least;
            }""",
            [rule, condition],
        )
        assert best["radius"] - 1e-9 <= least < best["radius"] + 0.05


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("momentum", [0.0, 0.3, 0.9])
def test_it_converges_below_the_rate_that_is_said_and_not_above(opened, rule, momentum):
    edge = opened().evaluate("([rule, m]) => playground.stable[rule](m)", [rule, momentum])
    below, above = (radius_of(rule, share * edge, momentum, 1) for share in (0.999, 1.001))
    assert below < 1 < above


def test_words_fit_where_a_path_ends(opened):
    page = opened()

    def words(own):
        page.evaluate("(own) => playground.set(own)", own)
        return page.text_content("#words")

    assert "one step leads to the minimum" in words({"condition": 1, "lr": 1, "momentum": 0})
    slow = words({"condition": 100, "lr": 0.001, "momentum": 0.9})
    assert "radius 0.9999:" in slow and "a step leaves 0.9999 of the distance" in slow
    assert "shorter for smaller rates" in words({"lr": 0.1, "noise": 0.1})
    lost = words({"lr": 3.9, "noise": 0.1})
    assert "it diverges" in lost and "Noise" not in lost


def test_a_path_that_leaves_is_drawn_on_its_way_out(opened):
    page = opened()
    page.evaluate("playground.set({rule: 'nesterov', lr: 3.3, momentum: 0.5, condition: 1000})")
    drawn = """() => {
      const canvas = document.getElementById("path");
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      let blue = 0;
      for (let i = 0; i < data.length; i += 4)
        if (data[i] < 30 && data[i + 1] > 90 && data[i + 1] < 140 && data[i + 2] > 150) blue += 1;
      return blue;
    }"""
    assert page.evaluate(drawn) > 100


@pytest.mark.parametrize("width", [390, 1440])
def test_it_fits_the_window_and_answers_to_keys(opened, width):
    page = opened(width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    before = page.locator("#words").text_content()
    page.focus("#momentum")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("playground.state.momentum") > 0.7
    assert page.locator("#words").text_content() != before
    page.locator("#best").press("Enter")
    lr = page.evaluate("playground.state.lr")
    assert lr == pytest.approx(4 / (1 + 20**-0.5) ** 2)  # Polyak: 4 / (sqrt(L) + sqrt(mu))^2
    page.focus("#path")
    page.keyboard.press("ArrowUp")
    assert page.evaluate("playground.state.start") == pytest.approx([-1.6, 1.3])


def test_a_click_on_the_map_sets_rate_and_momentum(opened):
    page = opened()
    box = page.locator("#map").bounding_box()
    page.locator("#map").click(position={"x": box["width"] * 0.9, "y": box["height"] * 0.5})
    assert page.evaluate("playground.state.lr") > 3
    assert "it diverges" in page.locator("#words").text_content()
