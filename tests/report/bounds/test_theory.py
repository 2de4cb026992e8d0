"""Bounds reach the figures of a run: from its problems and optimizers to grey lines."""

import numpy as np
import pandas as pd
import pytest

import optbench
from optbench.interactive import as_run
from optbench.report import plan
from optbench.report.bounds import which
from optbench.report.bounds.convex_starts import ConvexStarts
from optbench.report.bounds.theory import Theory
from optbench.report.figures import palette, style
from optbench.report.statistics.load import load_with_manifest
from optbench.study import invocation
from optbench.study.schema import Study

PROBLEMS = pd.DataFrame(
    {
        "label": ["sphere (d=2)", "huber (d=2)", "sphere (d=3)", "gone (d=2)"],
        "problem": ["sphere", "huber", "sphere", "gone"],
        "dim": [2, 2, 3, 2],
        "content": [None, None, "another function", None],
    }
)


def starts_of(label, instances=(3, 4), seeds=(1, 5)):
    theory = as_run.theory(PROBLEMS, [], 7)
    return theory.starts(label, np.array(instances), np.array(seeds))


def test_starts_are_those_of_the_lanes_with_the_constants_of_their_instances():
    """The sphere's Hessian is 2 / a^2 on an instance a times as large, so that the gap is known."""
    starts = starts_of("sphere (d=2)")
    problems = [optbench.problem("sphere", 2, instance) for instance in (3, 4)]
    curved = np.array([2 / problem.placement.scale**2 for problem in problems])
    points = [p.starts([seed], 7)[0] for p, seed in zip(problems, (1, 5), strict=True)]
    distances = [np.linalg.norm(x - p.minimum) for x, p in zip(points, problems, strict=True)]
    assert starts.quadratic
    np.testing.assert_allclose(starts.smoothness, curved, rtol=1e-9)
    np.testing.assert_allclose(starts.convexity, curved, rtol=1e-9)
    np.testing.assert_allclose(starts.distance, distances, rtol=1e-12)
    np.testing.assert_allclose(starts.gap, 0.5 * curved * np.square(distances), rtol=1e-9)


@pytest.mark.parametrize("label", ["huber (d=2)", "sphere (d=3)", "gone (d=2)"])
def test_nothing_is_proved_of_other_functions_of_what_has_changed_and_of_what_is_gone(label):
    assert starts_of(label) is None


@pytest.mark.parametrize(
    ("optimizer", "expected"),
    [
        ("gd", ("gd", {"lr": 0.01})),
        ("heavy_ball[momentum=0.5]", ("heavy_ball", {"momentum": 0.5, "lr": 0.01})),
        ("gd[clip_norm=1]", None),
        ("gd[schedule=cosine]", None),
        ("scipy_bfgs", None),
        ("no_such_rule", None),
    ],
)
def test_wrapped_and_scheduled_rules_are_others(optimizer, expected):
    assert as_run.theory(PROBLEMS, [], 0).settings(optimizer) == expected


def test_the_median_bound_is_that_of_the_lanes_with_the_tuned_settings():
    starts = ConvexStarts(*np.array([[1.0, 2.0, 4.0]] * 2), *np.ones((2, 3)), quadratic=True)
    theory = Theory(
        lambda label, *draws: starts if label == "bowl" else None,
        lambda optimizer: (optimizer, {"lr": 9.0, "momentum": 0.0}),
    )
    steps = np.arange(4.0)
    draws = np.arange(3), np.ones(3, int)
    rates = {"gd": 0.25, "heavy_ball": 0.75, "adam": 0.1, "not_drawn": 0.25}
    bounds = theory.median_bounds(
        "bowl", draws, {name: {"lr": rate} for name, rate in rates.items()},
        dict.fromkeys(("gd", "heavy_ball", "adam"), steps),
    )  # fmt: skip
    # A rate of 3/4 is too large for two of the three lanes: the median says nothing.
    assert list(bounds) == ["gd"]
    each = which.bound("gd", {"lr": 0.25}, starts, steps)
    np.testing.assert_array_equal(bounds["gd"], np.sort(each, axis=0)[1])
    assert theory.median_bounds("valley", draws, {"gd": {"lr": 0.25}}, {"gd": steps}) == {}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Return (frames, manifest) of a run of convex quadratics."""
    folder = tmp_path_factory.mktemp("theory") / "run"
    study = Study(
        name="theory", optimizers=["gd", "momentum", "nesterov", "adam"], seeds=2, steps=100,
        problems=[{"name": "ellipsoid_1e2"}, {"name": "rotated_ellipsoid_1e2"}],
        lr={"low": 1e-3, "high": 1e-2, "count": 3}, study_seed=3,
        tuning_instances=[1, 2], scoring_instances=[3, 4, 5, 6],
    )  # fmt: skip
    invocation.compute(study, folder)
    return load_with_manifest(folder)


@pytest.mark.parametrize("label", ["ellipsoid_1e2 (d=10)", "rotated_ellipsoid_1e2 (d=10)"])
def test_no_median_of_a_run_lies_above_its_bound_and_the_figure_shows_both(run, label):
    frames, manifest = run
    facts = next(r for r in frames["problems"].itertuples(index=False) if r.label == label)
    curves, scores, convergence = (
        frames[name][frames[name]["label"] == label]
        for name in ("curves", "sensitivity", "convergence")
    )
    (job,) = plan.problem_jobs(
        facts, "p", curves=curves, scores=scores, convergence=convergence,
        styles=palette.styles(convergence["optimizer"]),
        theory=as_run.theory(frames["problems"], [], manifest["study_seed"]),
    )  # fmt: skip
    bounds, bands = job.arguments["bounds"], job.arguments["bands"]
    assert {"gd", "nesterov"} <= set(bounds) <= {"gd", "momentum", "nesterov"}
    for name, bound in bounds.items():
        assert (bands[name].median <= bound * (1 + 1e-9)).all()
        assert bound[0] == pytest.approx(bands[name].median[0], rel=1e-9)
    with style.context():
        axes = job.function(**job.arguments).axes[0]
    grey = [line for line in axes.get_lines() if line.get_linewidth() == 0.7]
    for line, (name, bound) in zip(grey, bounds.items(), strict=True):
        np.testing.assert_array_equal(line.get_ydata(), bound)
        assert any(text.get_text().strip() == f"bound on {name}" for text in axes.texts)
