"""Figures in a browser: each is drawn, shows Python's numbers, and is computed anew."""

import numpy as np
import pytest

from optbench.report.merit.performance import performance_ratios
from optbench.report.merit.running_time import expected_evaluations
from optbench.report.merit.steps import steps
from tests.report.page.browsing import keep, show
from tests.report.page.whole_study import LABELS, NAMES, whole_study

pytestmark = pytest.mark.browser
OVERVIEW = (
    "success", "ratios", "profiles", "data_profiles", "ecdf", "critical_difference", "endings",
    "regret",
)  # fmt: skip
OF_SURFACES, OF_NETS = ("tuning_curves", "trajectories"), ("parts", "layers", "instruments")
NET = "problem=digits+(d%3D2410)"


@pytest.fixture(scope="module")
def frames(make_frames):
    return whole_study(make_frames)


def traces(page, name, fields):
    """Return fields of the traces of a figure."""
    host = f"document.querySelector('#f-{name} .host')"
    return page.evaluate(
        f"(fields) => {host}.data.map((own) => fields.map((field) => own[field]))", list(fields)
    )


def hide(page, name):
    page.evaluate(
        "(hidden) => optbench.set({optimizers: optbench.state.optimizers"
        ".filter((own) => own !== hidden)})",
        name,
    )


def expected_costs(frames, names):
    """Return what a success of the tuned setting costs [problems, optimizers]."""
    rows = frames["costs"][frames["costs"]["setting"] == "tuned"].groupby(["label", "optimizer"])
    return np.array(
        [
            [
                expected_evaluations(*rows.get_group((label, name))[["cost", "reached"]].T.values)
                for name in names
            ]
            for label in LABELS
        ],
        float,
    )


@pytest.mark.parametrize("width", [390, 1440])
def test_each_figure_is_drawn_within_the_window(opened, width):
    for fragment, names in (("", (*OVERVIEW, *OF_SURFACES)), (NET, OF_NETS)):
        page = opened(fragment, width)
        for name in names:
            show(page, name)
            keep(page, f"{name}-{width}")
            assert page.locator(f"#f-{name} .caption").text_content()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.locator("figure img, figure b").count() == 0


def test_figures_that_do_not_apply_to_a_problem_have_no_place(opened):
    page = opened()
    for name in OF_NETS:
        assert page.locator(f"#f-{name}").is_hidden()
    page.evaluate("(label) => optbench.set({problem: label})", LABELS[1])
    for name in OF_NETS:
        assert page.locator(f"#f-{name}").is_visible()
        show(page, name)
    assert page.locator("#f-trajectories").is_hidden()


@pytest.mark.parametrize("hidden", [None, "adam"])
def test_profiles_are_those_of_python_for_the_optimizers_that_are_shown(opened, frames, hidden):
    page = opened()
    show(page, "profiles")
    names = list(NAMES)
    if hidden:
        hide(page, hidden)
        names.remove(hidden)
        page.wait_for_function("document.querySelector('#f-profiles .host').data.length === 3")
    ratios = performance_ratios(expected_costs(frames, names))
    lines = {name: (x, y) for name, x, y in traces(page, "profiles", ("meta", "x", "y"))}
    assert sorted(lines) == sorted(names)
    for name, own in zip(names, ratios.T, strict=True):
        at, height = steps(own)
        x, y = (np.array(values) for values in lines[name])
        np.testing.assert_allclose(x[1:-1], np.minimum(at, 1000), rtol=1e-3)  # four digits
        np.testing.assert_allclose(y[1:-1], height)


def test_cells_hold_shares_and_ratios(opened, frames):
    page = opened()
    show(page, "ratios")
    (((z,), hovers),) = [((own[0],), own[1]) for own in traces(page, "ratios", ("z", "customdata"))]
    costs = expected_costs(frames, NAMES)
    best = costs[0].min()
    assert np.isfinite(best)
    order = [next(n for n in NAMES if f"<b>{_escaped(n)}</b>" in text) for text in hovers[0]]
    own = costs[0][[NAMES.index(name) for name in order]]
    finite = np.isfinite(own)
    shades = np.maximum(1 - np.log(own[finite] / best) / np.log(100), 0)
    np.testing.assert_allclose(np.array(z[0])[finite], shades, atol=1e-3)
    show(page, "success")
    (((z,),),) = [((own[0],),) for own in traces(page, "success", ("z",))]
    shares = frames["costs"].query("setting == 'tuned'").groupby(["label", "optimizer"])["reached"]
    assert sorted(z[0]) == pytest.approx(sorted(shares.mean()[LABELS[0]]))


def _escaped(name):
    signs = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "$": "&#36;"}
    return "".join(signs.get(sign, sign) for sign in name)


def test_a_click_on_a_cell_shows_its_problem(opened):
    page = opened()
    host = show(page, "success")
    host.evaluate("(host) => host.emit('plotly_click', {points: [{x: 0, y: 2}]})")
    page.wait_for_function("(label) => optbench.state.problem === label", arg=LABELS[2])


def test_runtimes_are_summed_over_the_problems_that_are_shown(opened):
    page = opened()
    show(page, "ecdf")
    lines = {name: y for name, y in traces(page, "ecdf", ("meta", "y"))}
    assert lines["gd"][1:-1] == pytest.approx([3 / 20, 4 / 20, 5 / 20])
    page.evaluate("optbench.set({dim: 5, budget: 0.03})")  # 30 of 1000 evaluations: 6 a dimension
    page.wait_for_function(
        "(({ y }) => y[1] > 0 && y[1] === y[3])(document.querySelector('#f-ecdf .host').data[3])"
    )
    lines = {name: y for name, y in traces(page, "ecdf", ("meta", "y"))}
    assert lines["gd"][1:-1] == pytest.approx([3 / 20] * 3)


def test_hiding_an_optimizer_hides_it_everywhere(opened):
    for fragment, names in (
        ("hide=adam", (*OVERVIEW, *OF_SURFACES)),
        (f"hide=adam&{NET}", OF_NETS),
    ):
        page = opened(fragment)
        for name in names:
            text = show(page, name).evaluate("(host) => JSON.stringify([host.data, host.layout])")
            assert "gd" in text and "adam" not in text, name


def test_choices_within_figures(opened):
    page = opened(NET)
    show(page, "layers")
    for value in ("mean", "saturated", "dead", "update_ratio", "weights"):
        page.select_option("#f-layers select", value)
        assert page.locator("#f-layers .host").is_visible()
    assert traces(page, "layers", ("fill",))[0] == ["tozeroy"]
    show(page, "parts")
    page.select_option("#f-parts select", "accuracy")
    assert page.locator("#f-parts .ytitle").first.text_content() == "accuracy"
    show(page, "data_profiles")
    page.select_option("#f-data_profiles select", "simplex")
    title = page.locator("#f-data_profiles .xtitle").text_content()
    assert title == "evaluations / (dimension + 1)"


def test_data_of_figures_over_all_problems_name_optimizers(opened):
    page = opened()
    for name in OVERVIEW:
        show(page, name)
        with page.expect_download() as download:
            page.locator(f"#f-{name} .csv").click()
        text = download.value.path().read_text()
        assert "adam" in text and len(text.splitlines()) > 2, name
