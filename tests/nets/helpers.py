"""What several tests of the nets need: an independent NumPy net, and padding."""

import importlib.util
from pathlib import Path

import numpy as np

ORACLES = Path(__file__).parent.parent / "oracles"

ACTIVATIONS = ("linear", "relu", "tanh", "sigmoid")
LOSSES = ("cross_entropy", "mse")


def oracle_script():
    """Import tests/oracles/make_nets.py, which needs torch."""
    spec = importlib.util.spec_from_file_location("make_nets", ORACLES / "make_nets.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def padded(net, flat):
    """Return params[P] of `net` from its numbers without padding."""
    params = np.zeros(net.layers[-1] * 64, net.dtype)
    at = 0
    for tensor in (tensor for pair in net.unflatten(params) for tensor in pair):
        tensor[...] = flat[at : at + tensor.size].reshape(tensor.shape)
        at += tensor.size
    assert at == len(flat)
    return params


def unpadded(net, params):
    """Return the numbers of params[P] without padding."""
    return np.concatenate([tensor.ravel() for pair in net.unflatten(params) for tensor in pair])


def padding(net):
    """Return a mask over params[P] that is true in the padding."""
    return padded(net, np.ones(unpadded(net, net.init(0)).size)) == 0


def random_case(sizes, loss, rows, seed=0):
    """Return X, y and unpadded parameters of a random net; y fits the loss."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((rows, sizes[0]))
    labels, wanted = rng.integers(0, sizes[-1], rows), rng.standard_normal((rows, sizes[-1]))
    n = sum(a * b + b for a, b in zip(sizes[:-1], sizes[1:], strict=True))
    return X, labels if loss == "cross_entropy" else wanted, rng.standard_normal(n) * 0.5


def numpy_loss_and_gradient(net, params, X, y):
    """Return loss and unpadded gradient of a net in plain NumPy, in float64."""
    value, slope = {
        "linear": (lambda z: z, lambda z: np.ones_like(z)),
        "relu": (lambda z: np.maximum(z, 0), lambda z: (z > 0).astype(float)),
        "tanh": (np.tanh, lambda z: 1 / np.cosh(z) ** 2),
        "sigmoid": (lambda z: 1 / (1 + np.exp(-z)), lambda z: 1 / (2 + 2 * np.cosh(z))),
    }[net.activation]
    tensors = [(W.astype(float), b.astype(float)) for W, b in net.unflatten(params)]
    inputs, sums = [X], []
    for W, b in tensors:
        sums.append(inputs[-1] @ W + b)
        inputs.append(value(sums[-1]))
    Z, n = sums[-1], len(X)
    if net.loss == "cross_entropy":
        log_p = Z - np.log(np.exp(Z - Z.max(1, keepdims=True)).sum(1, keepdims=True))
        log_p -= Z.max(1, keepdims=True)
        loss = -log_p[np.arange(n), y].mean()
        D = (np.exp(log_p) - np.eye(Z.shape[1])[y]) / n
    else:
        loss, D = np.mean((Z - y) ** 2), 2 * (Z - y) / Z.size
    gradient = []
    for layer in range(len(tensors) - 1, -1, -1):
        gradient = [(inputs[layer].T @ D).ravel(), D.sum(0), *gradient]
        if layer:
            D = (D @ tensors[layer][0].T) * slope(sums[layer - 1])
    return loss, np.concatenate(gradient)
