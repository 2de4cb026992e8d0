"""`MLP` as a user meets it: initial parameters, views, predictions and refusals."""

import math
import subprocess
import sys

import numpy as np
import pytest
from scipy.special import log_softmax

from optbench.errors import UserError
from optbench.nets import MLP
from optbench.nets.initialisers import SCHEMES

from .helpers import padded, padding, random_case


def test_importing_the_package_is_light():
    code = "import sys, optbench.nets; sys.exit('numba' in sys.modules or 'sklearn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_unflatten_gives_views_in_layer_order():
    net = MLP((3, 5, 2))
    params = np.arange(net.dim, dtype=float)
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
    np.testing.assert_array_equal(MLP(sizes).row_offsets, rows)


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
        (dict(sizes=(3, 2), dtype="float16"), "dtype 'float16' is unknown; use 'float64'"),
        (dict(sizes=(3, 1)), "at least 2 output units"),
        (
            dict(sizes=(3, 4, 2), activation=["relu"] * 2),
            "activation has 2 entries; the net takes 1",
        ),
        (dict(sizes=(3, 4, 2), activation=[3]), "activation holds 3; it must be a name"),
        (dict(sizes=(3, 4, 2), batch_norm=1), "batch_norm holds 1; it must be True or False"),
        (dict(sizes=(3, 4, 2), batch_norm=True, layer_norm=True), "takes one of them"),
        (dict(sizes=(3, 2), batch_norm=True), "need a hidden layer"),
        (dict(sizes=(3, 4, 2), residual=True), "no hidden layer of .* as many inputs as outputs"),
        (dict(sizes=(3, 4, 2), dropout=1.0), r"a probability to drop must be in \[0, 1\)"),
        (dict(sizes=(3, 4, 2), dropout=[0.1]), "dropout has 1 entries; the net takes 2"),
        (dict(sizes=(3, 2), dropout=0.1), "has no hidden layer"),
        (dict(sizes=(3, 4, 2), l2=-1.0), "l2 is -1.0; it must be 0 or positive"),
        (dict(sizes=(3, 2), loss="mse", label_smoothing=0.1), "for cross_entropy; the loss is mse"),
        (dict(sizes=(3, 2), label_smoothing=1.0), r"must be in \[0, 1\)"),
        (dict(sizes=(3, 4, 2), ghost_batch=8), "batch_norm, which is off"),
        (dict(sizes=(3, 4, 2), batch_norm=True, ghost_batch=1), "ghost_batch is 1"),
        (dict(sizes=(3, 4, 2), batch_norm=True, bn_eval="batch"), "unknown bn_eval 'batch'"),
        (dict(sizes=(3, 4, 2), shared={2: 1}), "layer 2 maps 4 to 2 units and layer 1 3 to 4"),
        (dict(sizes=(3, 4, 2), tied={1: 2}), "a layer takes the weights of an earlier one"),
        (dict(sizes=(3, 3, 3, 3), shared={2: 1, 3: 2}), "from a layer that has its own"),
    ],
)
def test_refuses(arguments, message):
    with pytest.raises(UserError, match=message):
        MLP(**arguments)


def test_the_documented_order_of_arguments():
    net = MLP((3, 4, 4, 2), "tanh", "mse", True, 0.1, True, 0.01, 0.02, "float32")
    assert net.batch_norm and net.residual and net.batch_normalised
    assert (net.dropout, net.l1, net.l2, net.dtype) == (0.1, 0.01, 0.02, "float32")
    assert hash(net) == hash(MLP((3, 4, 4, 2), "tanh", "mse", True, 0.1, True, dtype="float32"))


def test_extras_follow_weights_and_biases():
    net = MLP((3, 4, 4, 2), ["prelu", "relu"], batch_norm=[False, True])
    params = net.init(0)
    first, second, last = net.extras(params)
    assert first["slope"].tolist() == [0.25]
    assert second["gamma"].tolist() == [1.0] * 4
    assert second["beta"].tolist() == [0.0] * 4
    assert set(first) == {"slope"} and set(second) == {"gamma", "beta"} and last == {}
    plain = MLP((3, 4, 4, 2))
    np.testing.assert_array_equal(params[: plain.dim], plain.init(0))
    first["slope"][0] = 7.0
    assert 7.0 in params


def test_tied_and_shared_layers_show_their_owner():
    net = MLP((5, 3, 3, 5), tied={3: 1})
    (W1, _), _, (W3, b3) = net.unflatten(net.init(0))
    assert np.shares_memory(W1, W3)
    np.testing.assert_array_equal(W3, W1.T)
    assert b3.shape == (5,)
    net = MLP((3, 3, 3, 2), shared={2: 1})
    (W1, b1), (W2, b2), _ = net.unflatten(net.init(0))
    assert np.shares_memory(W1, W2) and np.shares_memory(b1, b2)


VARIANCES = {
    "he_normal": 2 / 300, "he_uniform": 2 / 300, "xavier2": 2 / 300, "lecun_normal": 1 / 300,
    "xavier_normal": 2 / 500, "xavier_uniform": 2 / 500, "uniform": 1 / 900, "normal": 1e-4,
    "orthogonal": 1 / 300, "constant": 0.0, "zeros": 0.0,
}  # fmt: skip


@pytest.mark.parametrize("gain", [1.0, 1.7])
@pytest.mark.parametrize("scheme", VARIANCES)
def test_variances_of_initial_weights(scheme, gain):
    net = MLP((300, 200, 2))
    (W, b), _ = net.unflatten(net.init(0, scheme, gain))
    assert W.var() == pytest.approx(gain**2 * VARIANCES[scheme], rel=0.03, abs=1e-15)
    assert W.mean() == pytest.approx(gain * (scheme == "constant"), abs=0.002)
    assert not b.any()


@pytest.mark.parametrize("shape", [(30, 20), (20, 30)])
def test_orthogonal_weights(shape):
    net = MLP((*shape, 2))
    (W, _), _ = net.unflatten(net.init(0, "orthogonal", gain=2.0))
    product = W.T @ W if shape[0] > shape[1] else W @ W.T
    np.testing.assert_allclose(product, 4 * np.eye(20), atol=1e-12)


def test_schemes_are_known():
    assert set(VARIANCES) == set(SCHEMES)
    with pytest.raises(UserError, match="gain is 0"):
        MLP((3, 2)).init(0, gain=0)


def test_outputs_of_every_layer():
    net = MLP((4, 6, 3), "gelu", dropout=0.5)
    X, _, flat = random_case((4, 6, 3), "mse", rows=5)
    params = padded(net, flat)
    hidden, last = net.outputs(params, X)
    W, b = net.unflatten(params)[0]
    erf = np.vectorize(math.erf)
    Z = X @ W + b
    np.testing.assert_allclose(hidden, Z * 0.5 * (1 + erf(Z / math.sqrt(2))), rtol=1e-12)
    np.testing.assert_array_equal(last, net.predict(params, X))
    np.testing.assert_allclose(last.sum(1), 1.0)


def test_binary_predictions_are_probabilities():
    net = MLP((4, 1), loss="binary_cross_entropy")
    X, _, flat = random_case((4, 1), "mse", rows=5)
    params = padded(net, flat)
    W, b = net.unflatten(params)[0]
    np.testing.assert_allclose(net.predict(params, X), 1 / (1 + np.exp(-(X @ W + b))), rtol=1e-12)


def test_penalties_of_the_notes():
    # The squares of (1.5, 0, 0) sum to 2.25, those of (.5, .5, .5) to .75; absolutely they tie.
    X, y = np.zeros((1, 3)), [[0.0]]
    for w, square in (([1.5, 0, 0], 2.25), ([0.5, 0.5, 0.5], 0.75)):
        for options, expected in ((dict(l2=2.0), square), (dict(l1=2.0), 1.5)):
            net = MLP((3, 1), loss="mse", **options)
            params = padded(net, np.array([*w, 0.0]))
            assert net.loss_and_grad(params, X, y)[0] == pytest.approx(expected, rel=1e-15)


def test_ten_layers_shrink_or_grow():
    for gain in (0.5, 1.5):
        net = MLP((1,) * 11, "linear", "mse")
        params = net.init(0, "constant", gain)
        assert net.predict(params, [[1.0]])[0, 0] == pytest.approx(gain**10, rel=1e-14)
    net = MLP((1, 1), "linear", "mse")
    assert net.loss_and_grad(net.init(0, "constant", 4.0), [[1.0]], [[6.0]])[0] == 4.0


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


@pytest.mark.parametrize("classes", [15, 16, 31, 33, 64, 100])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_cross_entropy_of_many_classes(classes, dtype):
    """Rows of scores of any length, one score far above the others, against SciPy."""
    net = MLP((classes, classes), dtype=dtype, label_smoothing=0.1)
    params = np.zeros(net.dim, dtype)
    net.unflatten(params)[0][0][...] = np.eye(classes)  # scores are the inputs
    rng = np.random.default_rng(classes)
    X = rng.standard_normal((5, classes)).astype(dtype)
    X[np.arange(5), rng.integers(0, classes, 5)] += 200
    y = rng.integers(0, classes, 5)
    logs = log_softmax(X.astype(np.float64), axis=1)
    shares = np.full((5, classes), 0.1 / classes)
    shares[np.arange(5), y] += 0.9
    value, gradient = net.loss_and_grad(params, X, y)
    eps = np.finfo(dtype).eps
    assert value == pytest.approx(-(shares * logs).sum() / 5, abs=8 * eps * np.abs(logs).max())
    slopes = (np.exp(logs) - shares).sum(axis=0) / 5
    np.testing.assert_allclose(net.unflatten(gradient)[0][1], slopes, rtol=0, atol=8 * eps)
