"""A run as an object: a path, frames, figures in both backends, and comparisons."""

import os
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from click.testing import CliRunner
from matplotlib.figure import Figure

import optbench
from optbench.cli.main import main
from optbench.errors import ResultsError, UnknownNameError, UserError
from optbench.report.figures.palette import styles
from tests.faults.runs import BOWL

matplotlib.use("agg")
STUDY = {
    "name": "small", "optimizers": ["gd", "adam", "momentum"], "steps": 60,
    "problems": ["booth", {"name": "sphere", "dims": [2]}, {"name": "sphere", "dims": [3]}],
    "lr": {"low": 1e-3, "high": 1.0, "count": 4}, "tuning_instances": [1, 2],
    "scoring_instances": [11, 12, 13, 14, 15, 16],
}  # fmt: skip


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    study = optbench.Study(**STUDY)
    return optbench.run(study, tmp_path_factory.mktemp("runs") / "one", threads=2)


def test_a_run_is_what_its_path_was(run):
    assert isinstance(run, os.PathLike) and Path(run) == run.folder and str(run) == os.fspath(run)
    assert (run / "report" / "index.html") == run.page and run.page.is_file()
    assert run == optbench.Run(str(run)) and len({run, optbench.Run(run)}) == 1
    assert repr(run) == f"Run('{run.folder}', complete)" and repr(run.plot) == "Plots('one')"


def test_it_holds_frames_and_study(run):
    assert run.frames["lanes"] is run.frames["lanes"]
    assert run.frames["lanes"].equals(optbench.load(run)["lanes"])
    assert run.study == optbench.Study(**STUDY) and run.failures == []


def test_a_notebook_shows_the_best_on_each_problem(run):
    html = run._repr_html_()
    first = run.frames["convergence"].query("label == 'booth (d=2)'").sort_values("objective")
    assert html.index(">booth (d=2)<") < html.index(f">{first['optimizer'].iloc[0]}<", 200)
    assert "complete" in html and "not separable from it" in html
    assert html.count("<table>") == html.count("</table>") == 2


def test_what_failed_is_shown_as_text_and_never_as_markup(tmp_path):
    bad = BOWL.format(name="bad", slope=1.0).replace(
        "    g[0]", "    raise ValueError('<i>no</i>')\n    g[0]"
    )
    (tmp_path / "bad.py").write_text(bad)
    study = optbench.Study(**{**STUDY, "optimizers": ["gd"], "problems": ["bad"], "lr": 0.1})
    with pytest.warns(UserWarning, match="failed"):
        failed = optbench.run(study, tmp_path / "run", folders=tmp_path, threads=1)
    ((optimizer, label, reason),) = failed.failures
    assert (optimizer, label) == ("gd", "bad (d=2)") and reason
    html = failed._repr_html_()
    assert "1 of 1 pairs failed" in html and "failed: gd on bad" in html and "<i>" not in html
    with pytest.raises(ResultsError, match="optbench report"):
        failed.page  # noqa: B018
    with pytest.raises(ResultsError, match="no pair of an optimizer and a problem has finished"):
        optbench.compare(failed, "gd", "adam")


def by_hand(run, optimizer, label):
    """Return evaluations, and the median gap of the scoring lanes at the tuned setting."""
    rows = run.frames["curves"].query(
        "label == @label and optimizer == @optimizer and setting == 'tuned' and instance > 0"
    )
    medians = rows.groupby("evaluations")["gap"].median()
    return medians.index.to_numpy(float), medians.to_numpy()


def line_of(axes, optimizer):
    """Return the longest line in an optimizer's colour."""
    colour = styles(STUDY["optimizers"])[optimizer].colour
    return max((line for line in axes.lines if line.get_color() == colour),
               key=lambda line: len(line.get_xdata()))  # fmt: skip


@pytest.mark.parametrize("optimizer", ["adam", "momentum"])
def test_curves_are_medians_of_lanes_in_both_backends(run, optimizer):
    x, middle = by_hand(run, optimizer, "booth (d=2)")
    line = line_of(run.plot.curves("booth", optimizers=["adam", "momentum"]), optimizer)
    low = line.axes.get_ylim()[0]
    np.testing.assert_allclose(line.get_xdata(), x)
    np.testing.assert_allclose(line.get_ydata(), np.maximum(middle, low), rtol=1e-12)
    figure = run.plot.curves("booth (d=2)", backend="plotly")
    (trace,) = (own for own in figure.data if own.name == optimizer)
    np.testing.assert_allclose(trace.x[1:], x[1:])
    np.testing.assert_allclose(trace.y, np.maximum(middle, 10 ** figure.layout.yaxis.range[0]))


def test_rates_are_the_scores_of_the_trials(run):
    rows = run.frames["sensitivity"].query("label == 'booth (d=2)' and optimizer == 'adam'")
    rows = rows[(rows["trial"] >= 0) & (rows["diverged_share"] < 1)].sort_values("lr")
    line = line_of(run.plot.rates("booth", optimizers="adam"), "adam")
    np.testing.assert_allclose(line.get_xdata(), rows["lr"])
    trace = run.plot.rates("booth", optimizers="adam", backend="plotly").data[0]
    np.testing.assert_allclose(trace.x, rows["lr"])
    np.testing.assert_allclose(trace.y, rows["mean_gap"])


def test_trajectories_begin_at_the_declared_start(run):
    start = optbench.problem("booth").start
    line = line_of(run.plot.trajectories("booth", optimizers="gd"), "gd")
    np.testing.assert_allclose([line.get_xdata()[0], line.get_ydata()[0]], start)
    figure = run.plot.trajectories("booth", optimizers="gd", backend="plotly")
    (trace,) = (own for own in figure.data if own.name == "gd")
    np.testing.assert_allclose([trace.x[0], trace.y[0]], start)
    (surface,) = (own for own in figure.data if own.type == "contour")
    at_minimum = np.abs(surface.y - 3).argmin(), np.abs(surface.x - 1).argmin()
    assert surface.z[at_minimum] == np.nanmin(surface.z) < np.nanmedian(surface.z)


def test_the_heatmap_holds_the_shares_of_the_table(run):
    (cells,) = run.plot.heatmap(backend="plotly").data
    shares = run.frames["convergence"].pivot(index="label", columns="optimizer")["success_share"]
    expected = shares.loc[list(cells.y), list(cells.x)]
    np.testing.assert_allclose(np.array(cells.z, float), expected)
    axes = run.plot.heatmap()
    assert [text.get_text() for text in axes.get_yticklabels()] == list(cells.y)


@pytest.mark.parametrize("name", ["profiles", "data_profiles", "runtimes", "ranks", "statuses"])
@pytest.mark.parametrize("backend", ["matplotlib", "plotly"])
def test_figures_of_all_problems_are_drawn(run, name, backend):
    drawn = getattr(run.plot, name)(backend=backend)
    if backend == "plotly":
        names = {text for own in drawn.data for text in (own.name, *np.ravel(own.y)) if text}
    else:
        texts = [
            *drawn.get_yticklabels(),
            *(drawn.get_legend().get_texts() if drawn.get_legend() else ()),
        ]
        names = {text.get_text() for text in texts}
    assert {"gd", "adam", "momentum"} <= names


def test_axes_of_the_user_are_drawn_on_and_nothing_else_is_opened(run):
    from matplotlib import pyplot

    pyplot.close("all")
    axes = Figure().subplots(1, 2)
    assert run.plot.curves("booth", ax=axes[0]) is axes[0] and axes[0].lines and not axes[1].lines
    assert pyplot.get_fignums() == []


def test_any_figure_for_paper_is_at_hand(run):
    assert "problem-booth-d-2" in run.plot.names
    figure = run.plot.figure("problem-booth-d-2", width=5.0)
    assert isinstance(figure, Figure) and figure.get_figwidth() == pytest.approx(5.0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda plot: plot.curves(), "name a problem of the run: booth"),
        (lambda plot: plot.curves("sphere"), r"several times: name sphere \(d=2\), or sphere"),
        (lambda plot: plot.curves("boot"), "did you mean booth"),
        (lambda plot: plot.curves("booth", optimizers="adm"), "did you mean adam"),
        (lambda plot: plot.curves("booth", backend="bokeh"), "'bokeh' is none of 'matplotlib'"),
        (lambda plot: plot.curves("booth", backend="plotly", ax=Figure().subplots()), "leave it"),
        (lambda plot: plot.trajectories("sphere (d=3)"), "no figure 'trajectories-sphere-d-3'"),
        (lambda plot: plot.figure("nothing"), "the run has no figure 'nothing'"),
        (lambda plot: plot.figure("statuses", width=99), "99 is out of range"),
    ],
)  # fmt: skip
def test_what_cannot_be_drawn_is_said_in_one_line(run, call, message):
    with pytest.raises(UserError, match=message) as raised:
        call(run.plot)
    assert "\n" not in str(raised.value)


def test_the_page_is_opened_or_it_is_said_that_there_is_no_browser(run, monkeypatch):
    shown = []
    monkeypatch.setattr("webbrowser.open", lambda url: shown.append(url) or True)
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("DISPLAY", ":0")
    run.open()
    assert shown == [run.page.resolve().as_uri()]
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(UserError, match="no browser here: open .*index.html"):
        run.open()
    assert len(shown) == 1


def test_a_comparison_says_what_the_command_says(run):
    asked = optbench.compare(run, "adam", "gd", problems="*booth*")
    printed = CliRunner().invoke(main, ["compare", "adam", "gd", str(run), "--on", "booth"])
    assert repr(asked) + "\n" == printed.stdout
    row = asked.frame.iloc[0]
    assert asked.ratio == pytest.approx(row["objective_ratio"]) and 0 <= asked.p <= 1
    assert np.isnan(asked.interval).all()  # of one problem there is none
    assert "a before b on" in asked.words and row["verdict"] in asked._repr_html_()
    reverse = optbench.compare(run, "gd", "adam", problems=["booth"])
    assert reverse.ratio == pytest.approx(1 / asked.ratio)


def test_two_runs_are_compared_without_a_second_optimizer(run):
    asked = optbench.compare(run, run)
    assert asked.folder is None and (asked.frame["ratio"].dropna() == 1.0).all()
    with pytest.raises(UserError, match="to compare optimizers name two"):
        optbench.compare(run, "adam")
    with pytest.raises(UnknownNameError):
        optbench.compare("nowhere", "adam", "gd")
