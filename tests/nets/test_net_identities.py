"""Identities that hold exactly, or to rounding, for nets of layers."""

import numpy as np
import pytest

from optbench.nets import Net
from optbench.nets.layers import (
    Activation,
    BatchNorm,
    Dense,
    Dropout,
    Flatten,
    LayerNorm,
    Residual,
    Shared,
)
from optbench.nets.tape import modes
from optbench.nets.tape.integers import tape_of

from .plain_net import plain_loss_and_grad, plain_run


def outputs(net, params, X):
    """Return the outputs [n, n_out] of a net that is trained on X."""
    y = np.zeros((len(X), net.n_out))
    _, _, work, q = plain_run(net, params, X, y)
    place = tape_of(net, q, len(X)).outputs[-1].place
    return work[place : place + len(X) * net.n_out].reshape(len(X), -1)


def normals(*shape):
    return np.random.default_rng(5).standard_normal(shape)


def test_batch_norm_with_gamma_sigma_and_beta_mu_is_the_identity():
    X = 3.0 * normals(20, 4) + 1.0
    plain, normed = (Net([*norm, Dense(2)], input=4, loss="mse") for norm in ([], [BatchNorm()]))
    params, weights = normed.init(1), plain.init(1)
    tensors, dense = normed.unflatten(params), plain.unflatten(weights)[0]
    tensors[0]["weight"][...] = np.sqrt(X.var(axis=0) + 1e-5)
    tensors[0]["bias"][...] = X.mean(axis=0)
    for name in dense:
        dense[name][...] = tensors[1][name]
    np.testing.assert_allclose(outputs(normed, params, X), outputs(plain, weights, X), rtol=1e-12)


def test_a_batch_of_one_has_no_gradient_below_batch_norm():
    net = Net([Dense(5), BatchNorm(), Activation("tanh"), Dense(2)], input=3, loss="mse")
    _, gradient = plain_loss_and_grad(net, net.init(1), normals(1, 3), normals(1, 2), modes.ALL)
    tensors = net.unflatten(gradient)
    assert not tensors[0]["weight"].any() and not tensors[0]["bias"].any()
    assert tensors[1]["bias"].any() and tensors[3]["bias"].any()


def test_a_residual_layer_of_zeros_is_the_identity():
    net = Net([Residual([Dense(4), Activation("relu"), Dense(4)])], input=4, loss="mse")
    X = normals(6, 4)
    np.testing.assert_array_equal(outputs(net, np.zeros(net.dim), X), X)


def test_a_shared_layer_twice_is_its_square():
    twice = Net([Shared(Dense(3, bias=False), "w")] * 2, input=3, loss="mse")
    X, y, params = normals(7, 3), normals(7, 3), twice.init(2)
    assert len(twice.placed) == 1
    W = twice.unflatten(params)[0]["weight"]
    np.testing.assert_allclose(outputs(twice, params, X), X @ W.T @ W.T, rtol=1e-12)
    errors = 2 * (X @ W.T @ W.T - y) / y.size
    slope = errors.T @ X @ W.T + W.T @ errors.T @ X  # of W W x by the product rule
    gradient = plain_loss_and_grad(twice, params, X, y)[1]
    np.testing.assert_allclose(twice.unflatten(gradient)[1]["weight"], slope, rtol=1e-11)


def test_layer_norm_sees_neither_level_nor_size():
    net = Net([LayerNorm(), Dense(2)], input=16, loss="mse")
    X, params = 1e3 * normals(5, 16), net.init(0)
    np.testing.assert_allclose(
        outputs(net, params, 7.0 * X + 3.0), outputs(net, params, X), rtol=1e-9
    )


def test_units_that_are_not_chosen_pass_batch_norm():
    net = Net([BatchNorm(units=[2, 0]), Dense(4)], input=5, loss="mse")
    X, params = normals(9, 5), net.init(0)
    dense = net.unflatten(params)[1]
    normal = X.copy()
    for unit in (0, 2):
        normal[:, unit] = (X[:, unit] - X[:, unit].mean()) / np.sqrt(X[:, unit].var() + 1e-5)
    expected = normal @ dense["weight"].T + dense["bias"]
    np.testing.assert_allclose(outputs(net, params, X), expected, rtol=1e-12, atol=1e-13)


def test_dropout_drops_in_training_alone_and_keeps_the_mean():
    net = Net([Dropout(0.25), Dense(1, bias=False)], input=4000, loss="mse")
    params = np.zeros(net.dim)
    net.unflatten(params)[1]["weight"][...] = 1.0
    X = np.ones((2, 4000))
    y = np.zeros((2, 1))
    kept = outputs(net, params, X) * 0.75
    assert not np.allclose(kept[0], kept[1])
    np.testing.assert_allclose(kept, 4000 * 0.75, atol=5 * np.sqrt(4000 * 0.25 * 0.75))
    value, _ = plain_loss_and_grad(net, params, X, y, modes.ALL)
    assert value == 4000.0**2


@pytest.mark.parametrize("ghost_batch", [0, 4])
def test_batch_norm_of_images_is_by_channel(ghost_batch):
    net = Net(
        [BatchNorm(), Flatten(), Dense(2)], input=(2, 3, 2), loss="mse", ghost_batch=ghost_batch
    )
    X, params = normals(8, 12), net.init(0)
    dense = net.unflatten(params)[2]
    images = X.reshape(8, 6, 2)
    groups = [images] if not ghost_batch else [images[:4], images[4:]]
    normal = [(g - g.mean((0, 1))) / np.sqrt(g.var((0, 1)) + 1e-5) for g in groups]
    expected = np.concatenate(normal).reshape(8, 12) @ dense["weight"].T + dense["bias"]
    np.testing.assert_allclose(outputs(net, params, X), expected, rtol=1e-12, atol=1e-13)
