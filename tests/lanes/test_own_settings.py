"""Lanes with hyperparameters of their own in one launch are the launches of each by itself."""

import numpy as np
import pytest

import optbench
from optbench.catalog import finding
from optbench.define import Flag, Log, Range, optimizer
from optbench.kernels.cpu import blocking
from optbench.kernels.driver import step_scalars
from optbench.lanes import simulating
from optbench.lanes.job import Job, LaneInputs
from optbench.lanes.starts import start_points
from optbench.rules import compose

RNG = np.random.default_rng(5)
LANES = 40
SETTINGS = dict(
    lr=10 ** RNG.uniform(-3, -1, LANES), beta1=RNG.uniform(0.5, 0.95, LANES),
    beta2=RNG.uniform(0.9, 0.999, LANES), eps=10 ** RNG.uniform(-10, -3, LANES),
)  # fmt: skip
SOME = (0, 1, 17, LANES - 1)


def of_lane(settings, lane):
    return {k: v[lane] if np.ndim(v) else v for k, v in settings.items()}


def assert_same(together, alone, lane):
    """Compare all that a lane gives, bit for bit."""
    for name in ("x", "f", "best", "hits", "status", "steps"):
        np.testing.assert_array_equal(getattr(together, name)[lane], getattr(alone, name)[0])
    np.testing.assert_array_equal(together.records.f[lane], alone.records.f[0])


@pytest.mark.parametrize("more", [{}, dict(schedule="cosine", schedule_final=RNG.random(LANES))])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("problem", ["rosenbrock", "noisy_quadratic", "bbob_f10", "iris_tanh"])
def test_lanes_are_the_runs_of_their_settings(problem, dtype, more):
    settings = {**SETTINGS, "eps_in_sqrt": np.arange(LANES) % 3 == 0, **more}
    options = dict(steps=60, dtype=dtype)
    together = optbench.minimize("adam", problem, lanes=LANES, threads=2, **options, **settings)
    for lane in SOME:
        alone = optbench.minimize("adam", problem, seed=lane, **options, **of_lane(settings, lane))
        assert_same(together, alone, lane)


@optimizer(state="m", lr=Log(0.1), momentum=Range(0.9), on=Flag())
def branching(x, g, m, lr, momentum, on, fresh):
    if momentum > 0.5:
        m = momentum * m + fresh * g
        return x - lr * m / (1.0 + abs(m)), m
    return x - lr * g, m


@branching.uniform
def _(t, momentum):
    return (1 - momentum / t,)


def test_a_rule_that_branches_on_a_hyperparameter_has_blocks_of_one_setting():
    problem, own = finding.problem("rosenbrock"), compose.optimizer(branching)
    program = simulating.program(problem, own, "float64", by_lane=True)
    assert not program.layout.by_lane and program.rule.lanes > 1
    momentum = np.repeat([0.2, 0.6, 0.9, 0.3], LANES // 4)
    momentum[-1] = 0.7
    together = optbench.minimize(
        branching, "rosenbrock", steps=60, lanes=LANES, lr=1e-3, momentum=momentum
    )
    for lane in SOME:
        alone = optbench.minimize(
            branching, "rosenbrock", steps=60, seed=lane, lr=1e-3, momentum=momentum[lane]
        )
        assert_same(together, alone, lane)


def crossed(name, trials, steps, idle=0):
    """Run every trial on two draws of each of three instances."""
    instances = [finding.problem(name, instance=number) for number in (1, 2, 3)]
    seeds = range(1, 3)
    inputs = LaneInputs.crossed(
        np.concatenate([start_points(problem, seeds) for problem in instances]),
        np.concatenate([problem.keys(seeds) for problem in instances]),
        np.repeat(np.arange(3), 2), trials,
    )  # fmt: skip
    job = Job(steps=steps, records=np.array([0, steps]), idle=idle)
    return simulating.simulate(instances, compose.optimizer("adam"), inputs, job)


@pytest.mark.parametrize("name", ["rosenbrock", "noisy_quadratic"])
def test_trials_on_all_draws_are_the_trials_one_by_one(name):
    together = crossed(name, SETTINGS, 60, idle=1)
    for lane in SOME:
        alone = crossed(name, {key: column[[lane]] for key, column in SETTINGS.items()}, 60)
        for ours, theirs in zip(together, alone, strict=True):
            np.testing.assert_array_equal(ours[lane::LANES], theirs)


@pytest.mark.parametrize("size", [1, 100_000])
def test_results_do_not_depend_on_how_many_tables_there_are_at_once(size, monkeypatch):
    many = {name: np.tile(column, 10) for name, column in SETTINGS.items()}
    many["beta1"] = RNG.uniform(0.5, 0.95, 10 * LANES)
    options = dict(steps=60, lanes=10 * LANES, **many)
    whole = optbench.minimize("adam", "rosenbrock", **options)
    monkeypatch.setattr(step_scalars, "TABLE_BYTES", size)
    monkeypatch.setattr(blocking, "TABLE_BYTES", size)
    np.testing.assert_array_equal(optbench.minimize("adam", "rosenbrock", **options).x, whole.x)


def test_a_number_of_all_lanes_is_no_setting_of_each(monkeypatch):
    asked = []

    def program(*arguments):
        asked.append(arguments[-1])
        return original(*arguments)

    original = simulating.program
    monkeypatch.setattr(simulating, "program", program)
    options = dict(steps=5, lanes=3, lr=[0.1, 0.2, 0.3], beta2=0.9)
    optbench.minimize("adam", "sphere", beta1=np.full(3, 0.8), **options)
    assert not any(asked)
    optbench.minimize("adam", "sphere", beta1=[0.8, 0.8, 0.7], **options)
    assert asked[-1]
