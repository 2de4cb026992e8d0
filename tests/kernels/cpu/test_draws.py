"""A lane's bytes are its own: whatever runs beside it, in however many launches."""

import numpy as np
import pytest

import optbench
from optbench.catalog.references import reference
from optbench.kernels.cpu import launch
from optbench.kernels.cpu.launch import evaluate
from optbench.kernels.driver.tasks import Placement
from optbench.lanes.job import Job, LaneInputs
from optbench.lanes.simulating import simulate
from tests.kernels.cpu.outcomes import assert_equal
from tests.surfaces import shaking_bowl

INSTANCES, RATES = 20, np.geomspace(1e-4, 0.1, 5)
PROBLEMS = ("rosenbrock", "rotated_ellipsoid_1e2", "noisy_quadratic", "logistic_breast_cancer")
RECORDS = ("record_f", "record_best", "record_metrics")


def crossed(instances, numbers, rates=RATES):
    """Return inputs of all rates on the first draw of each of some instances."""
    return LaneInputs.crossed(
        np.concatenate([instances[i].starts([1]) for i in numbers]),
        np.concatenate([instances[i].keys([1]) for i in numbers]),
        np.asarray(numbers), {"lr": np.asarray(rates)},
    )  # fmt: skip


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", PROBLEMS)
def test_one_launch_over_instances_equals_one_for_each(name, dtype):
    instances = [optbench.problem(name, instance=i + 1) for i in range(INSTANCES)]
    optimizer, job = optbench.optimizer("adam"), Job(steps=30, dtype=dtype, store_x=True)
    whole = simulate(instances, optimizer, crossed(instances, range(INSTANCES)), job)
    alone = [
        simulate(instances[i], optimizer, crossed([instances[i]], [0]), job)
        for i in range(INSTANCES)
    ]
    assert len(np.unique(whole.f_start)) == INSTANCES
    assert_equal(whole, type(whole)(*map(np.concatenate, zip(*alone, strict=True))))


@pytest.mark.parametrize("name", PROBLEMS)
def test_instances_may_come_in_any_order(name):
    instances = [optbench.problem(name, instance=i + 1) for i in range(4)]
    optimizer, job, order = optbench.optimizer("gd"), Job(steps=20, store_x=True), [2, 0, 3, 0, 1]
    mixed = simulate(instances, optimizer, crossed(instances, order), job)
    sorted_ = simulate(instances, optimizer, crossed(instances, range(4)), job)
    lanes = (np.array(order)[:, np.newaxis] * RATES.size + np.arange(RATES.size)).ravel()
    assert_equal(mixed, type(mixed)(*(array[lanes] for array in sorted_)))


@pytest.mark.parametrize("name", [*PROBLEMS, shaking_bowl, "softmax_iris", "ackley"])
@pytest.mark.parametrize("rule", ["adam", "gd[noise_eta=0.1]"])
def test_a_lane_is_the_same_whatever_runs_beside_it(name, rule):
    problem, optimizer = optbench.problem(name), optbench.optimizer(rule)
    seeds, rates = np.arange(1, 8), np.linspace(0.001, 0.05, 7)

    def run(order):
        inputs = LaneInputs(problem.starts(seeds[order]), problem.keys(seeds[order]), rates[order])
        return simulate(problem, optimizer, inputs, Job(steps=25, store_x=True))

    together = run(np.arange(7))
    for order in (np.array([0]), np.array([5, 3, 0, 6, 1, 4, 2]), np.repeat([4, 2], 40)):
        assert_equal(run(order), type(together)(*(array[order] for array in together)))


@pytest.mark.parametrize("name", ["rosenbrock", "noisy_quadratic", "logistic_breast_cancer"])
def test_records_are_kept_of_the_lanes_that_are_asked_for(name):
    instances = [optbench.problem(name, instance=i + 1) for i in range(3)]
    inputs, optimizer = crossed(instances, range(3)), optbench.optimizer("adam")
    whole = simulate(instances, optimizer, inputs, Job(steps=20, store_x=True))
    recorded, points = np.arange(len(inputs)) % 5 == 2, np.arange(len(inputs)) % 4 == 1
    job = Job(steps=20, recorded=recorded, store_x=points)
    some = simulate(instances, optimizer, inputs, job)
    assert some.record_f.shape == (3, *whole.record_f.shape[1:])
    kept = {**dict.fromkeys(RECORDS, recorded), "record_x": points}
    everyone = np.ones(len(inputs), bool)
    assert_equal(
        some, type(some)(*(getattr(whole, n)[kept.get(n, everyone)] for n in whole._fields))
    )


@pytest.mark.parametrize("name", ["sphere", "rotated_ellipsoid_1e2", "noisy_beale"])
def test_lanes_move_by_the_slope_of_their_scaled_instance(name):
    """By hand: z = centre + R (x - shift - centre) / scale, and the slope R' g / scale."""
    made = optbench.problem(name, instance=2)
    frame, point = made.placement, made.starts([3])
    assert 0.5 < frame.scale < 2 and abs(frame.scale - 1) > 1e-3
    turn = np.eye(made.dim) if frame.rotation is None else frame.rotation
    seen = frame.centre + turn @ (point[0] - frame.shift - frame.centre) / frame.scale
    bare = Placement(frame.p, frame.q)
    values, slopes = evaluate(made.compiled(np.float64).problem, bare, seen[np.newaxis], False)
    value, slope = values[0], slopes[0]
    assert made.value(point[0]) == pytest.approx(value, rel=1e-12)
    assert made.grad(point[0]) == pytest.approx(turn.T @ slope / frame.scale, rel=1e-11)
    if made.kind == "deterministic":
        inputs = LaneInputs(point, made.keys([3]), np.array([1e-3]))
        step = simulate(made, optbench.optimizer("gd"), inputs, Job(steps=1))
        moved = point[0] - 1e-3 * turn.T @ slope / frame.scale
        assert step.x[0] == pytest.approx(moved, rel=1e-12)
        assert step.f_start[0] == pytest.approx(value, rel=1e-12)


def test_gaps_are_those_of_each_instance():
    instances = [optbench.problem("logistic_breast_cancer", instance=i + 1) for i in range(3)]
    inputs = crossed(instances, range(3), [0.5])
    results = simulate(instances, optbench.optimizer("gd"), inputs, Job(steps=60, target=0.5))
    values = [float(reference(problem).value) for problem in instances]
    for lane, f_ref in enumerate(values):
        f = results.record_f[lane]
        met = np.flatnonzero(f - f_ref <= 0.5 * (f[0] - f_ref))
        assert met.size and results.hit[lane] > 0
        assert f[met[0]] <= f_ref + 0.5 * (f[0] - f_ref)
    assert len(set(values)) == 3


def test_points_that_meet_one_draw_are_one_call(monkeypatch):
    problem, calls, honest = optbench.problem("noisy_quadratic"), [], launch._call

    def counted(block, placement, x, *others):
        calls.append(x.shape[1])
        return honest(block, placement, x, *others)

    monkeypatch.setattr(launch, "_call", counted)
    points = np.random.default_rng(0).normal(size=(50, problem.dim))
    assert problem.value_and_grad(points)[1].shape == points.shape and calls == [50]
    calls.clear()
    block, key = problem.compiled(np.float64).problem, problem.keys([1, 2])[np.arange(5) % 2]
    values, gradients = evaluate(block, problem.placement, points[:5], False, key)
    assert sorted(calls) == [2, 3]
    for i in range(5):
        f, g = evaluate(block, problem.placement, points[i : i + 1], False, key[i : i + 1])
        assert f[0] == values[i] and g[0].tobytes() == gradients[i].tobytes()
    lanes = LaneInputs(points[:5], key, np.full(5, 0.25))
    step = simulate(problem, optbench.optimizer("sgd"), lanes, Job(steps=1))
    np.testing.assert_allclose(step.x, points[:5] - 0.25 * gradients, rtol=1e-13, atol=1e-13)
