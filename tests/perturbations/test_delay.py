"""What lasts from step to step: old gradients, moving minima, memory that lanes do not share."""

import numpy as np
import pytest

import optbench
from tests.perturbations.steps import FAR, Steps


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("k", [1, 3])
def test_a_stale_gradient_is_that_of_k_steps_before(k, dtype):
    steps, plain = Steps(f"rosenbrock[stale={k}]", dtype=dtype), Steps("rosenbrock", dtype=dtype)
    points = FAR + np.random.default_rng(1).normal(size=(9, 6))
    for t, x in enumerate(points):
        f, g = steps(x, t)
        assert f == plain(x, t)[0]
        assert np.array_equal(g, plain(points[max(t - k, 0)], t)[1])


def test_a_second_gradient_in_a_step_is_the_one_that_is_remembered():
    steps, plain = Steps("sphere[stale=1]"), Steps("sphere")
    steps(FAR, 0)
    steps(2.0 * FAR, 0)
    assert np.array_equal(steps(3.0 * FAR, 1)[1], plain(2.0 * FAR, 0)[1])


@pytest.mark.parametrize("name", ["stale=2", "stale=2,correlated_noise=0.1", "wander=0.01"])
def test_a_lane_s_bytes_do_not_depend_on_its_neighbours(name):
    """Memory is as wide as the block, whatever its width."""
    problem = optbench.problem(f"rosenbrock[{name}]", 10)
    together = optbench.minimize("adam", problem, steps=30, lanes=70, lr=0.01)
    for lane in (0, 37, 69):
        alone = optbench.minimize("adam", problem, steps=30, seed=lane, lr=0.01)
        assert np.array_equal(together.x[lane], alone.x[0])


def test_sgd_with_stale_gradients_is_written_down_in_three_lines():
    run = optbench.minimize("sgd", "sphere[stale=2]", steps=7, lr=0.1, records=10**6)
    points = [optbench.problem("sphere").start]
    for t in range(7):
        points.append(points[-1] - 0.1 * 2.0 * points[max(t - 2, 0)])
    np.testing.assert_allclose(run.x[0], points[-1], rtol=1e-14)


@pytest.mark.parametrize("name", ["drift=0.1", "wander=0.1"])
def test_a_surface_that_moves_is_the_plain_one_moved(name):
    """By how much shows at one point of a quadratic, whose gradient is H (x - s)."""
    steps, plain = Steps(f"ellipsoid_1e2[{name}]"), Steps("ellipsoid_1e2")
    hessian = np.array([plain(e, 0)[1] for e in np.eye(6)])
    shifts = []
    for t in range(4):
        s = FAR - np.linalg.solve(hessian, steps(FAR, t)[1])
        shifts.append(s)
        f, g = steps(-2.0 * FAR, t)
        assert f == pytest.approx(plain(-2.0 * FAR - s, t)[0], rel=1e-12)
        np.testing.assert_allclose(g, plain(-2.0 * FAR - s, t)[1], rtol=1e-11, atol=1e-11)
        assert steps(s, t, full=True)[0] == pytest.approx(0.0, abs=1e-25)
    away = np.diff(shifts, axis=0)
    np.testing.assert_allclose(shifts[0], 0.0, atol=1e-14)
    assert np.abs(away).max(1).min() > 0.01
    if name == "drift=0.1":  # evenly, a tenth of the distance from the start a step
        np.testing.assert_allclose(away, np.tile(away[0], (3, 1)), rtol=1e-9)
        distance = np.sqrt(np.mean(optbench.problem("ellipsoid_1e2", 6).start ** 2))
        assert np.sqrt(np.mean(away[0] ** 2)) == pytest.approx(0.1 * distance, rel=1e-9)


def test_a_walk_has_independent_steps_of_its_size():
    steps = Steps("sphere[wander=0.5]")
    gradients = np.array([steps(FAR, t)[1] for t in range(4000)])
    way = np.diff(-gradients / 2.0, axis=0)  # s_t = x - g / 2
    distance = np.sqrt(np.mean(optbench.problem("sphere", 6).start ** 2))
    error = 5.0 / np.sqrt(len(way))
    sample = way / (0.5 * distance)
    assert np.abs(sample.mean(0)).max() < error
    np.testing.assert_allclose(np.cov(sample.T), np.eye(6), atol=2.0 * error)


def test_gaps_of_a_moving_minimum_are_those_at_their_step():
    """Records hold f at the step's own surface: a lane that stays is left behind."""
    run = optbench.minimize("sgd", "sphere[drift=0.1]", steps=40, lr=1e-300, records=10**6)
    plain = optbench.problem("sphere[drift=0.1]")
    level, speed, direction = plain.placement.p[0], plain.placement.p[1], plain.placement.p[2:]
    t = run.records.steps[:, None]
    expected = ((plain.start - level * speed * t * direction) ** 2).sum(1)
    np.testing.assert_allclose(run.records.f[0], expected, rtol=1e-12)
