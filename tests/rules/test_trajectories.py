"""Every rule over 1,000 steps, against NumPy at every step and against the stored oracle."""

import json

import numpy as np
import pytest

import optbench
from optbench.rules.wrappers_before import WRAPPERS
from tests.thinning import first_and_sampled, thinned
from tests.tolerance import STEP, assert_within, rounding

from .libraries import LIBRARIES
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
from .replays import replayed, replayed_states, transcribed
from .surfaces import ellipsoid, rosenbrock
from .transcriptions import walk

STORED = np.load(ORACLE)
CLOSED_LOOP = [label for label, row in ROWS.items() if row.closed is not None]
RULES = [name for name, rule in optbench.optimizers().items() if not rule.matrix]
WITHOUT_WRAPPERS = {name for rule in optbench.optimizers().values() for name in rule.hyper}


def some(cases):
    """Return the cases as parameters: of each rule the first at once, and of the others a part."""
    return first_and_sampled(cases, lambda case: case.reference.rule)


def test_table_covers_every_rule_and_wrapper():
    assert {row.rule for row in ROWS.values()} == set(RULES)
    used = {name for case in CASES for name in case.settings}
    for wrapper in WRAPPERS:
        if wrapper.name != "noise":  # see test_wrappers
            assert set(wrapper.hyper) <= used, f"no case switches on {wrapper.name}"
    for rule in (optbench.optimizers()[name] for name in RULES):
        settings = [case.settings for case in CASES if case.rule == rule.name]
        assert any(not given or set(given) <= {"lr"} for given in settings)
        assert set(rule.hyper) <= {name for given in settings for name in given}


@pytest.mark.parametrize("case", some(CASES), ids=lambda case: case.id)
def test_equals_numpy_at_every_step(case):
    expected, memory = transcribed(case.id)
    for iterates, points in zip(replayed(case), expected, strict=True):
        assert iterates.shape == points.shape
        assert distance(iterates, points) <= case.tolerance
    states = replayed_states(case)
    for name in set(states) & set(memory):
        assert distance(states[name], memory[name]) <= case.tolerance, name


@pytest.mark.parametrize("rule", RULES)
def test_every_state_is_compared_with_something(rule):
    """With the memory of the transcription, with the library's state, or as the reported point.

    Sums of shrunk squares are 0 here; what they are for is tested with huge gradients.
    """
    cases = [case for case in CASES if case.rule == rule]
    part = optbench.optimizers()[rule]
    compared = {part.iterate} | set(ROWS[rule].states) | set(transcribed(cases[0].id)[1])
    own = {name for name in (*part.state, *part.lane_state) if not name.endswith("_shrunk")}
    assert own <= compared


@pytest.mark.parametrize("case", some(LIBRARY_CASES), ids=lambda case: case.id)
def test_equals_stored_library(case):
    rows = stored_rows(replayed(case), case.evaluations)
    reported = STORED[f"{case.id}/reported"]
    query = f"{case.id}/query"
    expected = (reported, STORED[query] if query in STORED else reported)
    for points, stored in zip(rows, expected, strict=True):
        assert points.shape == stored.shape
        assert distance(points, stored) <= case.library_tolerance
    states = replayed_states(case)
    for name in case.reference.states:
        assert (
            distance(states[name], STORED[f"{case.id}/state/{name}"]) <= case.library_tolerance
        ), name


def test_oracle_file_holds_the_table_and_its_versions():
    kinds = {"reported": 0, "query": 0, "state": 0}
    for key in set(STORED.files) - {"made_by"}:
        kinds[key.removeprefix(stem(key)).split("/")[1]] += 1
    assert {stem(key) for key in STORED.files if key != "made_by"} == {c.id for c in LIBRARY_CASES}
    assert kinds["reported"] == len(LIBRARY_CASES)
    assert kinds["state"] == sum(len(case.reference.states) for case in LIBRARY_CASES)
    assert set(json.loads(str(STORED["made_by"]))) == set(LIBRARIES)
    assert ORACLE.stat().st_size < 1_500_000


def stem(key):
    """The case of a key of the oracle file."""
    return key.split("/")[0]


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


SURFACES = {"rosenbrock": rosenbrock, "ellipsoid_1e4": ellipsoid}
ON_SURFACES = [
    (label, surface)
    for i, label in enumerate(name for name in CLOSED_LOOP if not ROWS[name].chaotic)
    for surface in sorted(SURFACES, reverse=i % 2 == 0)
]
"""Each on both, which take turns in being the first."""


def closed_loop(label, surface, steps, shaken=None):
    """Run NumPy in a loop with a surface: settings, reported points [steps + 1, d], what it saw.

    `shaken` changes, by a random generator, every point and gradient by a relative `STEP`; a point
    relative to how large it has been, since it keeps the roundings of that time.
    """
    row = ROWS[label]
    settings = (surface != "rosenbrock" and row.quadratic) or row.closed
    each = 2 if "sam_rho" in settings else 1
    seen, largest = [], 0.0

    def moved(numbers, by):
        return numbers + (STEP * by * shaken.choice([-1.0, 1.0], np.shape(by)) if shaken else 0.0)

    def evaluate(i, x):
        nonlocal largest
        largest = np.maximum(largest, np.abs(x))
        f, g = SURFACES[surface](moved(x, largest))
        seen.append((moved(f, f), moved(g, g)))
        return seen[-1]

    start = optbench.problem(surface).start
    reported, _ = walk(row.step, evaluate, start, steps * each, **settings)
    points = reported[::each]
    return settings, points, np.array([SURFACES[surface](x)[0] for x in points]), seen


def rounded_loop(label, surface, points, values):
    """Return what rounding does to the points [steps + 1, d] and values of a loop.

    A hundred roundings a step act on the points and gradients that the rule sees, as two shaken
    loops show; three act on the states that it keeps, and go with x to the end.
    """
    steps = len(points) - 1
    loops = [
        closed_loop(label, surface, steps, np.random.default_rng(seed))[1:3] for seed in range(2)
    ]
    apart, values_apart = (
        np.max([np.abs(one - other) for other in others], axis=0) / STEP
        for one, others in zip((points, values), zip(*loops, strict=True), strict=True)
    )
    scale = np.abs(points) + np.sqrt(np.mean(points**2, axis=0))
    off = rounding(100, apart) + rounding(3 * steps, scale)
    nearby = (points - off, points, points + off)
    slopes = np.max([[np.abs(SURFACES[surface](x)[1]) for x in path] for path in nearby], axis=0)
    return off, rounding(100, values_apart, values) + np.sum(slopes * off, axis=1)


def driver(label, surface, steps, settings):
    """Run the driver in the same loop."""
    run = optbench.minimize(ROWS[label].rule, surface, steps=steps, threads=1, **settings)
    assert run.evaluations_per_step == (2 if "sam_rho" in settings else 1)
    return run


@pytest.mark.parametrize("pair", thinned(ON_SURFACES, len(SURFACES)), ids=" on ".join)
def test_driver_equals_numpy_on_surfaces(pair):
    (label, surface), steps = pair, 300
    row = ROWS[label]
    settings, points, values, _ = closed_loop(label, surface, steps)
    run = driver(label, surface, steps, settings)
    recorded = run.records.steps
    assert len(recorded) > 40 and recorded[0] == 0 and recorded[-1] == steps
    off, off_values = rounded_loop(label, surface, points, values)
    assert_within(run.x[0], points[-1], off[-1])
    if points.shape[1] == 2:  # points are recorded in the plane alone
        assert_within(run.records.x[0], points[recorded], off[recorded])
    assert_within(run.records.f[0], values[recorded], off_values[recorded])
    assert_within(run.best[0], values.min(), off_values.max())
    assert values.min() < 0.5 * values[0]
    bare = {name: value for name, value in settings.items() if name in WITHOUT_WRAPPERS}
    if bare != settings:  # the wrapper must have had something to do
        start = optbench.problem(surface).start
        plain, _ = walk(row.step, lambda i, x: SURFACES[surface](x), start, steps, **bare)
        assert distance(points, plain) > 1e-3


@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize("label", [n for n in CLOSED_LOOP if ROWS[n].chaotic])
def test_chaotic_rules_replay_what_numpy_saw_on_surfaces(label, surface):
    settings, points, values, seen = closed_loop(label, surface, 300)
    run = driver(label, surface, 300, settings)
    f, gradients = zip(*seen, strict=True)
    iterates = optbench.replay(ROWS[label].rule, gradients, points[0], values=f, **settings)
    assert distance(iterates, points) <= 1e-9
    close = dict(rtol=1e-8, atol=1e-13 * values[0])
    early = run.records.steps[run.records.steps <= 10]
    np.testing.assert_allclose(run.records.f[0][: len(early)], values[early], **close)
    assert values.min() < 0.5 * values[0]


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
