"""`Net` against NumPy: its walk over the tape, its tensors, its messages."""

import numpy as np
import pytest

from optbench.errors import SettingError
from optbench.nets import MLP, Net
from optbench.nets.layers import Activation, Dense, Flatten
from optbench.nets.tape import modes

from .plain_net import plain_loss_and_grad


def data(net, rows=7, seed=0):
    """Return X and labels for a net."""
    rng = np.random.default_rng(seed)
    return rng.standard_normal((rows, net.n_in)), rng.integers(0, net.n_out, rows)


@pytest.mark.parametrize("activation", ["relu", "tanh", "gelu", "prelu", "elu"])
def test_dense_net_equals_mlp(activation):
    mlp = MLP((5, 7, 6, 3), activation, l1=0.3, l2=0.2)
    net = Net(
        [Dense(7), Activation(activation), Dense(6), Activation(activation), Dense(3)],
        input=5, l1=0.3, l2=0.2,
    )  # fmt: skip
    params = net.init(3)
    same = np.zeros(mlp.dim)
    shown = net.unflatten(params)
    for (W, b), tensors in zip(mlp.unflatten(same), [shown[0], shown[2], shown[4]], strict=True):
        W[...], b[...] = tensors["weight"].T, tensors["bias"]
    for extra in mlp.extras(same):
        if "slope" in extra:
            extra["slope"][...] = 0.25
    X, y = data(net)
    loss, gradient = plain_loss_and_grad(net, params, X, y)
    expected_loss, expected = mlp.loss_and_grad(same, X, y)
    assert loss == pytest.approx(expected_loss, rel=1e-13)
    shown = net.unflatten(gradient)
    for (W, b), tensors in zip(
        mlp.unflatten(expected), [shown[0], shown[2], shown[4]], strict=True
    ):
        np.testing.assert_allclose(tensors["weight"], W.T, rtol=1e-11, atol=1e-15)
        np.testing.assert_allclose(tensors["bias"], b, rtol=1e-11, atol=1e-15)


def test_compiled_net_equals_plain_python():
    layers = [Flatten(), Dense(9, bias=False), Activation("tanh"), Activation("gelu"), Dense(3)]
    net = Net(layers, input=(2, 3))
    X, y = data(net)
    params = net.init(0)
    value, gradient = net.loss_and_grad(params, X, y)
    expected_value, expected = plain_loss_and_grad(net, params, X, y)
    assert value == pytest.approx(expected_value, rel=1e-14)
    np.testing.assert_allclose(gradient, expected, rtol=1e-12, atol=1e-16)
    np.testing.assert_allclose(net.predict(params, X).sum(axis=1), 1.0, rtol=1e-14)


def test_shapes_that_do_not_fit_name_the_layer():
    with pytest.raises(SettingError, match=r"the last layer gives examples of shape \(4, 2\)"):
        Net([Dense(2)], input=(4, 3), loss="mse")
    with pytest.raises(SettingError, match="layer 2 is 3; give layers such as"):
        Net([Dense(2), 3], input=4)


def test_large_examples_are_evaluated_a_few_at_once():
    small, large = (Net([Dense(n), Activation("gelu"), Dense(2)], input=4) for n in (8, 40_000))
    assert small.rows_at_once == 256
    assert 1 <= large.rows_at_once < 40
    X, y = data(large, rows=90)
    params = large.init(1)
    value, gradient = plain_loss_and_grad(large, params, X, y, modes.ALL)
    chunks, expected = large.loss_and_grad(params, X, y, training=False)
    assert chunks == pytest.approx(value, rel=1e-11)
    np.testing.assert_allclose(gradient, expected, rtol=1e-8, atol=1e-12)
