"""Random stacks of layers against torch autograd, in float64."""

import numpy as np
import pytest

from .helpers import ORACLES
from .plain_net import plain_loss_and_grad
from .stacks import RATE, STEPS, TRAINED, assert_equal_to_torch, directions, random_data, random_net

STACKS = 150


STORED = np.load(ORACLES / "stacks.npz")


def test_gradients_of_stacks_equal_stored_torch():
    for seed, (expected_value, *expected) in enumerate(STORED["values"]):
        net = random_net(seed)
        X, y, params = random_data(net, seed)
        value, gradient = plain_loss_and_grad(net, params, X, y)
        vectors = directions(net, seed)
        assert value == pytest.approx(expected_value, rel=1e-11), net
        reach = 1e-9 * np.abs(vectors) @ np.abs(gradient) + 1e-12
        assert (np.abs(vectors @ gradient - expected) <= reach).all(), net


@pytest.mark.parametrize("number", range(len(TRAINED)))
def test_two_hundred_steps_equal_stored_torch(number):
    net = random_net(TRAINED[number])
    X, y, params = random_data(net, TRAINED[number])
    for _ in range(STEPS):
        params = params - RATE * plain_loss_and_grad(net, params, X, y)[1]
    found = directions(net, TRAINED[number]) @ params
    np.testing.assert_allclose(found, STORED["trained"][number], rtol=1e-8, atol=1e-8)


@pytest.mark.conformance
@pytest.mark.parametrize("seed", range(STACKS))
def test_gradient_of_a_random_stack_equals_torch(seed):
    net = random_net(seed)
    X, y, params = random_data(net, seed)
    value, gradient = plain_loss_and_grad(net, params, X, y)
    assert_equal_to_torch(net, params, X, y, value, gradient)


@pytest.mark.parametrize("seed", range(12))
def test_gradient_of_a_random_stack_equals_central_differences(seed):
    net = random_net(seed + 1000)
    X, y, params = random_data(net, seed)
    _, gradient = plain_loss_and_grad(net, params, X, y)
    numbers = np.zeros(net.dim, bool)
    for tensors in net.unflatten(numbers):
        for tensor in tensors.values():
            tensor[...] = True
    assert not gradient[~numbers].any()
    h = 1e-6
    for i in np.random.default_rng(seed).choice(np.flatnonzero(numbers), 4):
        ahead, behind = params.copy(), params.copy()
        ahead[i] += h
        behind[i] -= h
        up, down = (plain_loss_and_grad(net, moved, X, y)[0] for moved in (ahead, behind))
        assert gradient[i] == pytest.approx((up - down) / (2 * h), abs=3e-8), net
