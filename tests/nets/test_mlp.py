"""`MLP` as a user meets it: initial parameters, views, predictions and refusals."""

import subprocess
import sys

import numpy as np
import pytest

from optbench.nets import MLP

from .helpers import padded, padding, random_case


def test_importing_the_package_is_light():
    code = "import sys, optbench.nets; sys.exit('numba' in sys.modules or 'sklearn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_unflatten_gives_views_in_layer_order():
    net = MLP((3, 5, 2))
    params = np.arange(net.layers[-1] * 64, dtype=float)
    (W1, b1), (W2, b2) = net.unflatten(params)
    assert [a.shape for a in (W1, b1, W2, b2)] == [(3, 5), (5,), (5, 2), (2,)]
    np.testing.assert_array_equal(W1, np.arange(15.0).reshape(3, 5))
    assert [a.flat[0] for a in (b1, W2, b2)] == [64, 128, 192]
    b2[0] = -1
    assert params[192] == -1


@pytest.mark.parametrize(
    ("sizes", "rows"),
    [((3, 2), [0, 1, 2]), ((64, 32, 10), [0, 32, 33, 38, 39]), ((13, 5, 64), [0, 2, 3, 8, 9])],
)
def test_tensors_start_at_multiples_of_64(sizes, rows):
    np.testing.assert_array_equal(MLP(sizes).layers, rows)


def test_he_normal():
    net = MLP((400, 300, 10))
    params = net.init(3)
    (W1, b1), (W2, b2) = net.unflatten(params)
    assert W1.std() == pytest.approx(np.sqrt(2 / 400), rel=0.02)
    assert W2.std() == pytest.approx(np.sqrt(2 / 300), rel=0.05)
    assert abs(W1.mean()) < 0.001
    assert not b1.any()
    assert not b2.any()
    assert not params[padding(net)].any()


def test_xavier_uniform():
    (W, b), *_ = MLP((300, 200, 2)).unflatten(MLP((300, 200, 2)).init(0, "xavier_uniform"))
    bound = np.sqrt(6 / 500)
    assert 0.99 * bound < np.abs(W).max() <= bound
    assert W.std() == pytest.approx(bound / np.sqrt(3), rel=0.01)
    assert not b.any()


def test_seeds():
    net = MLP((4, 3))
    np.testing.assert_array_equal(net.init(1), net.init(1))
    assert not np.array_equal(net.init(1), net.init(2))
    assert not net.init(1, "zeros").any()


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_predict(dtype):
    X, _, flat = random_case((4, 6, 3), "mse", rows=300)
    expected = None
    for loss in ("mse", "cross_entropy"):
        net = MLP((4, 6, 3), "tanh", loss, dtype=dtype)
        params = padded(net, flat)
        (W1, b1), (W2, b2) = net.unflatten(params)
        expected = np.tanh(X @ W1 + b1) @ W2 + b2
        if loss == "cross_entropy":
            expected = np.exp(expected) / np.exp(expected).sum(axis=1, keepdims=True)
        got = net.predict(params, X)
        assert got.dtype == dtype
        np.testing.assert_allclose(
            got, expected, rtol=1e-4, atol=1e-10 if dtype == "float64" else 1e-5
        )


def test_float32_class_as_dtype():
    assert MLP((2, 2), dtype=np.float32).dtype == "float32"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(sizes=(3,)), "at least two layers"),
        (dict(sizes=(3, 0, 2)), "1 or more units"),
        (dict(sizes=(3, 2.5)), "1 or more units"),
        (dict(sizes=(3, 2), activation="swish"), "'swish'; choose from linear, relu, leaky_relu"),
        (dict(sizes=(3, 2), loss="hinge"), "'hinge'; choose from cross_entropy, mse, mae, huber"),
        (dict(sizes=(3, 2), dtype="float16"), "'float16'; choose from float64, float32"),
        (dict(sizes=(3, 1)), "at least 2 output units"),
    ],
)
def test_refuses(arguments, message):
    with pytest.raises(ValueError, match=message):
        MLP(**arguments)


@pytest.mark.parametrize(
    ("loss", "X", "y", "message"),
    [
        ("cross_entropy", np.ones((2, 4)), [0, 1], r"X has shape \(2, 4\); it must be \(n, 3\)"),
        ("cross_entropy", np.ones((0, 3)), [], "n >= 1"),
        ("cross_entropy", np.ones((2, 3)), [0, 2], "not one of 0 .. 1"),
        ("cross_entropy", np.ones((2, 3)), [0, -1], "not one of 0 .. 1"),
        ("cross_entropy", np.ones((2, 3)), [0, 0.5], "not one of 0 .. 1"),
        ("cross_entropy", np.ones((2, 3)), [[0], [1]], "class labels"),
        ("mse", np.ones((2, 3)), [0, 1], r"it must be \(2, 2\)"),
    ],
)
def test_refuses_examples(loss, X, y, message):
    net = MLP((3, 2), loss=loss)
    with pytest.raises(ValueError, match=message):
        net.loss_and_grad(net.init(0), X, y)


def test_refuses_parameters_and_schemes():
    net = MLP((3, 2))
    with pytest.raises(ValueError, match=r"params has shape \(8,\); it must be \(128,\)"):
        net.loss_and_grad(np.zeros(8), np.ones((1, 3)), [0])
    with pytest.raises(ValueError, match="'he'; choose from he_normal, he_uniform"):
        net.init(0, "he")
