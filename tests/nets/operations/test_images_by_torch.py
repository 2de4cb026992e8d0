"""Convolution and pooling of images, against torch autograd."""

import itertools

import numpy as np
import pytest

from optbench.nets import Net
from optbench.nets.layers import (
    AvgPool2d,
    Conv1d,
    Conv2d,
    MaxPool2d,
)

from ..stacks import random_data
from .images import CLOSE, NETS, alone, drawn

SIZES = list(itertools.product([3, 4, 7, 8], [4, 5]))
"""Heights and widths, odd and even."""
CASES = [
    (kernel, stride, padding, sides)
    for kernel in (1, 2, 3)
    for stride, padding, sides in itertools.product((1, 2, 3), (0, 1, 2), SIZES)
]


def channels_first(images):
    return np.moveaxis(images, -1, 1)


def torch_gradients(function, X, D, tensors):
    """Return outputs, dLoss/dX and those of tensors by autograd; images have channels last."""
    import torch

    x = torch.tensor(channels_first(X).copy(), requires_grad=True)
    leaves = {name: torch.tensor(v.copy(), requires_grad=True) for name, v in tensors.items()}
    z = function(x, **leaves)
    z.backward(torch.tensor(channels_first(D).copy()))
    back = [np.moveaxis(v.detach().numpy(), 1, -1) for v in (z, x.grad)]
    return *back, {name: v.grad.numpy() for name, v in leaves.items()}


def assert_as_torch(layer, shape, function, rows=3):
    """Compare a layer with a function of torch."""
    single = alone(layer, shape, rows)
    X, D = drawn(single, shape, rows)
    outputs, errors, slopes = torch_gradients(function, X, D, single.tensors)
    ours = single.backward(X, D)
    np.testing.assert_allclose(ours.outputs, outputs, rtol=0, atol=CLOSE)
    np.testing.assert_allclose(ours.errors, errors, rtol=0, atol=CLOSE)
    for name, slope in slopes.items():
        np.testing.assert_allclose(ours.grads[name], slope, rtol=0, atol=CLOSE, err_msg=name)


@pytest.mark.conformance
@pytest.mark.parametrize(("kernel", "stride", "padding", "sides"), CASES)
def test_convolution_equals_torch(kernel, stride, padding, sides):
    from torch.nn import functional

    def convolve(x, weight, bias=None):
        return functional.conv2d(x, weight, bias, stride, padding)

    assert_as_torch(Conv2d(4, kernel, stride, padding), (*sides, 3), convolve)


@pytest.mark.conformance
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("padding", [0, 1, 2])
def test_convolution_of_sequences_equals_torch(stride, padding):
    from torch.nn import functional

    def convolve(x, weight, bias=None):
        return functional.conv1d(x, weight, bias, stride, padding)

    for kernel, time, bias in itertools.product((1, 2, 3), (3, 8, 11), (True, False)):
        assert_as_torch(Conv1d(5, kernel, stride, padding, bias), (time, 2), convolve)


@pytest.mark.conformance
@pytest.mark.parametrize("k", [1, 2, 3])
@pytest.mark.parametrize("stride", [None, 1, 2, 3])
def test_pooling_equals_torch(k, stride):
    from torch.nn import functional

    for sides in SIZES:
        shape = (*sides, 3)
        assert_as_torch(MaxPool2d(k, stride), shape, lambda x: functional.max_pool2d(x, k, stride))
        assert_as_torch(AvgPool2d(k, stride), shape, lambda x: functional.avg_pool2d(x, k, stride))


@pytest.mark.conformance
def test_of_equal_numbers_torch_too_takes_the_first():
    from torch.nn import functional

    single = alone(MaxPool2d(2, 1), (5, 5, 2), 3)
    rng = np.random.default_rng(0)
    X = rng.integers(0, 3, (3, 5, 5, 2)).astype(float)
    X[1, 2, 3, 0] = X[2, 1, 1, 1] = np.nan
    D = rng.standard_normal((3, 4, 4, 2))
    outputs, errors, _ = torch_gradients(lambda x: functional.max_pool2d(x, 2, 1), X, D, {})
    ours = single.backward(X, D)
    np.testing.assert_array_equal(ours.outputs, outputs)
    np.testing.assert_allclose(ours.errors, errors, rtol=0, atol=1e-15)


@pytest.mark.conformance
def test_two_hundred_steps_equal_torch():
    import torch

    from ..torch_twin import LOSSES, tensors_of, torch_outputs

    net = Net(NETS["one register of channels"], input=(7, 6, 2))
    X, y, params = random_data(net, 0, rows=24)
    leaves, keys = tensors_of(net, params)
    for _ in range(200):
        _, gradient = net.loss_and_grad(params, X, y)
        params = params - 0.05 * gradient
        loss = LOSSES[net.loss](torch_outputs(net, leaves, keys, X), torch.tensor(y))
        slopes = torch.autograd.grad(loss, list(leaves.values()))
        with torch.no_grad():
            for leaf, slope in zip(leaves.values(), slopes, strict=True):
                leaf -= 0.05 * slope
    ends = net.unflatten(params)
    for layer, name, key in net.probe.names:
        theirs = leaves[key].detach().numpy()
        np.testing.assert_allclose(ends[layer - 1][name], theirs, rtol=0, atol=1e-8)
