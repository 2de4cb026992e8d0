"""Matrix rules in the driver, behind wrappers, and those that users write."""

import numpy as np
import pytest

import optbench
from optbench.define import Log, optimizer, span
from optbench.errors import DefinitionError, UserError
from optbench.lanes.job import Job, LaneInputs
from optbench.lanes.simulating import simulate

from .matrix_rules import RULES
from .references.matrices import SHAPES, inputs


def net():
    return next(n for n, p in optbench.problems().items() if optbench.problem(n).kind == "net")


@pytest.mark.parametrize("rule", ["sm3", "adafactor", "muon", "shampoo"])
def test_driver_equals_replay_on_a_net(rule):
    """One step: the batch's gradient is what a step of sgd with rate 1 subtracts."""
    problem = optbench.problem(net())
    start = problem.starts([3])[0]
    shapes = [a.shape for layer in problem.net.net.unflatten(start) for a in layer]
    gradient = start - optbench.minimize("sgd", problem, steps=1, seed=3, lr=1.0).x[0]

    def dense(flat):
        layers = problem.net.net.unflatten(flat)
        return np.concatenate([a.ravel() for layer in layers for a in layer])

    run = optbench.minimize(rule, problem, steps=1, seed=3)
    expected = optbench.replay(rule, [dense(gradient)], dense(start), shape=shapes)[1]
    moved = np.abs(expected - dense(start)).max()
    np.testing.assert_allclose(dense(run.x[0]), expected, rtol=0, atol=1e-9 * moved)


@pytest.mark.parametrize("rule", RULES)
def test_rate_zero_leaves_a_net_unchanged(rule):
    problem = optbench.problem(net())
    starts = problem.starts([0])
    outcome = simulate(
        problem,
        optbench.optimizer(rule),
        LaneInputs(starts, problem.keys([0]), np.zeros(1)),
        Job(steps=12),
    )
    np.testing.assert_array_equal(outcome.x, starts)


@pytest.mark.parametrize("rule", ["sm3", "muon", "soap"])
def test_lanes_do_not_see_each_other_and_nets_learn(rule):
    problem = optbench.problem(net())
    run = optbench.minimize(rule, problem, steps=30, lanes=3, threads=1)
    alone = optbench.minimize(rule, problem, steps=30, seed=2, threads=1)
    assert run.x[2].tobytes() == alone.x[0].tobytes()
    assert (run.f < run.f_start).all()


def test_wrappers_compose_with_matrix_rules():
    gradients, start = inputs(20)
    clipped = optbench.replay("sm3", gradients, start, shape=SHAPES, clip_norm=0.5)
    scales = np.minimum(1.0, 0.5 / (np.linalg.norm(gradients, axis=1, keepdims=True) + 1e-6))
    by_hand = optbench.replay("sm3", gradients * scales, start, shape=SHAPES)
    np.testing.assert_allclose(clipped, by_hand, rtol=1e-9)
    query = optbench.replay("sm3", gradients, start, shape=SHAPES, sam_rho=0.1, points="query")
    alone = optbench.replay("sm3", gradients[1::2], start, shape=SHAPES)
    np.testing.assert_allclose(query[::2], alone, rtol=1e-9)


@pytest.mark.parametrize("rule", RULES)
def test_surfaces_are_refused(rule):
    message = f"{rule} sees whole matrices; rosenbrock has none"
    assert optbench.optimizer(rule).wants(optbench.problem("rosenbrock")) == message
    assert optbench.optimizer(rule).wants(optbench.problem(net())) is None
    with pytest.raises(UserError, match=message):
        optbench.minimize(rule, "rosenbrock", steps=3)
    with pytest.raises(UserError, match=rf"replay: {rule} sees whole tensors; give their shapes"):
        optbench.replay(rule, np.ones((2, 4)), np.ones(4))


def test_a_matrix_rule_of_ones_own():
    @optimizer(matrix=True, memory={"seen": "n"}, buffers={"mean": "m"}, lr=Log(0.1))
    def centred(x, g, seen, mean, lr):
        for i in range(x.shape[0]):
            mean[i] = 0.0
            for j in span(x.shape[1]):
                mean[i] += g[i, j] / x.shape[1]
                seen[j] += 1.0
            for j in span(x.shape[1]):
                x[i, j] -= lr * (g[i, j] - mean[i])

    gradients = np.arange(12.0).reshape(2, 6)
    points, state = optbench.replay(
        centred, gradients, np.zeros(6), shape=[(2, 3)], return_state=True
    )
    step = np.array([-1, 0, 1, -1, 0, 1]) * -0.1
    np.testing.assert_allclose(points, np.outer([0, 1, 2], step), atol=1e-15)
    np.testing.assert_array_equal(state.memory[:3], [4, 4, 4])


def test_vectors_may_have_a_function_of_their_own():
    @optimizer(matrix=True, lr=Log(0.1))
    def halved(x, g, lr, half):
        for i in range(x.shape[0]):
            for j in span(x.shape[1]):
                x[i, j] -= half * lr * g[i, j]

    @halved.vectors
    def _(x, g, lr, double):
        for j in span(x.shape[1]):
            x[0, j] -= double * lr * g[0, j]

    @halved.uniform
    def _(t):
        return 0.5, 2.0

    points = optbench.replay(halved, np.ones((1, 5)), np.zeros(5), shape=[(1, 2), (3,)])
    np.testing.assert_allclose(points[1], [-0.05, -0.05, -0.2, -0.2, -0.2], rtol=1e-15)

    @optimizer(lr=Log(0.1))
    def coordinates(x, g, lr):
        return x - lr * g

    with pytest.raises(DefinitionError, match=r"coordinates is no matrix rule.*matrix=True"):
        coordinates.vectors(lambda x, g, lr: None)


def test_declarations_that_do_not_fit_are_said():
    @optimizer(matrix=True, memory={"odd": "mq"}, lr=Log(0.1))
    def odd(x, g, odd, lr):
        x[0, 0] -= lr * g[0, 0]

    with pytest.raises(DefinitionError, match=r"odd declares 'odd' with the shape 'mq'"):
        optbench.replay(odd, [[1.0]], [0.0], shape=[(1, 1)])

    @optimizer(matrix=True, lr=Log(0.1))
    def extra(x, g, lr, surprise):
        x[0, 0] -= lr * g[0, 0]

    with pytest.raises(DefinitionError, match="takes 'surprise'"):
        optbench.replay(extra, [[1.0]], [0.0], shape=[(1, 1)])
