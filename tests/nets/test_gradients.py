"""The gradient of `MLP` against stored torch autograd, differences, NumPy and algebra."""

import numpy as np
import pytest

from optbench.nets import MLP

from .helpers import (
    ACTIVATIONS,
    LOSSES,
    ORACLES,
    numpy_loss_and_gradient,
    padded,
    padding,
    random_case,
    unpadded,
)

STORED = np.load(ORACLES / "nets.npz")
CASES = sorted(key.removesuffix("/gradient") for key in STORED.files if key.endswith("/gradient"))


def stored(case):
    """Return sizes, activation, loss, X, y, parameters, and torch's loss and gradient."""
    name, activation, loss = case.split("/")
    X, labels, wanted, params = (STORED[f"{name}/{k}"] for k in ("X", "labels", "wanted", "params"))
    y = labels if loss == "cross_entropy" else wanted
    sizes = tuple(map(int, name.split("-")))
    return sizes, activation, loss, X, y, params, STORED[f"{case}/loss"], STORED[f"{case}/gradient"]


def test_oracle_covers_every_pair():
    pairs = {tuple(case.split("/")[1:]) for case in CASES}
    assert pairs == {(a, loss) for a in ACTIVATIONS for loss in LOSSES}


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("case", CASES)
def test_equals_stored_torch(case, dtype):
    sizes, activation, loss, X, y, flat, expected_loss, expected = stored(case)
    net = MLP(sizes, activation, loss, dtype=dtype)
    value, gradient = net.loss_and_grad(padded(net, flat), X, y)
    tolerance = 1e-10 if dtype == "float64" else 1e-4
    assert gradient.dtype == dtype
    assert value == pytest.approx(expected_loss, rel=tolerance)
    scale = np.abs(expected).max()
    assert np.abs(unpadded(net, gradient) - expected).max() <= tolerance * scale


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_equals_central_differences(activation, loss):
    net = MLP((4, 6, 5, 3), activation, loss)
    X, y, flat = random_case(net.sizes, loss, rows=9)
    params = padded(net, flat)
    _, gradient = net.loss_and_grad(params, X, y)
    h = 1e-5
    for i in np.random.default_rng(0).choice(params.size, 60, replace=False):
        ahead, behind = params.copy(), params.copy()
        ahead[i] += h
        behind[i] -= h
        slope = (net.loss_and_grad(ahead, X, y)[0] - net.loss_and_grad(behind, X, y)[0]) / (2 * h)
        assert gradient[i] == pytest.approx(slope, abs=1e-8)


@pytest.mark.parametrize("sizes", [(3, 2), (7, 70, 3), (65, 64, 2)])
def test_padding_has_zero_gradient_and_no_effect(sizes):
    net = MLP(sizes)
    X, y, flat = random_case(sizes, net.loss, rows=5)
    params, gap = padded(net, flat), padding(net)
    assert gap.any()
    value, gradient = net.loss_and_grad(params, X, y)
    assert not gradient[gap].any()
    params[gap] = 1e6
    other, same = net.loss_and_grad(params, X, y)
    assert other == value
    np.testing.assert_array_equal(gradient, same)


@pytest.mark.parametrize("rows", [255, 256, 257, 1000])
@pytest.mark.parametrize("loss", LOSSES)
def test_chunks_add_up(loss, rows):
    net = MLP((5, 8, 3), "tanh", loss)
    X, y, flat = random_case(net.sizes, loss, rows)
    value, gradient = net.loss_and_grad(padded(net, flat), X, y)
    expected_loss, expected = numpy_loss_and_gradient(net, padded(net, flat), X, y)
    assert value == pytest.approx(expected_loss, rel=1e-12)
    np.testing.assert_allclose(unpadded(net, gradient), expected, rtol=1e-10, atol=1e-14)


def test_gradient_vanishes_at_least_squares():
    rng = np.random.default_rng(3)
    X, y = rng.standard_normal((40, 4)), rng.standard_normal(40)
    columns = np.column_stack([X, np.ones(40)])
    solution, residual, *_ = np.linalg.lstsq(columns, y, rcond=None)
    net = MLP((4, 1), loss="mse")
    value, gradient = net.loss_and_grad(padded(net, solution), X, y)
    assert value == pytest.approx(residual[0] / 40, rel=1e-12)
    assert np.abs(gradient).max() < 1e-14


def test_loss_of_uniform_probabilities():
    net = MLP((4, 3, 10))
    value, gradient = net.loss_and_grad(net.init(0, "zeros"), np.ones((5, 4)), np.arange(5))
    assert value == pytest.approx(np.log(10), rel=1e-15)
    bias = net.unflatten(gradient)[-1][1]
    np.testing.assert_allclose(bias, 0.1 - np.repeat([0.2, 0.0], 5), atol=1e-16)


def test_relu_has_slope_zero_at_its_kink():
    net = MLP((1, 1, 2))
    params = padded(net, np.array([0.0, 0.0, 1.0, -1.0, 0.0, 0.0]))
    _, gradient = net.loss_and_grad(params, [[1.0]], [0])
    np.testing.assert_array_equal(unpadded(net, gradient)[:2], [0.0, 0.0])


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_large_arguments_do_not_overflow(activation):
    net = MLP((1, 2, 2), activation)
    params = padded(net, np.array([1e3, -1e3, 0, 0, 1e3, -1e3, 1e3, -1e3, 0, 0]))
    value, gradient = net.loss_and_grad(params, [[2.0], [-2.0]], [0, 1])
    assert np.isfinite(value)
    assert np.isfinite(gradient).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_a_broken_weight_is_not_hidden(activation, bad):
    net = MLP((2, 3, 2), activation)
    params = net.init(0)
    params[-64:] = bad  # the output biases
    assert not np.isfinite(net.loss_and_grad(params, [[1.0, 2.0]], [1])[0])
    params = net.init(0)
    params[0] = np.nan
    assert np.isnan(net.loss_and_grad(params, [[1.0, 2.0]], [1])[0])
