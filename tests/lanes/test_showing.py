"""What lanes show of themselves: figures and words."""

import re

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure

import optbench
from optbench.kernels.status import STATUS_NAMES
from optbench.lanes import showing

matplotlib.use("agg")


def lanes(**options):
    return optbench.minimize("adam", "rosenbrock", steps=300, lanes=9, lr=0.1, **options)


def test_the_bold_line_is_the_median_and_each_lane_has_its_own():
    run, ax = lanes(), Figure().subplots()
    assert run.plot(ax=ax) is ax and len(ax.lines) == 10 and ax.get_yscale() == "log"
    for line, own in zip(ax.lines, run.records.f, strict=False):
        np.testing.assert_array_equal(line.get_ydata(), own)
    np.testing.assert_array_equal(ax.lines[-1].get_ydata(), np.median(run.records.f, axis=0))
    np.testing.assert_array_equal(ax.lines[-1].get_xdata(), run.records.steps)


def test_the_axis_counts_evaluations():
    run = optbench.minimize("gd", "booth", steps=10, lr=0.01, sam_rho=0.05)
    assert run.plot().lines[-1].get_xdata()[-1] == 2 * run.records.steps[-1] == 20


def test_lanes_that_leave_the_finite_end_there():
    run = optbench.minimize("gd", "rosenbrock", steps=100, lanes=3, lr=[1e-4, 1.0, 1.0])
    assert (run.status != "budget").sum() == 2
    ax = run.plot(ax=Figure().subplots())
    assert np.isnan(ax.lines[1].get_ydata()[-1]) and np.isnan(ax.lines[-1].get_ydata()[-1])
    html = run._repr_html_()
    assert "2 are not finite" in html and ">inf<" in html


def test_whatever_is_not_finite_is_the_worst_of_its_column():
    html = showing.html("t", np.array(["budget"] * 3), {"f": np.array([-np.inf, 2.0, 1.0])})
    cells = re.findall(r"<td[^>]*>([^<]*)</td>", html)
    assert cells == ["f", "1", "2", "inf"]


def test_each_status_has_its_words():
    assert tuple(showing.ENDINGS) == STATUS_NAMES
    status = np.array(["budget", "target", "budget"])
    assert showing.endings(status) == "2 spent the budget, 1 hit the last target"


@pytest.mark.parametrize("thing", [repr, lambda run: run._repr_html_()])
def test_words_say_what_was_run_and_how_it_ended(thing):
    text = thing(lanes())
    assert "adam on rosenbrock (d=2)" in text and "9 lanes" in text and "budget" in text
    assert len(text) < 2000
