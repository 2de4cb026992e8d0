"""Nets of convolutions and pooling: plain Python, random stacks, what is refused."""

import numpy as np
import pytest

from optbench.errors import SettingError
from optbench.nets import Net
from optbench.nets.layers import (
    Activation,
    AvgPool2d,
    BatchNorm,
    Conv1d,
    Conv2d,
    Dense,
    Flatten,
    LayerNorm,
    MaxPool2d,
    Residual,
)

from ..plain_net import plain_loss_and_grad
from ..stacks import assert_equal_to_torch, random_data
from .images import CLOSE, NETS


@pytest.mark.parametrize("name", NETS)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_compiled_nets_equal_plain_python(name, dtype):
    net = Net(NETS[name], input=(7, 6, 2), dtype=dtype)
    rng = np.random.default_rng(4)
    X, y = rng.standard_normal((45, net.n_in)), rng.integers(0, net.n_out, 45)
    params = net.init(0)
    value, gradient = net.loss_and_grad(params, X, y)
    plain = Net(NETS[name], input=(7, 6, 2))
    expected_value, expected = plain_loss_and_grad(plain, params, X, y)
    close = 1e-12 if dtype == "float64" else 2e-5
    assert value == pytest.approx(expected_value, rel=close)
    np.testing.assert_allclose(gradient, expected, rtol=0, atol=close * np.abs(expected).max())


@pytest.mark.parametrize("channels", [1, 5, 8, 20])
def test_channels_that_fill_no_register_are_pooled_as_in_plain_python(channels):
    layers = [
        Conv2d(channels, 3, padding=2), Activation("tanh"), MaxPool2d(2, stride=1), AvgPool2d(3, 2),
        Flatten(), Dense(3),
    ]  # fmt: skip
    rng = np.random.default_rng(channels)
    for dtype, close in (("float64", 1e-12), ("float32", 2e-5)):
        net = Net(layers, input=(6, 7, 1), dtype=dtype)
        X, y = rng.standard_normal((5, net.n_in)), rng.integers(0, 3, 5)
        params = net.init(0)
        value, gradient = net.loss_and_grad(params, X, y)
        expected_value, expected = plain_loss_and_grad(net, params.astype(float), X, y)
        assert value == pytest.approx(expected_value, rel=close)
        np.testing.assert_allclose(gradient, expected, rtol=0, atol=close * np.abs(expected).max())


@pytest.mark.parametrize(
    ("layer", "shape", "message"),
    [
        (Conv2d(4, 3), (8, 8), r"layer 1, Conv2d\(4, kernel=3\): examples of shape \(8, 8\) came, "
         r"expected \(height, width, channels\)"),
        (Conv2d(4, 5, padding=1), (4, 2, 1), r"layer 1, Conv2d\(4, kernel=5, padding=1\): its "
         "windows of 5 x 5 are larger than the image of 6 x 4, the border of zeros included;"),
        (Conv1d(4, 5), (4, 2), "windows of 1 x 5 are larger than the image of 1 x 4; make"),
        (Conv1d(4, 5), (4, 2, 2), r"\(4, 2, 2\) came, expected \(time, features\)"),
        (MaxPool2d(3), (2, 9, 1), "windows of 3 x 3 are larger than the image of 2 x 9; make"),
        (AvgPool2d(3), (9,), r"\(9,\) came, expected \(height, width, channels\)"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_at_the_declaration(layer, shape, message):
    with pytest.raises(SettingError, match=message):
        Net([layer, Flatten(), Dense(2)], input=shape)


@pytest.mark.parametrize(
    ("create", "message"),
    [
        (lambda: Conv2d(0, 3), "filters = 0 is out of range"),
        (lambda: Conv2d(3, 2.5), "kernel = 2.5 must be a whole number"),
        (lambda: Conv1d(3, 2, stride=0), "stride = 0 is out of range"),
        (lambda: Conv2d(3, 2, padding=-1), "padding = -1 is out of range"),
        (lambda: MaxPool2d(0), "k = 0 is out of range"),
        (lambda: AvgPool2d(2, 0), "stride = 0 is out of range"),
    ],
)
def test_settings_that_are_not_allowed(create, message):
    with pytest.raises(SettingError, match=message):
        create()


def test_convolutions_refuse_sequences_with_lengths():
    with pytest.raises(SettingError, match="sequences with lengths came"):
        Net([Conv1d(2, 2), Flatten(), Dense(2)], input=(4, 3), lengths=True)


def test_tensors_start_as_in_torch():
    net = Net([Conv2d(64, 3), Flatten(), Dense(2)], input=(8, 8, 16))
    tensors = net.unflatten(net.init(0))[0]
    assert tensors["weight"].shape == (64, 16, 3, 3) and tensors["bias"].shape == (64,)
    bound = 1 / np.sqrt(16 * 9)
    for tensor in tensors.values():
        assert np.abs(tensor).max() <= bound and np.abs(tensor).max() > 0.9 * bound
        assert tensor.std() == pytest.approx(bound / np.sqrt(3), rel=0.2)


def random_image_layer(rng, shape):
    """Return a random layer for images of a shape; windows fit into them."""
    kind, side = rng.integers(0, 6), min(shape[:2])
    k = int(rng.integers(1, min(side, 3) + 1))
    stride = int(rng.integers(1, 4))
    if kind == 0:
        return (MaxPool2d, AvgPool2d)[rng.integers(0, 2)](k, stride)
    if kind == 1:
        return (BatchNorm, LayerNorm)[rng.integers(0, 2)]()
    if kind == 2:
        name = str(rng.choice(["tanh", "gelu", "sigmoid", "silu"]))
        return Activation(name)
    if kind == 3:
        inside = [Conv2d(4, 3, padding=1), Activation("tanh"), Conv2d(shape[2], 1)]
        return Residual(inside)
    bias = bool(rng.integers(0, 2))
    return Conv2d(int(rng.integers(1, 9)), k, stride, int(rng.integers(0, 3)), bias)


def random_image_net(seed):
    """Return a net of at most 6 random layers before its last one."""
    rng = np.random.default_rng([20261130, seed])
    shape = tuple(map(int, (*rng.integers(3, 9, 2), rng.integers(1, 4))))
    layers, at = [], shape
    for _ in range(int(rng.integers(1, 7))):
        layers.append(random_image_layer(rng, at))
        at = layers[-1].output(at)
    return Net([*layers, Flatten(), Dense(3)], input=shape)


@pytest.mark.conformance
@pytest.mark.parametrize("seed", range(60))
def test_gradient_of_a_random_stack_of_images_equals_torch(seed):
    net = random_image_net(seed)
    X, y, params = random_data(net, seed)
    value, gradient = plain_loss_and_grad(net, params, X, y)
    assert_equal_to_torch(net, params, X, y, value, gradient, CLOSE)


@pytest.mark.parametrize("seed", range(4))
def test_gradient_of_a_random_stack_of_images_equals_central_differences(seed):
    net = random_image_net(seed + 100)
    X, y, params = random_data(net, seed, rows=4)
    _, gradient = plain_loss_and_grad(net, params, X, y)
    rng, step = np.random.default_rng(seed), 1e-5
    for _ in range(3):
        way = np.zeros(net.dim)
        for tensors in net.unflatten(way):
            for tensor in tensors.values():
                tensor[...] = rng.standard_normal(tensor.shape)
        ends = [plain_loss_and_grad(net, params + s * way, X, y)[0] for s in (step, -step)]
        scale = np.abs(gradient) @ np.abs(way)
        assert (ends[0] - ends[1]) / (2 * step) == pytest.approx(gradient @ way, abs=1e-6 * scale)
