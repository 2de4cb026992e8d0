"""Maps against hand calculation and against lanes that are run one by one."""

import numpy as np
import pytest

import optbench
from optbench.errors import SettingError
from optbench.lanes.targets import TARGETS
from optbench.maps import computing
from optbench.maps.computing import DIVERGED, ENDED_THERE, WENT_ON

SIZE, STEPS = 12, 200
GOAL = int(np.argmin(abs(TARGETS - computing.RELATIVE)))


def lanes_of(drawn, optimizer, problem, **facts):
    """Return the lanes of a map as `minimize` runs them, row by row."""
    x, y = np.meshgrid(drawn.x.values(drawn.size), drawn.y.values(drawn.size))
    hyper = {drawn.x.name: x.ravel(), drawn.y.name: y.ravel()}
    if drawn.x.coordinate is not None:
        hyper = {"start": np.column_stack([x.ravel(), y.ravel()])}
    else:
        facts.setdefault("start", optbench.problem(problem).start)
    return optbench.minimize(
        optimizer, problem, steps=drawn.steps, lanes=drawn.size**2, **hyper, **facts
    )


def check_against_lanes(drawn, run):
    """Hold outcomes, steps and gaps of a noise-free map against lanes that ran to their end."""
    outcome, steps, value = (array.ravel() for array in drawn.outcomes)
    hits = run.hits[:, GOAL]
    there = hits >= 0
    np.testing.assert_array_equal(outcome == ENDED_THERE, there)
    np.testing.assert_array_equal(steps[there], hits[there])
    lost = (run.status == "not finite") & ~there
    np.testing.assert_array_equal(outcome == DIVERGED, lost)
    np.testing.assert_array_equal(steps[lost], run.steps[lost])
    neither = outcome == WENT_ON
    np.testing.assert_array_equal(value[neither], (run.f - drawn.f_ref)[neither].astype("f4"))


def test_gradient_descent_on_a_sphere_takes_the_steps_that_can_be_worked_out():
    # f = |x|^2: a step multiplies the gap by (1 - 2 lr)^2.
    drawn = optbench.map("momentum", "sphere", x="lr=0.01:0.49", y="momentum=0:1e-9", size=SIZE)
    factor = (1 - 2 * drawn.x.values(SIZE)) ** 2
    expected = np.ceil(np.log(1e-6) / np.log(factor))
    np.testing.assert_array_equal(drawn.outcomes.steps, np.broadcast_to(expected, (SIZE, SIZE)))
    assert drawn.shares == {"target": 1.0, "neither": 0.0, "not finite": 0.0}


def test_heavy_ball_is_stable_where_theory_says_it_is():
    # Polyak 1964: on a quadratic with curvature L it converges if and only if lr < 2 (1 + b) / L.
    drawn = optbench.map(
        "momentum", "sphere", x="lr=0.5:2.5", y="momentum=0:0.9", size=SIZE, steps=4000
    )
    lr, momentum = np.meshgrid(drawn.x.values(SIZE), drawn.y.values(SIZE))
    share = lr / (1 + momentum)
    outcome = drawn.outcomes.outcome
    assert (outcome[share < 0.99] == ENDED_THERE).all()
    assert (outcome[share > 1.1] == DIVERGED).all()
    assert (share < 0.99).any() and (share > 1.1).any()


@pytest.mark.parametrize("optimizer", ["momentum", "adam"])
def test_pixels_are_lanes_of_minimize(optimizer):
    second = {"momentum": "momentum", "adam": "beta1"}[optimizer]
    drawn = optbench.map(optimizer, "rosenbrock", x="lr", y=second, size=SIZE, steps=STEPS)
    check_against_lanes(drawn, lanes_of(drawn, optimizer, "rosenbrock"))


def test_basins_are_lanes_from_other_starts():
    drawn = optbench.map(
        "momentum[lr=0.002]", "rosenbrock", x="x[0]", y="x[1]", size=SIZE, steps=STEPS
    )
    assert drawn.y.default == optbench.problem("rosenbrock").start[1]
    check_against_lanes(drawn, lanes_of(drawn, "momentum[lr=0.002]", "rosenbrock"))


def test_bands_leave_no_trace(monkeypatch):
    arguments = dict(x="lr", y="momentum", size=SIZE, steps=STEPS)
    whole = optbench.map("momentum", "rosenbrock", **arguments)
    monkeypatch.setattr(computing, "BAND_LANES", 30)
    parts = optbench.map("momentum", "rosenbrock", threads=1, **arguments)
    for one, other in zip(whole.outcomes, parts.outcomes, strict=True):
        np.testing.assert_array_equal(one, other)


def test_with_noise_a_target_is_reached_where_all_later_records_meet_it():
    problem = "rosenbrock[noise=0.1]"
    drawn = optbench.map("gd", problem, x="lr=1e-3:1e-2", y="clip_norm=0.3:3", size=8, steps=900)
    run = lanes_of(drawn, "gd", problem)
    # Lanes of minimize have seeds of their own, those of a map one: lane 0 is the same.
    for pixel in (0,):
        f, f_start = run.records.f[pixel], run.f_start[pixel]
        late = np.flatnonzero(np.maximum.accumulate(f[::-1])[::-1] <= 1e-2 * f_start)
        reached = drawn.outcomes.outcome.ravel()[pixel] == ENDED_THERE
        assert reached == bool(len(late))
    there = drawn.outcomes.outcome == ENDED_THERE
    assert there.any() and not there.all()
    assert (drawn.outcomes.value[there] <= 1e-2 * run.f_start[0]).all()


def test_facts_name_the_best_pixel():
    drawn = optbench.map(
        "momentum", "rosenbrock", x="lr=1e-3:4e-3", y="momentum=0.8:0.95", size=SIZE, steps=STEPS
    )
    facts = drawn.facts()
    steps = drawn.outcomes.steps[drawn.outcomes.outcome == ENDED_THERE]
    assert facts["best"]["steps"] == steps.min()
    own = {name: facts["best"][name] for name in ("lr", "momentum")}
    run = optbench.minimize("momentum", "rosenbrock", steps=STEPS, **own)
    assert run.hits[0, GOAL] == steps.min()


def test_a_map_that_would_take_years_is_refused_with_its_cost():
    with pytest.raises(SettingError, match=r"1\.7e\+15 lane-steps.* lower size \(4096\) or steps"):
        optbench.map("adam", "sphere", size=4096, steps=100_000_000, y="beta1", threads=1)


def test_two_axes_are_two():
    with pytest.raises(SettingError, match="both axes are lr"):
        optbench.map("gd", "sphere", y="lr=1:2")
    with pytest.raises(SettingError, match="no searched hyperparameter beside lr: give y"):
        optbench.map("gd", "sphere")


def test_a_star_import_does_not_hide_the_built_in():
    assert "map" not in optbench.__all__ and "map" in dir(optbench)
