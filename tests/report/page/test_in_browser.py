"""The page in a headless Chromium: what it draws, what choosing does, how long that takes."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from optbench.report import build
from optbench.report.kinds.kind_table import COLUMNS as KIND_COLUMNS
from optbench.report.statistics.intervals import median_interval, wilson_intervals
from tests.report.page.browsing import keep, show

pytestmark = pytest.mark.browser

HOSTILE = ("<img src=x onerror=alert(1)>", "$x^2$ <b>bold</b>", '=cmd|"/c calc"', "adam", "gd")
FIGURES = ("convergence", "rates")


@pytest.fixture(scope="module")
def written(tmp_path_factory, make_frames, manifest, surfaces):
    """Return the page of a study with hostile names, on two problems and a family of two."""
    problems = (("sphere", 2, "deterministic"), ("digits", 2410, "net"),
                ("sphere", 5, "deterministic"))  # fmt: skip
    frames = make_frames(
        HOSTILE, problems, inside=True, diverging={("gd", "sphere (d=2)"): 5}, rates=9
    )
    frames["problems"].loc[2, "tags"] = "valley"
    kind = {"kind": "convex, well-conditioned", "setting": "tuned", "families": 7, "note": ""}
    frames["kinds"] = pd.DataFrame(
        [kind | {"optimizer": name, "score": score, "low": 1.0, "high": 9.0, "best_on": 7,
                 "at_least": False} for name, score in zip(HOSTILE, (1, 2, 3, 4, 5), strict=True)]
    ).reindex(columns=KIND_COLUMNS)  # fmt: skip
    return build(tmp_path_factory.mktemp("page"), frames, manifest(), surfaces=surfaces)


def drawn_names(page, name):
    """Return what the lines of a figure are of."""
    lines = f"document.querySelector('#f-{name} .host').data.filter((own) => own.line?.dash)"
    return page.evaluate(f"{lines}.map((own) => own.meta)")


@pytest.mark.parametrize("width", [390, 768, 1280, 1440, 1920])
def test_all_figures_are_drawn_and_nothing_is_wider_than_the_window(opened, width):
    page = opened(width=width)
    keep(page, f"top-{width}")
    for name in FIGURES:
        show(page, name)
        keep(page, f"{name}-{width}")
    assert sorted(drawn_names(page, "convergence")) == sorted(HOSTILE)
    page.locator("#convergence").scroll_into_view_if_needed()
    keep(page, f"table-{width}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    wide = page.evaluate(
        "[...document.querySelectorAll('table')].filter((own) => own.offsetWidth > 0 &&"
        " own.scrollWidth > own.parentElement.clientWidth + 1).map((own) => own.id)"
    )
    assert wide == []


def test_names_are_text_wherever_they_stand(opened):
    page = opened()
    chips = page.locator(".chip span").all_text_contents()
    assert chips == sorted(HOSTILE)
    show(page, "convergence")
    labels = page.locator("#f-convergence .annotation-text").evaluate_all(
        "(texts) => texts.map((own) => own.textContent)"
    )
    assert {own for own in HOSTILE if len(own) <= 26} <= set(labels)
    assert page.locator("#f-convergence img, table img").count() == 0


def test_choosing_acts_on_figures_and_tables_and_is_in_the_address(opened):
    page = opened()
    show(page, "convergence")
    page.locator(".chip", has_text="adam").click()
    page.wait_for_function("location.hash === '#hide=adam'")
    page.wait_for_function(
        "!document.querySelector('#f-convergence .host').data.some((own) => own.meta === 'adam')"
    )
    page.locator("#rows").scroll_into_view_if_needed()
    page.wait_for_function("document.querySelectorAll('#rows tbody tr').length === 12")
    page.select_option("#tag", "valley")
    page.wait_for_function("document.querySelectorAll('#rows tbody tr').length === 4")
    page.locator("#f-convergence").scroll_into_view_if_needed()
    assert page.locator("#one option").all_text_contents() == ["sphere (d=5)"]
    other = opened(page.evaluate("location.hash.slice(1)"))
    show(other, "convergence")
    assert sorted(drawn_names(other, "convergence")) == sorted(set(HOSTILE) - {"adam"})
    assert other.locator("#one").input_value() == "sphere (d=5)"


def test_answers_are_computed_anew_for_what_is_chosen(opened):
    page = opened()
    stored = page.locator("#answer-rows").text_content()
    assert page.locator("#answers-anew").is_hidden()
    page.evaluate("optbench.set({ optimizers: ['adam', 'gd'] })")
    first, second = page.evaluate("optbench.answers.scores('convex, well-conditioned', 'tuned')")
    assert {first["name"], second["name"]} == {"adam", "gd"}
    assert first["score"] >= 1 and second["score"] > first["score"]
    cell = page.locator("#answer-rows td[data-head=tuned]").first
    assert cell.locator("b").text_content().startswith(first["name"])
    assert page.locator("#answers-anew").is_visible()
    page.locator("#every").click()
    assert page.locator("#answer-rows").text_content() == stored
    assert page.locator("#answers-anew").is_hidden()


def test_arrows_step_through_problems_and_dimensions(opened):
    page = opened()
    steps = (("ArrowRight", "digits (d=2410)"), ("ArrowRight", "sphere (d=5)"),
             ("ArrowRight", "sphere (d=2)"), ("Shift+ArrowRight", "sphere (d=5)"),
             ("ArrowLeft", "digits (d=2410)"))  # fmt: skip
    for key, label in steps:
        page.keyboard.press(key)
        assert page.locator("#one").input_value() == label
    assert "training loss 0.1" in page.locator("#about").text_content()


def test_tables_sort_filter_and_turn_pages(opened):
    page = opened()
    page.locator("#rows").scroll_into_view_if_needed()
    first = page.locator("#rows tbody tr").first
    # Not by its place on the screen, which figures that are drawn meanwhile may move.
    page.get_by_role("button", name="median final gap").first.dispatch_event("click")
    gaps = page.locator("#rows tbody td:nth-child(6)").evaluate_all(
        "(cells) => cells.map((cell) => Number(cell.dataset.v))"
    )
    assert gaps == sorted(gaps) and len(gaps) == 15
    page.locator("#tuned-table input").fill("digits adam")
    assert page.locator("#rows tbody tr").count() == 1
    assert first.text_content().startswith("digits (d=2410)adam")


def test_other_settings_and_budgets_are_computed_from_the_lanes(opened):
    page = opened("setting=default")
    page.locator("#other-rows").scroll_into_view_if_needed()
    page.wait_for_selector("#other-rows tbody tr")
    assert "0 of 20" in page.locator("#other-rows tbody tr").first.text_content()
    page.select_option("#setting", "tuned")
    assert page.locator("#other-table").is_hidden()
    page.select_option("#budget", "0.03")
    page.wait_for_function("document.querySelector('#other-rows tbody tr')")
    costs = "optbench.data.pairs['sphere (d=5)'].gd.tuned"
    expected = page.evaluate(f"{costs}.cost.filter((c, i) => {costs}.reached[i] && c <= 30).length")
    page.locator("#other-table input").fill("d=5 gd")
    assert f"{expected} of 20" in page.locator("#other-rows tbody tr").first.text_content()


def test_intervals_are_those_of_the_tables(opened):
    page, rng = opened(), np.random.default_rng(3)
    for n in (1, 2, 5, 6, 7, 20, 31, 101):
        values = rng.lognormal(size=n)
        own = page.evaluate(
            "(values) => optbench.intervals.medianInterval(values)", values.tolist()
        )
        np.testing.assert_allclose(own, median_interval(values), rtol=1e-14)
        hits = int(rng.integers(0, n + 1))
        own = page.evaluate("([k, n]) => optbench.intervals.wilson(k, n)", [hits, n])
        np.testing.assert_allclose(own, wilson_intervals(hits, n), rtol=1e-12, atol=1e-15)


def test_data_of_a_figure_are_a_csv_without_formulas(opened):
    page = opened()
    show(page, "convergence")
    with page.expect_download() as download:
        page.locator("#f-convergence .csv").click()
    text = Path(download.value.path()).read_text()
    assert text.startswith("name,x,y,z\n")
    assert re.search(r'^"\'=cmd\|""/c calc"""', text, re.MULTILINE)
    assert not re.search(r"^\"?[=+@-]", text, re.MULTILINE)


def test_without_scripts_the_tables_are_read(opened):
    page = opened(scripts=False)
    assert page.locator("#rows tbody tr").count() == 15
    assert page.locator("#toolbar").is_hidden()
    assert "Figures are drawn by JavaScript" in page.locator("#overview").text_content()


def test_print_has_all_rows_and_no_controls(opened):
    page = opened()
    page.emulate_media(media="print")
    assert page.locator("#toolbar").is_hidden() and page.locator("nav").is_hidden()
    assert page.locator(".paper").first.is_hidden()
    assert page.locator("#rows thead").evaluate("(own) => getComputedStyle(own).display") == (
        "table-header-group"  # a table, not the list that narrow windows have
    )


def test_print_has_all_figures_as_wide_as_a_sheet(opened):
    page = opened()
    page.wait_for_function("window.Plotly")  # before any figure has been scrolled to
    hosts = "[...document.querySelectorAll('figure:not([hidden]) .host:not([hidden])')]"
    during = f"{hosts}.map((own) => own.layout.width)"
    page.evaluate(f"addEventListener('beforeprint', () => {{ window.widths = {during}; }})")
    assert page.pdf()[:4] == b"%PDF"
    widths = page.evaluate("window.widths")
    assert len(widths) > 5 and max(widths) <= 700
    show(page, "rates")
    page.wait_for_function(f"{hosts}.some((own) => own.layout?.width > 1000)")


def test_the_picture_of_the_readme_can_be_drawn_again(chromium, written, tmp_path):
    from docs import draw_report

    draw_report.draw(chromium, written, tmp_path / "report.png")
    with Image.open(tmp_path / "report.png") as drawn, Image.open(draw_report.PICTURE) as kept:
        assert drawn.size == kept.size == (draw_report.WIDTH, draw_report.HEIGHT)
        assert len(drawn.getcolors(1 << 20)) > 20
