"""The section "Definitions" of the design, line by line: what the numbers mean."""

import numpy as np
import pytest

import optbench
from optbench.catalog.references import reference
from optbench.lanes.job import Job, LaneInputs
from optbench.lanes.records import record_steps
from optbench.lanes.simulating import simulate
from optbench.lanes.targets import TARGETS
from optbench.study.pairs import Pair
from tests.surfaces import bowl, ridge, shaking_bowl, unknown_minimum, wall

GD, ADAM = optbench.optimizer("gd"), optbench.optimizer("adam")


def lanes(optimizer, definition, lr, steps, seeds=(0,), instance=None, **options):
    """Run lanes of one rate; options go to `simulate`."""
    problem = optbench.problem(definition, instance=instance)
    return simulate(
        problem,
        optbench.optimizer(optimizer),
        LaneInputs(problem.starts(seeds), problem.keys(seeds), np.full(len(seeds), lr)),
        Job(steps=steps, **options),
    )


# ------------------------------------------------------------------- instances, seeds and starts


def test_every_rate_meets_the_same_noise():
    """With rates that differ by 1e-12 the noise must not differ, so neither do the paths."""
    problem = optbench.problem(shaking_bowl)
    run = simulate(
        problem,
        optbench.optimizer("sgd"),
        LaneInputs(problem.starts([1, 1]), problem.keys([1, 1]), np.array([0.1, 0.1 + 1e-13])),
        Job(steps=50),
    )
    assert np.abs(run.x[0] - run.x[1]).max() < 1e-11
    other = lanes("sgd", shaking_bowl, 0.1, 50, seeds=(2,))
    assert np.abs(run.x[0] - other.x[0]).max() > 1e-3


def test_draws_depend_on_study_seed_problem_instance_and_seed_alone():
    problem = optbench.problem(bowl, instance=1)
    reference = problem.starts([1, 2, 3])
    assert np.array_equal(problem.starts([3, 1]), reference[[2, 0]])
    assert not np.array_equal(problem.starts([1], study_seed=1), reference[:1])
    relative = optbench.problem(bowl, instance=2).starts([1]) - problem.starts([1])
    assert np.abs(relative).max() > 1e-6


def test_an_instance_does_not_depend_on_another_or_on_seeds():
    alone = optbench.problem(bowl, instance=2).placement.shift
    optbench.problem(bowl, instance=1).starts([5])
    assert np.array_equal(optbench.problem(bowl, instance=2).placement.shift, alone)


def test_seed_0_starts_at_the_declared_start_and_others_in_the_box():
    problem = optbench.problem(bowl)
    starts = problem.starts(range(200))
    assert np.array_equal(starts[0], [1.0, -2.0])
    assert starts[1:].min() < -3.5 and starts[1:].max() > 3.5
    assert np.abs(starts[1:]).max() <= 4.0
    without_box = optbench.problem("booth").definition.box
    assert without_box is not None


def test_without_a_box_other_seeds_start_within_1_of_the_start():
    @optbench.define.problem(start=[10.0, 20.0])
    def no_box(x, g):
        g[0] = g[1] = 0.0
        return 0.0

    starts = optbench.problem(no_box).starts(range(1, 100))
    assert np.abs(starts - [10.0, 20.0]).max() <= 1.0


def test_the_box_does_not_constrain_the_search():
    run = lanes("gd", bowl, 1.05, 40)
    assert np.abs(run.x).max() > 4.0


def test_instances_shift_start_minimum_and_box_together_and_rotations_are_paired():
    plain, rotated = (
        optbench.problem(name, instance=3) for name in ("ellipsoid_1e4", "rotated_ellipsoid_1e4")
    )
    assert np.array_equal(plain.start, rotated.start)
    assert np.abs(plain.minimum).min() > 0
    for problem in (plain, rotated):
        assert problem.value(problem.minimum) == pytest.approx(0.0, abs=1e-20)
        assert np.abs(problem.grad(problem.minimum)).max() < 1e-9
    assert rotated.value(rotated.start) != pytest.approx(plain.value(plain.start))


# ------------------------------------------------------------------------- gaps, targets and hits


def test_hits_are_exact_and_follow_the_closed_form():
    """On f = |x|^2 the gap shrinks by (1 - 2 lr)^2 a step."""
    lr = 0.05
    run = lanes("gd", bowl, lr, 400, seeds=(0, 1, 2))
    expected = np.ceil(np.log(TARGETS) / (2 * np.log(1 - 2 * lr)) - 1e-9)
    assert np.array_equal(run.hits, np.tile(expected, (3, 1)))


def test_targets_below_the_rounding_of_the_reference_do_not_count():
    @optbench.define.problem(start=[1e-3], minimum=[0.0], f_min=1.0, box=(-1.0, 1.0))
    def lifted(x, g):
        g[0] = 2.0 * x[0]
        return 1.0 + x[0] * x[0]

    run = lanes("gd", lifted, 0.4, 200)
    floor = 100 * np.finfo(float).eps
    counts = TARGETS * (run.f_start[0] - 1.0) >= floor
    assert 0 < counts.sum() < len(TARGETS)
    assert np.array_equal(run.hits[0] >= 0, counts)
    assert run.status[0] == 0  # the last target that counts is hit


def test_targets_met_at_the_start_are_dropped():
    run = lanes("gd", ridge, 0.1, 5, seeds=(0,))
    at_minimum = simulate(
        optbench.problem(bowl),
        GD,
        LaneInputs(np.zeros((1, 2)), np.zeros(1, np.uint64), np.array([0.1])),
        Job(steps=5),
    )
    assert (at_minimum.hits == -1).all() and at_minimum.status[0] == 1
    assert (run.hits == -1).all()


def test_without_a_reference_there_are_no_targets():
    run = lanes("gd", unknown_minimum, 0.1, 5)
    assert run.hits.shape == (1, 0)
    assert reference(optbench.problem(unknown_minimum)).source == "none"


def test_stochastic_hits_are_taken_at_recorded_steps_from_the_noise_free_value():
    run = lanes("sgd", shaking_bowl, 0.1, 200, seeds=(1, 2, 3))
    recorded = record_steps(200)
    hit = run.hits[run.hits >= 0]
    assert len(hit) and np.isin(hit, recorded).all()
    problem = optbench.problem(shaking_bowl)
    np.testing.assert_allclose(run.f_final, problem.value(run.x), rtol=1e-13)


def test_hits_of_a_reported_iterate_are_exact():
    """Its value is looked at in every step, as that of x is."""
    run = lanes("schedule_free_sgd", bowl, 0.05, 100)
    averages = optbench.replay(
        "schedule_free_sgd", _closed_loop("schedule_free_sgd", 0.05, 100), [1.0, -2.0], lr=0.05
    )
    np.testing.assert_allclose(run.x[0], averages[-1], rtol=1e-9)
    assert run.f_final[0] == pytest.approx(optbench.problem(bowl).value(run.x[0]), rel=1e-13)
    shares = (averages**2).sum(axis=1) / 5.0
    expected = [int(np.argmax(shares <= target)) or -1 for target in TARGETS]
    assert np.array_equal(run.hits[0], expected)
    assert not np.isin(run.hits[run.hits > 0], record_steps(100)).all()


def _closed_loop(optimizer, lr, steps):
    """Gradients of the bowl at the query points, found one by one."""
    gradients = np.zeros((0, 2))
    for _ in range(steps):
        points = optbench.replay(optimizer, gradients, [1.0, -2.0], lr=lr, points="query")
        gradients = np.vstack([gradients, 2 * points[-1]])
    return gradients


# ---------------------------------------------------------------------------- budget and status


def test_sam_gets_half_the_steps_and_the_full_batch_its_share():
    def steps(spec, name="booth"):
        return Pair(optbench.optimizer(spec), optbench.problem(name), 1000).steps

    assert steps("adam") == 1000
    assert steps("adam[sam_rho=0.1]") == 500
    problem = optbench.problem("logistic_breast_cancer")
    examples, batch = problem.examples
    assert steps("gd", "logistic_breast_cancer") == 1000 * batch // examples
    assert steps("sgd", "logistic_breast_cancer") == 1000


def test_status_target_and_every_lane_runs_its_whole_budget():
    run = lanes("gd", bowl, 0.1, 300)
    assert run.status[0] == 0 and run.steps[0] == 300


def test_stop_at_target_ends_the_lane_there():
    run = lanes("gd", bowl, 0.1, 300, stop_at_target=True)
    assert run.status[0] == 0 and run.steps[0] == run.hits[0, -1] < 300
    x = 0.8 ** run.steps[0] * np.array([1.0, -2.0])
    np.testing.assert_allclose(run.x[0], x, rtol=1e-12)


def test_a_zero_gradient_alone_is_never_success():
    run = lanes("gd", ridge, 0.1, 50)
    assert run.status[0] == 1 and (run.hits == -1).all()


def test_status_budget():
    assert lanes("gd", bowl, 1e-3, 10).status[0] == 2


def test_a_diverging_lane_keeps_its_last_finite_point_and_its_step():
    run = lanes("gd", bowl, 1e200, 50)
    assert run.status[0] == 3
    assert np.isfinite(run.x).all()
    # f = 5 at the start; |x| grows by 2e200 a step: f overflows at x_1.
    assert run.steps[0] == 1 and np.abs(run.x).max() > 1e199


def test_f_not_finite_ends_the_lane_at_that_step():
    run = lanes("gd", wall, 51.0, 50)  # x: 1, -101, 10201: beyond the wall
    assert run.status[0] == 3 and run.steps[0] == 2 and run.x[0, 0] == pytest.approx(10201)


def test_diverging_lanes_leave_their_neighbours_alone():
    problem = optbench.problem(bowl)
    rates = np.array([0.1, 1e200, 0.1, 3.0])
    starts = np.tile(problem.starts([0]), (4, 1))
    run = simulate(problem, GD, LaneInputs(starts, np.zeros(4, np.uint64), rates), Job(steps=600))
    alone = lanes("gd", bowl, 0.1, 600)
    assert run.status.tolist() == [0, 3, 0, 3]
    assert np.array_equal(run.x[0], alone.x[0]) and np.array_equal(run.x[2], alone.x[0])
