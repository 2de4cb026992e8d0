"""The gradient of `MLP` against stored torch autograd, differences, NumPy and algebra."""

import itertools
import json

import numpy as np
import pytest

from optbench.nets import MLP
from tests.tolerance import assert_within, rounding, size

from .helpers import (
    ACTIVATIONS,
    LOSSES,
    ORACLES,
    draw,
    mlp,
    numpy_loss_and_gradient,
    padded,
    padding,
    random_case,
    unpadded,
)

STORED = np.load(ORACLES / "nets.npz")
CASES = [json.loads(case) for case in STORED["cases"]]


def test_oracle_covers_every_combination():
    norms, none = ("batch_norm", "layer_norm", ""), (False, True)
    crossed = set(itertools.product(ACTIVATIONS, LOSSES, norms, none, none))
    stored = {
        (
            case["activation"],
            case["loss"],
            next((norm for norm in norms if norm in case), ""),
            "l1" in case and "l2" in case,
            "residual" in case,
        )
        for case in CASES[: len(crossed)]
    }
    assert stored == crossed


def conditions(net, params, gradient, X, y, vectors):
    """Return what a relative change by one of every parameter does to v'g, for each vector v.

    The slope of v'g is H v with the Hessian H, which is taken by a difference; what the sum v'g
    itself rounds is added.
    """
    x, g, step = unpadded(net, params), unpadded(net, gradient), 2.0**-20
    moved = [net.loss_and_grad(padded(net, x + step * v), X, y)[1] for v in vectors]
    slopes = [(unpadded(net, other) - g) / step for other in moved]
    return [
        size(x * slope).sum() + size(v * g).sum() for v, slope in zip(vectors, slopes, strict=True)
    ]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_equals_stored_torch(dtype):
    for case, (expected_loss, *expected) in zip(CASES, STORED["values"], strict=True):
        net, exact = mlp(case, dtype=dtype), mlp(case)
        X, y, params = draw(case)
        value, gradient = net.loss_and_grad(params, X, y)
        assert gradient.dtype == dtype
        _, true = exact.loss_and_grad(params, X, y)
        numbers = unpadded(net, gradient).astype(float)
        vectors = np.random.default_rng(len(numbers)).standard_normal((3, len(numbers)))
        # Every layer adds up its inputs on the way up, and its outputs on the way back; slopes of
        # weights are sums over the examples.
        roundings = 2 * sum(net.sizes) + len(X)
        bound = rounding(roundings, np.dot(size(params), size(true)), expected_loss, dtype=dtype)
        assert_within(value, expected_loss, bound)
        reach = np.array(conditions(exact, params, true, X, y, vectors))
        assert_within(vectors @ numbers, expected, rounding(roundings, reach, dtype=dtype))


FEATURES = [
    {},
    {"batch_norm": True},
    {"layer_norm": True, "residual": True},
    {"batch_norm": [True, False], "ghost_batch": 5, "l1": 0.3, "l2": 0.2},
]


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_equals_central_differences(activation, loss):
    for features in FEATURES:
        net = MLP((4, 6, 6, 3), activation, loss, **features)
        X, y, _ = random_case(net.sizes, loss, rows=9)
        params = net.init(4, "he_normal")
        params += 0.3 * np.random.default_rng(1).standard_normal(params.size) * ~padding(net)
        _, gradient = net.loss_and_grad(params, X, y)
        h = 1e-6
        for i in np.random.default_rng(0).choice(np.flatnonzero(~padding(net)), 12, replace=False):
            ahead, behind = params.copy(), params.copy()
            ahead[i] += h
            behind[i] -= h
            up, down = (net.loss_and_grad(p, X, y)[0] for p in (ahead, behind))
            assert gradient[i] == pytest.approx((up - down) / (2 * h), abs=1e-7), features


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
@pytest.mark.parametrize("loss", ["cross_entropy", "mse"])
def test_chunks_add_up(loss, rows):
    net = MLP((5, 8, 3), "tanh", loss)
    X, y, flat = random_case(net.sizes, loss, rows)
    value, gradient = net.loss_and_grad(padded(net, flat), X, y, training=False)
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
    params = net.init(0)
    for tensor, values in zip(
        itertools.chain(*net.unflatten(params)),
        ([[1e3, -1e3]], [0, 0], [[1e3, -1e3], [1e3, -1e3]], [0, 0]),
        strict=True,
    ):
        tensor[...] = values
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
