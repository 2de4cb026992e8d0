"""Laws of the adaptive families: scaling of f, Reddi's example, conventions that differ."""

import numpy as np
import pytest

import optbench

from .references import distance

TINY = 1e-30
INVARIANT = {
    # rules that see only signs or ratios of gradients, as their epsilons tend to 0
    "sign_sgd": {},
    "signum": {},
    "lion": {},
    "rprop": {},
    "adagrad": dict(eps=TINY),
    "rmsprop": dict(eps=TINY),
    "rmsprop[centered=true]": dict(eps=TINY),
    "adam": dict(eps=TINY),
    "adamw": dict(eps=TINY),
    "adamax": dict(eps=TINY),
    "nadam": dict(eps=TINY),
    "amsgrad": dict(eps=TINY),
    "adabelief": dict(eps=TINY, eps_root=0.0),
    "qhadam": dict(eps=TINY),
    "adan": dict(eps=TINY),
    "ademamix": dict(eps=TINY),
    "simplified_ademamix": dict(eps=TINY),
    "adam_atan2": {},
    "optimistic_adam": dict(eps=TINY),
    "laprop": dict(eps=TINY),
    "adashift": dict(eps=TINY),
    "adam_mini": dict(eps=TINY),
    "stable_adamw": dict(eps=TINY),
    "adamnorm": dict(eps=TINY),
    "adamp": dict(eps=TINY),
    "amos": {},
    "adopt": dict(eps=TINY),
}


def random_gradients(count=60, d=6):
    rng = np.random.default_rng(3)
    return rng.standard_normal((count, d)) * 10.0 ** rng.uniform(-1, 1, d), rng.standard_normal(d)


@pytest.mark.parametrize("factor", [2.0**-10, 3.7e4])
@pytest.mark.parametrize("spec", INVARIANT)
def test_scaling_f_changes_nothing(spec, factor):
    gradients, start = random_gradients()
    run = dict(lr=0.01, **INVARIANT[spec])
    plain = optbench.replay(spec, gradients, start, **run)
    scaled = optbench.replay(spec, factor * gradients, start, **run)
    assert distance(scaled, plain) <= 1e-12
    assert distance(optbench.replay("gd", factor * gradients, start), plain) > 1e-3


def test_rules_that_are_not_invariant_say_so():
    """RAdam begins with momentum alone; AdaBound ends there; Yogi's v has a size at the start."""
    gradients, start = random_gradients()
    for rule in ("radam", "adabound", "yogi", "padam", "diffgrad", "madgrad"):
        settings = {"gamma": 1.0} if rule == "adabound" else {}
        runs = [
            optbench.replay(rule, factor * gradients, start, lr=0.01, **settings)
            for factor in (1.0, 100.0)
        ]
        assert distance(*runs) > 1e-6, rule


def reddi(rule, steps, start, **settings):
    """Minimise the mean of 4 x, -x, -x, ... on [-1, 1] (the best is -1), one gradient at a time.

    Reddi, Kale and Kumar 2018, sec. 3: f_t(x) = C x for t mod 3 = 1, else -x, with C > 2; after
    each step x is projected to the interval.
    """
    x, state, path = np.array([start]), None, []
    for t in range(1, steps + 1):
        g = 4.0 if t % 3 == 1 else -1.0
        points, state = optbench.replay(
            rule, [[g]], x, state=state, return_state=True, steps=steps, **settings
        )
        x = np.clip(points[-1], -1.0, 1.0)
        state.x[:] = 0.0
        state.x[0, 0] = x[0]
        path.append(x[0])
    return np.array(path)


def test_amsgrad_converges_where_adam_does_not():
    """With beta1 = 0 and beta2 = 1 / (1 + C^2), Adam ends at the worst point, AMSGrad at the best.

    At every third step Adam moves down by lr 4 / sqrt(v), and up by more in the two between.
    """
    run = dict(lr=0.05, beta1=0.0, beta2=1.0 / 17.0, eps=1e-8)
    adam, amsgrad = reddi("adam", 900, 0.0, **run), reddi("amsgrad", 900, 0.0, **run)
    assert adam[-30:].min() > 0.85
    assert amsgrad[-30:].max() < -0.85
    assert np.mean(adam[-30:]) > 0.9 and np.mean(amsgrad[-30:]) < -0.9


def test_ftrl_without_penalties_is_adagrad():
    gradients, start = random_gradients()
    adagrad = optbench.replay("adagrad", gradients, start, lr=0.3, eps=0.5)
    ftrl = optbench.replay("ftrl", gradients, start, lr=0.3, beta=0.5)
    np.testing.assert_allclose(ftrl, adagrad, rtol=1e-11)


def test_ftrl_sets_small_coordinates_to_0():
    """z = -0.5 and 3 g of the rate 1: what the penalty 1 exceeds is exactly 0."""
    iterates = optbench.replay("ftrl", [[0.3, 3.0]], [0.5, 0.5], lr=1.0, beta=1.0, lambda1=1.0)
    # z = 0.3 - 1.3 0.5 = -0.35, and 3 - 4 0.5 = 1: both within the penalty
    np.testing.assert_array_equal(iterates[1], [0.0, 0.0])
    iterates = optbench.replay("ftrl", [[0.3, 6.0]], [0.5, 0.5], lr=1.0, beta=1.0, lambda1=1.0)
    np.testing.assert_allclose(iterates[1], [0.0, -(6.0 - 3.5 - 1.0) / 7.0], rtol=1e-14)


def on_a_parabola(rule, curvatures, start, steps, **settings):
    """Return the last state and the points of a rule that is fed with gradients of its points."""
    x, state, path = np.array(start), None, [np.array(start)]
    for _ in range(steps):
        _, state = optbench.replay(
            rule, [curvatures * x], start, state=state, return_state=True, steps=steps, **settings
        )
        x = state.x[:, 0]
        path.append(x)
    return state, np.array(path)


def test_swats_goes_on_as_gradient_descent_at_the_rate_it_found():
    """On a parabola of one curvature the steps of Adam are along the gradient."""
    curvatures, start = np.full(3, 2.0), np.ones(3)
    state, path = on_a_parabola("swats", curvatures, start, 200, lr=0.01, beta2=0.9, eps=1e-3)
    rate = float(state.lane_state["sgd_rate"])
    assert rate > 0.0
    velocity = state.state["velocity"][:, 0]
    np.testing.assert_allclose(path[-2] - path[-1], 0.1 * rate * velocity, rtol=1e-9)


def test_msvag_is_momentum_where_gradients_do_not_vary():
    gradients, start = np.full((30, 2), 0.7), np.zeros(2)
    corrected = optbench.replay("momentum_ema", gradients, start, lr=0.1, debias=True)
    np.testing.assert_allclose(
        optbench.replay("msvag", gradients, start, lr=0.1), corrected, rtol=1e-9
    )


@pytest.mark.parametrize("rule", ["sgdp", "adamp"])
def test_projected_steps_keep_the_length_of_weights(rule):
    """At right angles to x a gradient turns x; Nesterov's or Adam's sizes do not lengthen it."""
    start = np.array([3.0, 4.0])
    gradients = np.array([[-0.8, 0.6]])
    moved = optbench.replay(rule, gradients, start, lr=1e-3, eps=TINY)[1] - start
    assert abs(moved @ start) <= 1e-9 * np.linalg.norm(moved)


def test_epsilon_inside_the_root_is_larger():
    g = [[1e-3]]
    inside = optbench.replay("rmsprop", g, [0.0], alpha=0.0, eps=1e-6, eps_in_sqrt=True, lr=1.0)
    outside = optbench.replay("rmsprop", g, [0.0], alpha=0.0, eps=1e-6, lr=1.0)
    assert inside[1, 0] == pytest.approx(-1e-3 / 2e-6**0.5, rel=1e-12)
    assert outside[1, 0] == pytest.approx(-1e-3 / 1.001e-3, rel=1e-12)


def test_centred_rmsprop_survives_constant_gradients():
    """There the variance is 0 but for rounding, which may make it negative."""
    for g in (0.1, 1.0 / 3.0, 7.7):
        iterates = optbench.replay("rmsprop", np.full((2000, 1), g), [0.0], centered=True, lr=1e-6)
        assert np.isfinite(iterates).all()


def test_radam_begins_with_momentum():
    """rho_t passes 5 at step 6 for beta2 = 0.999."""
    gradients = np.random.default_rng(0).standard_normal((20, 1))
    scaled = optbench.replay("radam", 8.0 * gradients, [0.0], lr=0.1)
    plain = optbench.replay("radam", gradients, [0.0], lr=0.1)
    np.testing.assert_allclose(scaled[:6], 8.0 * plain[:6], rtol=1e-13)
    steps = np.diff(scaled[5:], axis=0) / np.diff(plain[5:], axis=0)
    np.testing.assert_allclose(steps, 1.0, rtol=1e-6)


def test_adabound_ends_as_momentum():
    """With gamma large the bounds close at once: every rate is final_lr."""
    gradients = np.random.default_rng(0).standard_normal((30, 3))
    iterates = optbench.replay("adabound", gradients, np.zeros(3), gamma=1e12, final_lr=0.3)
    momentum = optbench.replay("momentum_ema", gradients, np.zeros(3), lr=0.3)
    np.testing.assert_allclose(iterates, momentum, rtol=1e-9)


def test_padam_at_one_half_is_amsgrad_uncorrected():
    gradients, start = random_gradients()
    m, largest, v, x = 0.0, 0.0, 0.0, start
    for g in gradients:
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        largest = np.maximum(largest, v)
        x = x - 0.1 * m / (np.sqrt(largest) + 1e-8)
    iterates = optbench.replay("padam", gradients, start, partial=0.5)
    np.testing.assert_allclose(iterates[-1], x, rtol=1e-11)
