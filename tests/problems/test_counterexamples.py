"""Counterexamples do what their papers say, and those that change with the step have a mean."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

import optbench

from .helpers import DEFINITIONS, value_and_gradient


@pytest.mark.parametrize(("name", "period"), [("reddi", 101), ("time_varying_quadratic", 4 * 2**7)])
def test_the_noise_free_problem_is_the_mean_over_the_steps(name, period):
    definition = DEFINITIONS[name]
    for x in np.random.default_rng(0).uniform(-3, 2, (5, definition.dim)):
        steps = [value_and_gradient(definition, x, full=0, t=t) for t in range(period)]
        f, g = value_and_gradient(definition, x)
        scale = np.abs([f for f, _ in steps]).max()
        assert np.mean([f for f, _ in steps]) == pytest.approx(f, abs=1e-12 * scale)
        np.testing.assert_allclose(np.mean([g for _, g in steps], axis=0), g, atol=1e-11 * scale)


def test_the_engine_counts_the_steps_and_reports_the_mean():
    assert optbench.problem("reddi").kind == "stochastic"
    run = optbench.minimize("gd", "reddi", steps=202, lr=1e-5)
    x = 1.0
    for t in range(202):
        x -= 1e-5 * (1010 if t % 101 == 0 else -10)
    assert run.x[0] == pytest.approx(x, abs=1e-12)
    assert run.f[0] == pytest.approx(10 / 101 * x, abs=1e-12)


def test_adam_climbs_where_gradient_descent_descends():
    start = [0.0]
    down = optbench.minimize("gd", "reddi", steps=20_200, lr=1e-4, start=start)
    up = optbench.minimize(
        "adam", "reddi", steps=20_200, lr=1e-3, beta2=0.9, beta1=0.0, start=start
    )
    assert down.x[0] < -0.15
    assert up.x[0] > 1.0


def test_heavy_ball_momentum_cycles_on_a_convex_function():
    """With the best settings for quadratics of curvature 1 to 25, on which it would converge."""
    problem = optbench.problem("heavy_ball_cycle")

    def end(start, steps):
        settings = dict(lr=1 / 9, momentum=4 / 9, start=[start])
        return optbench.minimize("momentum", problem, steps=steps, **settings).x[0, 0]

    for start in (3.07, 3.3, 3.46):
        assert end(start, 3000) == pytest.approx(end(start, 3003), rel=1e-6)
        assert abs(end(start, 3000) - end(start, 3001)) > 0.5
    assert abs(optbench.minimize("gd", problem, steps=3000, lr=1 / 25).x[0, 0]) < 1e-6


def test_steepest_descent_with_exact_steps_stops_short_on_wolfes_function():
    definition, x = DEFINITIONS["wolfe"], np.array([5.0, 4.0])
    for _ in range(15):
        _, g = value_and_gradient(definition, x)

        def along(step, x=x, g=g):
            return value_and_gradient(definition, x - step * g)[0]

        best = minimize_scalar(along, bounds=(0, x[0]), options={"xatol": 1e-9 * x[0]})
        x = x - best.x * g
        assert x[0] > 0  # the minimum is at -1
    assert np.abs(x).max() < 1e-2


def test_signs_of_slopes_never_leave_the_trap():
    definition, x = DEFINITIONS["sign_trap"], np.array([1.0, 0.7])
    for t in range(1, 1000):
        x = x - 0.1 / np.sqrt(t) * np.sign(value_and_gradient(definition, x)[1])
    assert x.sum() == pytest.approx(1.7, abs=1e-12)


def test_momentum_resonates_with_a_curvature_that_changes():
    """The mean is a bowl of curvature 1, on which these settings converge."""
    settings = dict(steps=3000, lr=0.1, momentum=0.99)
    driven = optbench.minimize("momentum", "time_varying_quadratic", **settings)
    assert not driven.f[0] < 1e3
    calm = optbench.minimize("momentum", optbench.problem("sphere", 8), **settings | {"lr": 0.05})
    assert calm.f[0] < 1e-6
