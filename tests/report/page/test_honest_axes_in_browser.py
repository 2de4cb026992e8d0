"""Axes are of one unit and not stretched; who was not run on all problems is marked."""

import numpy as np
import pandas as pd
import pytest

from tests.report.made_lanes import FIRST_GAP
from tests.report.page.browsing import keep, show
from tests.report.test_axes_of_figures import without_reference

pytestmark = pytest.mark.browser
PROBLEMS = (("sphere", 2, "deterministic"), ("bowl", 5, "deterministic"),
            ("unknown", 3, "deterministic"))  # fmt: skip
FIRST, SECOND, UNKNOWN = "sphere (d=2)", "bowl (d=5)", "unknown (d=3)"


@pytest.fixture(scope="module")
def frames(make_frames):
    """Return frames with a default setting at 1e80, a tuned rate at the low edge of its grid, and
    an optimizer that was run on one problem of two."""
    own = make_frames(("adam", "gd"), PROBLEMS, skipped=[("gd", SECOND, "not asked")])
    without_reference(own, UNKNOWN)
    for name, column in (("problems", "target"), ("convergence", "success_share")):
        own[name].loc[own[name]["label"] == UNKNOWN, column] = np.nan
    scores, rows = own["sensitivity"], own["convergence"]
    on_first = scores["label"] == FIRST
    scores.loc[on_first & (scores["trial"] == -1), "mean_gap"] = 1e80
    scores.loc[on_first, "best"] = on_first & (scores["trial"] == 0)
    rows.loc[rows["label"] == FIRST, "at_edge"] = True
    curves = [
        (FIRST, name, k, np.log(10.0 / k), np.log(9.0 / k), np.log(20.0 / k), basis, "")
        for name, basis in (("adam", "evaluations"), ("gd", "gap"))
        for k in (1, 2, 5)
    ]
    columns = ["label", "optimizer", "trials", "score", "low", "high", "basis", "note"]
    own["tuning_curves"] = pd.DataFrame(curves, columns=columns)
    return own


def test_a_score_that_nearly_diverged_stands_at_the_edge_of_the_axis(opened, frames):
    page = opened()
    host = show(page, "rates")
    keep(page, "rates-cut")
    low, high = host.evaluate("(host) => host.layout.yaxis.range")
    assert high <= np.log10(10 * FIRST_GAP) + 0.31
    traces = {
        name: (np.array(y, float), symbols)
        for name, y, symbols in host.evaluate(
            "(host) => host.data.map((own) => [own.meta, own.y, own.marker.symbol])"
        )
    }
    at_default, _ = traces["default"]
    assert ((np.log10(at_default) > low) & (np.log10(at_default) < high)).all()
    assert traces["tuned"][1] == ["triangle-left"] * 2
    assert "above 10 times the value at the start" in page.text_content("#f-rates .caption")
    page.evaluate("(label) => optbench.set({problem: label})", SECOND)
    page.wait_for_function(
        "!document.querySelector('#f-rates .caption').textContent.includes('above 10 times')"
    )


@pytest.mark.parametrize("name", ["profiles", "data_profiles"])
def test_profiles_say_who_was_not_run_on_all_problems(opened, name):
    page = opened()
    host = show(page, name)
    keep(page, f"{name}-partly")
    names = host.evaluate("(host) => host.layout.annotations.map((own) => own.text)")
    assert sorted(names) == ["adam", "gd (1)"]
    caption = f"#f-{name} .caption"
    assert "Not run on all 2 problems, and judged by their own: gd on 1." in page.text_content(
        caption
    )
    page.evaluate("optbench.set({dim: 2})")  # the problem that both were run on
    page.wait_for_function(
        "(name) => !document.querySelector(name).textContent.includes('Not run')", arg=caption
    )


@pytest.mark.parametrize("name", ["profiles", "data_profiles"])
def test_who_ended_with_an_error_has_not_solved_that_problem(opened, name):
    """It was run there, and no lane of its succeeds: so it is judged by all problems."""
    page = opened()
    page.evaluate("(label) => { optbench.data.failed = { [label]: ['gd'] }; }", SECOND)
    page.evaluate("optbench.set({dim: 2})")
    page.evaluate("optbench.set({dim: ''})")
    host = show(page, name)
    names = host.evaluate("(host) => host.layout.annotations.map((own) => own.text)")
    assert sorted(names) == ["adam", "gd"]
    assert "Not run" not in page.text_content(f"#f-{name} .caption")
    costs = page.evaluate(
        "(labels) => optbench.costs(labels, {optimizers: ['gd']}).values.map(([v]) => String(v))",
        [FIRST, SECOND],
    )
    assert costs[1] == "Infinity"


def test_an_axis_of_evaluations_shows_no_gaps(opened):
    page = opened()
    host = show(page, "tuning_curves")
    assert host.evaluate("(host) => host.layout.yaxis.title.text") == "evaluations of a success"
    names = host.evaluate("(host) => [...new Set(host.data.map((own) => own.optimizer))]")
    assert names == ["adam"]
    assert "tuned by another measure: gd." in page.text_content("#f-tuning_curves .caption")
    page.evaluate("optbench.set({optimizers: ['gd']})")
    page.wait_for_function(
        "document.querySelector('#f-tuning_curves .host').data[0].optimizer === 'gd'"
    )
    assert host.evaluate("(host) => host.layout.yaxis.title.text") != "evaluations of a success"


def test_where_no_gap_is_known_values_are_shown_on_a_linear_axis(opened):
    page = opened()
    page.evaluate("(label) => optbench.set({problem: label})", UNKNOWN)
    for name, title in (
        ("convergence", "value  f"),
        ("rates", "median value at the end, in tuning"),
    ):
        host = show(page, name)
        axis = host.evaluate("(host) => host.layout.yaxis")
        assert axis["title"]["text"] == title and axis.get("type") != "log"
        low, high = axis["range"]
        assert low < -20 < -10 < high < 2
    values = host.evaluate("(host) => host.data[0].y")
    assert min(value for value in values if value is not None) < -19
