"""Convolution and pooling of images, against torch autograd and against NumPy's windows."""

import itertools

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

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
from optbench.nets.packing import padded
from optbench.nets.tape.records import D_OUT

from ..plain_net import plain_loss_and_grad
from ..stacks import random_data
from ..test_stacks import assert_equal_to_torch
from .single import Single

CLOSE = 1e-9
SIZES = list(itertools.product([3, 4, 7, 8], [4, 5]))
"""Heights and widths, odd and even."""
CASES = [
    (kernel, stride, padding, sides)
    for kernel in (1, 2, 3)
    for stride, padding, sides in itertools.product((1, 2, 3), (0, 1, 2), SIZES)
]


def alone(layer, shape, rows):
    """Return a layer by itself; one without tensors is given a place for dLoss/d(outputs)."""
    single = Single(layer, shape, rows)
    if single.q[single.record + D_OUT] < 0:
        single.q[single.record + D_OUT] = single.size
        single.size += padded(rows * single.output.size)
    return single


def drawn(single, shape, rows, seed=1):
    """Return inputs and dLoss/d(outputs) for a layer, without equal numbers."""
    rng = np.random.default_rng(seed)
    return rng.standard_normal((rows, *shape)), rng.standard_normal((rows, *single.output.shape))


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


def windows_of(X, kernel, stride, padding):
    """Return [n, height, width, channels, kernel, kernel] by NumPy."""
    border = [(0, 0), (padding, padding), (padding, padding), (0, 0)]
    return sliding_window_view(np.pad(X, border), (kernel, kernel), (1, 2))[:, ::stride, ::stride]


@pytest.mark.parametrize(
    ("kernel", "stride", "padding", "sides"),
    [(3, 1, 1, (5, 4)), (3, 2, 0, (8, 7)), (2, 3, 2, (4, 5)), (1, 2, 0, (3, 3)), (4, 1, 0, (4, 4))],
)
def test_convolution_equals_windows_of_numpy(kernel, stride, padding, sides):
    shape = (*sides, 3)
    single = alone(Conv2d(4, kernel, stride, padding), shape, 3)
    X, D = drawn(single, shape, 3)
    ours, V = single.backward(X, D), windows_of(X, kernel, stride, padding)
    weight, bias = single.tensors["weight"], single.tensors["bias"]
    expected = np.einsum("nyxcij,fcij->nyxf", V, weight) + bias
    np.testing.assert_allclose(ours.outputs, expected, rtol=0, atol=1e-12)
    slopes = np.einsum("nyxcij,nyxf->fcij", V, D)
    np.testing.assert_allclose(ours.grads["weight"], slopes, rtol=0, atol=1e-12)
    np.testing.assert_allclose(ours.grads["bias"], D.sum(axis=(0, 1, 2)), rtol=0, atol=1e-12)
    # A convolution is linear in X: the errors are what gives <errors, E> = <D, convolution of E>.
    for seed in range(5):
        E = np.random.default_rng(seed).standard_normal(X.shape)
        into = np.einsum("nyxcij,fcij->nyxf", windows_of(E, kernel, stride, padding), weight)
        assert np.vdot(ours.errors, E) == pytest.approx(np.vdot(D, into), rel=1e-11, abs=1e-11)


@pytest.mark.parametrize("layer", [Conv2d(3, 2, 1, 1), MaxPool2d(2, 1), AvgPool2d(2, 1)])
def test_gradients_are_added_where_asked(layer):
    shape = (4, 5, 3)
    single = alone(layer, shape, 4)
    X, D = drawn(single, shape, 4)
    written, added = single.backward(X, D), single.backward(X, D, before=0.25)
    np.testing.assert_allclose(added.errors, written.errors + 0.25, rtol=0, atol=1e-13)
    for name in single.tensors:
        expected = written.grads[name] + 0.25
        np.testing.assert_allclose(added.grads[name], expected, rtol=0, atol=1e-13)


def test_many_images_take_several_products():
    single = alone(Conv2d(2, 3, 1, 1), (16, 8, 1), 5)  # two images a product
    X, D = drawn(single, (16, 8, 1), 5)
    ours, V = single.backward(X, D), windows_of(X, 3, 1, 1)
    slopes = np.einsum("nyxcij,nyxf->fcij", V, D)
    np.testing.assert_allclose(ours.grads["weight"], slopes, rtol=0, atol=1e-12)
    expected = np.einsum("nyxcij,fcij->nyxf", V, single.tensors["weight"])
    np.testing.assert_allclose(ours.outputs, expected + single.tensors["bias"], atol=1e-12)


def test_pooling_by_hand():
    X = np.array([[1.0, 5, 2], [5, 3, 2], [9, 9, 9]])[None, :, :, None]
    most, mean = alone(MaxPool2d(2), (3, 3, 1), 1), alone(AvgPool2d(2, 1), (3, 3, 1), 1)
    found = most.backward(X, np.full((1, 1, 1, 1), 7.0))
    assert found.outputs.ravel() == [5]
    np.testing.assert_array_equal(found.errors[0, :, :, 0], [[0, 7, 0], [0, 0, 0], [0, 0, 0]])
    found = mean.backward(X, np.array([4.0, 8, 12, 16]).reshape(1, 2, 2, 1))
    np.testing.assert_array_equal(found.outputs.ravel(), [3.5, 3, 6.5, 5.75])
    np.testing.assert_array_equal(found.errors[0, :, :, 0], [[1, 3, 2], [4, 10, 6], [3, 7, 4]])


def test_a_convolution_is_a_dense_layer_with_tied_weights():
    """Over windows side by side it is the same dense layer on every window."""
    rng = np.random.default_rng(3)
    conv, dense = alone(Conv1d(3, 2, stride=2), (6, 4), 2), alone(Dense(3), (3, 8), 2)
    weight = conv.tensors["weight"]
    dense.tensors["weight"][...] = weight.transpose(0, 2, 1).reshape(3, 8)
    dense.tensors["bias"][...] = conv.tensors["bias"]
    X, D = rng.standard_normal((2, 6, 4)), rng.standard_normal((2, 3, 3))
    ours, theirs = conv.backward(X, D), dense.backward(X.reshape(2, 3, 8), D)
    np.testing.assert_allclose(ours.outputs, theirs.outputs, rtol=0, atol=1e-13)
    np.testing.assert_allclose(ours.errors.ravel(), theirs.errors.ravel(), rtol=0, atol=1e-13)
    slopes = theirs.grads["weight"].reshape(3, 2, 4).transpose(0, 2, 1)
    np.testing.assert_allclose(ours.grads["weight"], slopes, rtol=0, atol=1e-13)


NETS = {
    "one register of channels": [
        Conv2d(8, 3, padding=1), Activation("relu"), MaxPool2d(2), Conv2d(16, 2),
        Activation("tanh"), AvgPool2d(2, 1), Flatten(), Dense(3),
    ],
    "odd channels": [
        Conv2d(5, 2, 2, 1, bias=False), Activation("gelu"), AvgPool2d(2, 1), Conv2d(3, 3, 1, 1),
        Activation("relu"), MaxPool2d(3, 1), Flatten(), Dense(4),
    ],
}  # fmt: skip


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
