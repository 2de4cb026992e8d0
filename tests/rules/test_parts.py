"""The four parts of a rule, layers, phases and composition, on small rules declared here."""

import math

import numpy as np
import pytest

import optbench
from optbench.define import Flag, Log, Range, optimizer
from optbench.errors import DefinitionError, SettingError

from .two_gradients import extragradient


@optimizer(layerwise=True, lr=Log(0.1))
def trust(x, g, lr, ratio):
    """You et al. 2017 without decay: each layer's gradient gets the length of its weights."""
    return x - lr * ratio * g


@trust.measure
def _(x, g):
    return x * x, g * g


@trust.combine
def _(weights, slopes):
    return (math.sqrt(weights / slopes),)


@optimizer(lane_state={"lowest": math.inf}, lr=Log(1.0), below=Range(0.5, 0.0))
def polyak(x, g, lr, below, length):
    """Polyak's step towards an estimate of the least value."""
    return x - lr * length * g


@polyak.measure
def _(x, g):
    return g * g


@polyak.combine
def _(squared, f, lowest, below):
    lowest = min(f, lowest)
    return lowest, (f - lowest + below) / squared


@optimizer(lr=Log(0.1), growth=Range(1.5, 1.0))
def growing(x, g, lr, growth, factor):
    """The rate grows with the step: its factor is carried from step to step."""
    return x - lr * factor * g


@growing.uniform
def _(t, growth, factor=1.0):
    return (factor if t == 1 else factor * growth,)


def random_gradients(count, d):
    rng = np.random.default_rng([count, d])
    return rng.standard_normal((count, d)), rng.standard_normal(d)


def trust_by_numpy(gradients, start, sizes):
    """Return the points [T + 1, d] of `trust` with lr = 0.5 on tensors of these sizes."""
    points, cuts = [start], np.cumsum(sizes)[:-1]
    for gradient in gradients:
        parts = zip(np.split(points[-1], cuts), np.split(gradient, cuts), strict=True)
        points.append(
            np.concatenate([x - 0.5 * np.linalg.norm(x) / np.linalg.norm(g) * g for x, g in parts])
        )
    return np.array(points)


@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-13), ("float32", 1e-5)])
def test_layerwise_sums_are_those_of_each_tensor(dtype, tolerance):
    shape, (gradients, start) = [(3, 2), (64,), (65, 2), (1,)], random_gradients(7, 201)
    iterates = optbench.replay(trust, gradients, start, shape=shape, lr=0.5, dtype=dtype)
    expected = trust_by_numpy(gradients, start, [6, 64, 130, 1])
    np.testing.assert_allclose(iterates, expected, rtol=0, atol=tolerance * np.abs(expected).max())


def test_layerwise_on_a_surface_is_one_layer():
    gradients, start = random_gradients(7, 5)
    iterates = optbench.replay(trust, gradients, start, lr=0.5)
    np.testing.assert_allclose(iterates, trust_by_numpy(gradients, start, [5]), rtol=0, atol=1e-14)


def test_two_evaluations_call_the_rule_twice_a_step():
    gradients, start = random_gradients(8, 3)
    query = optbench.replay(extragradient, gradients, start, points="query")
    after = start - np.cumsum(0.1 * gradients[1::2], axis=0)
    np.testing.assert_allclose(query[2::2], after, atol=1e-15)
    before = np.vstack([start, after[:-1]])
    np.testing.assert_allclose(query[1::2], before - 0.1 * gradients[::2], atol=1e-15)
    reported = optbench.replay(extragradient, gradients, start)
    np.testing.assert_array_equal(reported[::2], query[::2])


def test_two_evaluations_in_the_driver():
    """On Booth's quadratic f = |A x - b|^2, one step is x - lr g(x - lr g(x))."""
    matrix, b = np.array([[1.0, 2.0], [2.0, 1.0]]), np.array([7.0, 5.0])
    x = start = np.array([-3.0, 2.0])
    for _ in range(40):
        ahead = x - 0.01 * 2 * matrix.T @ (matrix @ x - b)
        x = x - 0.01 * 2 * matrix.T @ (matrix @ ahead - b)
    run = optbench.minimize(extragradient, "booth", steps=40, start=start, lr=0.01)
    assert run.evaluations_per_step == 2
    np.testing.assert_allclose(run.x[0], x, rtol=1e-12)


def test_combine_sees_f_and_keeps_lane_state():
    gradients, start = random_gradients(6, 4)
    values = np.array([3.0, 5.0, 1.0, 2.0, -1.0, 0.0])
    iterates = optbench.replay(polyak, gradients, start, values=values, below=0.25)
    lengths = (values - np.minimum.accumulate(values) + 0.25) / np.sum(gradients**2, axis=1)
    expected = start - np.cumsum(lengths[:, None] * gradients, axis=0)
    np.testing.assert_allclose(iterates[1:], expected, rtol=0, atol=1e-13)


def test_uniform_carries_its_value_from_step_to_step():
    gradients, start = random_gradients(6, 4)
    iterates, state = optbench.replay(growing, gradients, start, return_state=True, growth=2.0)
    factors = 2.0 ** np.arange(6)[:, None]
    np.testing.assert_allclose(iterates[1:], start - np.cumsum(0.1 * factors * gradients, axis=0))
    onward = optbench.replay(growing, gradients[:1], start, state=state, growth=2.0)
    np.testing.assert_allclose(onward[1], iterates[-1] - 0.1 * 64.0 * gradients[0])


def test_wrappers_come_before_the_rule():
    """A rule that divides by the gradient's length does not notice that it was clipped."""
    shape, (gradients, start) = [(2,), (3,)], random_gradients(9, 5)
    clipped = optbench.replay(trust, gradients, start, shape=shape, clip_norm=1e-3)
    plain = optbench.replay(trust, gradients, start, shape=shape)
    np.testing.assert_allclose(clipped, plain, rtol=1e-12)


def test_clip_uses_one_norm_over_all_layers():
    shape, (gradients, start) = [(10,), (70,)], random_gradients(5, 80)
    iterates = optbench.replay("gd", gradients, start, shape=shape, clip_norm=0.5, lr=1.0)
    scale = 0.5 / (np.linalg.norm(gradients, axis=1, keepdims=True) + 1e-6)
    np.testing.assert_allclose(
        iterates[1:], start - np.cumsum(scale * gradients, axis=0), rtol=1e-12
    )


def test_an_output_that_update_does_not_name_is_said():
    @optimizer(lr=Log(0.1))
    def forgetful(x, g, lr):
        return x - lr * g

    @forgetful.uniform
    def _(t):
        return 1.0 / t, 2.0 / t

    with pytest.raises(DefinitionError, match=r"test_parts\.py:\d+: .*forgetful returns 2 values"):
        optbench.replay(forgetful, [[1.0]], [0.0])


@pytest.mark.parametrize("arguments", [dict(lane_state={"total": 0.0}), dict(rows=1.0)])
def test_a_name_that_the_engine_uses_is_refused(arguments):
    with pytest.raises(DefinitionError, match=r"test_parts\.py:\d+: greedy cannot call lane state"):

        @optimizer(lr=Log(0.1), **arguments)
        def greedy(x, g, lr):
            return x - lr * g


def test_measure_sees_lane_state_and_uniform_outputs():
    """The sum of |g| t n over coordinates, n the number of steps so far, moves every coordinate."""

    @optimizer(lane_state={"seen": 0.0}, lr=Log(1.0))
    def counting(x, g, seen, lr, t_now, moved):
        return x - lr * moved

    @counting.uniform
    def _(t):
        return (float(t),)

    @counting.measure
    def _(g, seen, t_now):
        return abs(g) * t_now * seen

    @counting.combine
    def _(summed, seen):
        return seen + 1.0, summed

    gradients = np.ones((4, 70))
    expected = -70.0 * np.cumsum([0, 0, 2, 6, 12])
    for shape in (None, [(70,)], [(64,), (6,)]):
        found = optbench.replay(counting, gradients, np.zeros(70), shape=shape)
        np.testing.assert_allclose(found, np.tile(expected, (70, 1)).T, rtol=1e-14)


def test_a_flag_is_compiled_in_and_may_differ_by_lane():
    @optimizer(state="v", lr=Log(0.1), dampening=Flag())
    def flagged(x, g, v, lr, dampening):
        if dampening:
            v = 0.5 * v + 0.5 * g
        else:
            v = 0.5 * v + g
        return x - lr * v, v

    gradients, start = np.array([[1.0], [3.0]]), np.zeros(1)
    for settings, expected in (({}, 0.1 * (1 + 3.5)), (dict(dampening=True), 0.05 * (1 + 3.5))):
        points = optbench.replay(flagged, gradients, start, **settings)
        assert points[-1, 0] == pytest.approx(-expected, rel=1e-15)
    assert optbench.optimizer("gd").flags == {}
    alone = [optbench.minimize(flagged, "booth", steps=5, dampening=on).x[0] for on in (0, 1)]
    both = optbench.minimize(
        flagged, "booth", steps=5, lanes=2, dampening=np.array([0, 1]), start=np.zeros((2, 2))
    )
    np.testing.assert_array_equal(both.x, alone)
    with pytest.raises(SettingError, match="dampening = 2 is outside its range false or true"):
        optbench.replay(flagged, gradients, start, dampening=2)
