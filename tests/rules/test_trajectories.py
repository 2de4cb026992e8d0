"""Every rule over 200 steps and more, against NumPy at every step and against the stored oracle."""

import json

import numpy as np
import pytest

import optbench
from optbench.rules.wrappers import WRAPPERS

from .references import (
    CASES,
    LIBRARY_CASES,
    ORACLE,
    ROWS,
    STEPS,
    distance,
    inputs,
    stored_rows,
)
from .transcriptions import walk

STORED = np.load(ORACLE)
CLOSED_LOOP = {
    "gd": dict(lr=5e-4),
    "sgd": dict(lr=5e-4),
    "momentum": dict(lr=1e-4),
    "nesterov": dict(lr=1e-4),
    "lion": dict(lr=1e-3),
    "adagrad": dict(lr=0.1),
    "rmsprop": dict(lr=1e-3, eps=1.0),
    "adam": dict(lr=1e-2),
    "adamw": dict(lr=1e-2, weight_decay=0.1),
    "nadam": dict(lr=1e-2),
    "schedule_free_sgd": dict(lr=5e-4, power=1.0),
    "adam in a clip": dict(lr=1e-2, clip_norm=5.0),
    "momentum in sam": dict(lr=1e-4, sam_rho=0.02),
    "gd on a plateau": dict(
        lr=8e-4, plateau_factor=0.5, plateau_patience=3.0, plateau_threshold=1e-2
    ),
}
WITHOUT_WRAPPERS = {name for rule in optbench.optimizers().values() for name in rule.hyper}


def replayed(case):
    """Return (reported, query) points of a case by optbench."""
    gradients, values, start = inputs(STEPS * case.evaluations)
    return [
        optbench.replay(case.rule, gradients, start, values=values, points=points, **case.settings)
        for points in ("reported", "query")
    ]


def test_table_covers_every_rule_and_wrapper():
    assert {row.rule for row in ROWS.values()} == set(optbench.optimizers())
    used = {name for case in LIBRARY_CASES for name in case.settings}
    for wrapper in WRAPPERS:
        assert used & set(wrapper.hyper), f"no case switches on {wrapper.name}"
    for rule in optbench.optimizers().values():
        settings = [case.settings for case in LIBRARY_CASES if case.rule == rule.name]
        assert any(not given or set(given) <= {"lr"} for given in settings)
        assert set(rule.hyper) <= {name for given in settings for name in given}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_equals_numpy_at_every_step(case):
    gradients, values, start = inputs(STEPS * case.evaluations)
    expected = walk(
        case.reference.step,
        lambda i, x: (values[i], gradients[i]),
        start,
        len(gradients),
        **case.settings,
    )
    for found, points in zip(replayed(case), expected, strict=True):
        assert found.shape == points.shape
        assert distance(found, points) <= case.tolerance


@pytest.mark.parametrize("case", LIBRARY_CASES, ids=lambda case: case.id)
def test_equals_stored_library(case):
    found = stored_rows(replayed(case), case.evaluations)
    for points, name in zip(found, ("reported", "query"), strict=True):
        expected = STORED[f"{case.id}/{name}"]
        assert points.shape == expected.shape
        assert distance(points, expected) <= case.tolerance


def test_oracle_file_holds_the_table_and_its_versions():
    keys = {f"{case.id}/{name}" for case in LIBRARY_CASES for name in ("reported", "query")}
    assert set(STORED.files) == keys | {"made_by"}
    assert set(json.loads(str(STORED["made_by"]))) == {"torch", "jax", "optax", "numpy"}
    assert ORACLE.stat().st_size < 500_000


def test_plateau_cases_lower_the_rate_and_clip_cases_clip_sometimes():
    """The fixed inputs must exercise what they are for."""
    gradients, values, start = inputs(STEPS)
    plain = optbench.replay("gd", gradients, start)
    for case in LIBRARY_CASES:
        if case.rule != "gd" or "sam_rho" in case.settings or "lr" in case.settings:
            continue
        if case.settings:
            points = optbench.replay("gd", gradients, start, values=values, **case.settings)
            assert distance(points, plain) > 1e-3, case.id
    norms = np.linalg.norm(gradients, axis=1)
    assert 0.1 < np.mean(norms > 90.0) < 0.9


def rosenbrock(x):
    """Value and gradient of the chained Rosenbrock function."""
    a, b = x[1:] - x[:-1] ** 2, 1.0 - x[:-1]
    g = np.zeros_like(x)
    g[:-1] = -400.0 * a * x[:-1] - 2.0 * b
    g[1:] += 200.0 * a
    return np.sum(100.0 * a**2 + b**2), g


@pytest.mark.parametrize("label", CLOSED_LOOP)
def test_driver_equals_numpy_on_rosenbrock(label):
    rule, settings, steps = label.split()[0], CLOSED_LOOP[label], 300
    run = optbench.minimize(rule, "rosenbrock", steps=steps, threads=1, **settings)
    each = run.evaluations_per_step
    assert each == (2 if "sam_rho" in settings else 1)
    step = next(row.step for row in ROWS.values() if row.rule == rule)
    start = optbench.problem("rosenbrock").start
    points, _ = walk(step, lambda i, x: rosenbrock(x), start, steps * each, **settings)
    points = points[::each]
    values = np.array([rosenbrock(x)[0] for x in points])
    recorded = run.records.steps
    assert len(recorded) > 40 and recorded[0] == 0 and recorded[-1] == steps
    np.testing.assert_allclose(run.records.x[0], points[recorded], rtol=1e-9)
    np.testing.assert_allclose(run.records.f[0], values[recorded], rtol=1e-9)
    np.testing.assert_allclose(run.x[0], points[-1], rtol=1e-9)
    seen = values if rule != "schedule_free_sgd" else values[recorded]
    np.testing.assert_allclose(run.best[0], seen.min(), rtol=1e-9)
    assert values[-1] < 0.5 * values[0]
    bare = {name: value for name, value in settings.items() if name in WITHOUT_WRAPPERS}
    if bare != settings:  # the wrapper must have had something to do
        plain, _ = walk(step, lambda i, x: rosenbrock(x), start, steps, **bare)
        assert distance(points, plain) > 1e-3


@pytest.mark.parametrize("rule", ["momentum", "adam"])
def test_driver_equals_numpy_lane_by_lane_in_ten_dimensions(rule):
    settings, steps, lanes = dict(lr=1e-4), 300, 70  # a full block and a narrow one
    problem = optbench.problem("rosenbrock", dim=10)
    starts = np.random.default_rng(3).uniform(-1.5, 1.5, (lanes, 10))
    run = optbench.minimize(
        rule, problem, steps=steps, lanes=lanes, start=starts, threads=1, **settings
    )
    step = ROWS[rule].step
    for lane in (0, 31, 63, 64, 69):
        points, _ = walk(step, lambda i, x: rosenbrock(x), starts[lane], steps, **settings)
        np.testing.assert_allclose(run.x[lane], points[-1], rtol=1e-9)
