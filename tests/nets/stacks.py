"""Random stacks of layers for a `Net`, and data for it."""

import numpy as np
import pytest

from optbench.nets import Net
from optbench.nets.activations import ACTIVATIONS
from optbench.nets.layers import (
    Activation,
    BatchNorm,
    Dense,
    Flatten,
    LayerNorm,
    Residual,
    Shared,
)
from optbench.nets.losses import LOSSES

TRAINED = (3, 7, 11)
"""Seeds of the nets that are trained, for so many steps at a rate at which they are stable."""
STEPS, RATE = 200, 0.02


def random_layer(rng, shape, depth=0):
    """Return a random layer that takes examples of a shape."""
    n = shape[-1]
    kind = rng.integers(0, 7 if depth == 0 else 4)
    if kind == 0:
        return Dense(int(rng.integers(1, 9)), bias=bool(rng.integers(0, 4)))
    if kind == 1:
        return Activation(str(rng.choice(list(ACTIVATIONS))))
    if kind == 2:
        return LayerNorm()
    if kind == 3:
        chosen = rng.permutation(n)[: rng.integers(1, n + 1)]
        return BatchNorm() if rng.integers(0, 2) else BatchNorm(units=chosen.tolist())
    if kind == 4:
        return Shared(Dense(n), "square")
    inner, at = [], shape
    for _ in range(int(rng.integers(1, 3))):
        inner.append(random_layer(rng, at, depth + 1))
        at = inner[-1].output(at)
    return Residual([*inner, Dense(n)])


def random_net(seed, **settings):
    """Return a net of at most 6 random layers before its last one."""
    rng = np.random.default_rng([20261129, seed])
    shape = (int(rng.integers(2, 7)),)
    if rng.integers(0, 2):
        shape = (int(rng.integers(2, 5)), *shape)
    layers, at, square = [], shape, None
    for _ in range(int(rng.integers(1, 7))):
        layer = random_layer(rng, at)
        if isinstance(layer, Shared):
            if square not in (None, at[-1]):
                continue
            square = at[-1]
        layers.append(layer)
        at = layer.output(at)
    if len(at) > 1:
        layers.append(Flatten())
    loss = str(rng.choice(list(LOSSES)))
    layers.append(Dense(int(rng.integers(2, 5))))
    return Net(layers, input=shape, loss=loss, **settings)


def random_data(net, seed, rows=9):
    """Return X, y and parameters for a net; y fits its loss."""
    rng = np.random.default_rng([seed, net.dim])
    X = rng.standard_normal((rows, net.n_in))
    outputs = rng.standard_normal((rows, net.n_out))
    y = outputs
    if net.loss == "cross_entropy":
        y = rng.integers(0, net.n_out, rows)
    elif net.loss == "binary_cross_entropy":
        y = (outputs > 0).astype(float)
    params = np.zeros(net.dim, net.dtype)
    for one in net.placed:
        start = one.tensor.start if isinstance(one.tensor.start, float) else 0.0
        values = start + 0.4 * rng.standard_normal(one.tensor.size)
        params[one.place : one.place + one.tensor.size] = values
    return X, y, params


def directions(net, seed, count=3):
    """Return vectors [count, P] that are 0 in the padding, to multiply gradients by."""
    vectors = np.zeros((count, net.dim))
    rng = np.random.default_rng([seed, 1])
    for one in net.placed:
        vectors[:, one.place : one.place + one.tensor.size] = rng.standard_normal(
            (count, one.tensor.size)
        )
    return vectors


def assert_equal_to_torch(net, params, X, y, value, gradient, within=1e-9):
    """Compare a loss and a gradient with torch's: relative to the largest slope of the tensor."""
    from .torch_twin import torch_loss_and_grad

    expected_value, expected = torch_loss_and_grad(net, params, X, y)
    assert value == pytest.approx(expected_value, rel=within)
    shown = net.unflatten(gradient)
    whole = max(np.abs(slopes).max() for slopes in expected.values())
    for layer, name, key in net.probe.names:
        difference = np.abs(shown[layer - 1][name] - expected[key]).max()
        assert difference <= within * whole, (net, layer, name)
