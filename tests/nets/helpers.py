"""What several tests of the nets need: an independent NumPy net, padding, stored cases."""

import importlib.util
from pathlib import Path

import numpy as np

import optbench
from optbench.define import net as declare
from optbench.kernels.authors.tensors import tensor_table
from optbench.nets import MLP, activations, evaluation, losses, network, packing

ORACLES = Path(__file__).parent.parent / "oracles"

ACTIVATIONS = tuple(activations.ACTIVATIONS)
LOSSES = tuple(losses.LOSSES)


def tumours(**changes):
    """Return the declaration of a net on the breast-cancer data."""
    facts = dict(data="breast_cancer", sizes=(30, 8, 2), batch=32, loss_target=0.1)
    return declare("tumours", error_target=0.05, **(facts | changes))


def oracle_script():
    """Import tests/oracles/make_nets.py, which needs torch."""
    spec = importlib.util.spec_from_file_location("make_nets", ORACLES / "make_nets.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def draw(arguments, seed=20240131, rows=12):
    """Return X, y and parameters of a case of the oracle, as its script draws them."""
    net = mlp(arguments)
    rng = np.random.default_rng([seed, *net.sizes])
    X = rng.standard_normal((rows, net.sizes[0]))
    labels = rng.integers(0, net.sizes[-1], rows)
    outputs = rng.standard_normal((rows, net.sizes[-1]))
    y = {"cross_entropy": labels, "binary_cross_entropy": (outputs > 0).astype(float)}
    params = np.zeros(net.dim)
    for name, tensor in tensors(net, params):
        scale = 1 / np.sqrt(len(tensor)) if name == "W" else 0.5
        tensor[...] = rng.standard_normal(tensor.shape) * scale + (name == "gamma")
    return X, y.get(net.loss, outputs), params.astype(net.dtype)


def mlp(arguments, **more):
    """Return the net of a case; JSON made the layers' numbers text."""
    facts = {
        k: {int(a): b for a, b in v.items()} if isinstance(v, dict) else v
        for k, v in arguments.items()
    }
    return MLP(**{**facts, **more})


def tensors(net, params):
    """Return (name, view) of all tensors that hold parameters, in order, each once."""
    pairs, extras = net.unflatten(params), net.extras(params)
    named = []
    for number, (layer, (W, b)) in enumerate(zip(net.architecture.layers, pairs, strict=True), 1):
        if layer.owner == number:
            named.append(("W", W))
        if layer.owner == number or layer.turned:
            named.append(("b", b))
    for extra in extras:
        named += [(name, extra[name]) for name in ("gamma", "beta", "slope") if name in extra]
    return named


def padded(net, flat):
    """Return params[P] of `net` from its numbers without padding."""
    params = np.zeros(net.dim, net.dtype)
    at = 0
    for _, tensor in tensors(net, params):
        tensor[...] = flat[at : at + tensor.size].reshape(tensor.shape)
        at += tensor.size
    assert at == len(flat)
    return params


def unpadded(net, params):
    """Return the numbers of params[P] without padding."""
    return np.concatenate([tensor.ravel() for _, tensor in tensors(net, params)])


def padding(net):
    """Return a mask over params[P] that is true in the padding."""
    return padded(net, np.ones(unpadded(net, net.init(0)).size)) == 0


def random_case(sizes, loss, rows, seed=0):
    """Return X, y and unpadded parameters of a random plain net; y fits the loss."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((rows, sizes[0]))
    labels, outputs = rng.integers(0, sizes[-1], rows), rng.standard_normal((rows, sizes[-1]))
    if loss == "binary_cross_entropy":
        outputs = (outputs > 0).astype(float)
    n = sum(a * b + b for a, b in zip(sizes[:-1], sizes[1:], strict=True))
    return X, labels if loss == "cross_entropy" else outputs, rng.standard_normal(n) * 0.5


def numpy_loss_and_gradient(net, params, X, y):
    """Return loss and unpadded gradient of a plain net in NumPy, in float64."""
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


def data_set(net, parts, batch, training=None):
    """Return (p, q) of the kernels for [(X, y)] of the training, validation and test part."""
    X, Y = zip(
        *((evaluation.features(net, X), evaluation.answers(net, y, len(y))) for X, y in parts),
        strict=True,
    )
    Y = [net.labelled(*pair) for pair in zip(X, Y, strict=True)]
    head = [*(len(part) for part in X), net.n_in, net.n_out, batch]
    q = net.integers(head, training=training)
    numbers = net.coefficients if training is None else training.coefficients(net, 0.0)
    p = np.concatenate([a.ravel() for a in (*X, *Y)] + [numbers]).astype(net.dtype)
    return p, q


def tensor_vectors(net):
    """Return the tensors of a net as the driver takes them; its rules see no matrices."""
    lengths = [(length,) for _, _, length in packing.tensors(net.architecture.layers)]
    return tensor_table(lengths, net.row_offsets)


def call(net, p, q, params, t=0, mode=0, stream=7, work=None):
    """Call the compiled problem; return loss, gradient [P] and buffers."""
    x = np.ascontiguousarray(params, net.dtype).reshape(-1, 64)
    g, f, key = np.full_like(x, np.nan), np.empty(64, net.dtype), np.full(64, stream, np.uint64)
    work = np.zeros(q[-1], net.dtype) if work is None else work
    network.compiled("problem", net.dtype)(x, g, f, p, q, work, key, t, mode)
    return f[0], g.ravel(), work


def measure(net, p, q, params, part, work=None):
    """Return (loss, accuracy) of a part by the compiled metrics."""
    m = np.empty((2, 64), net.dtype)
    work = np.zeros(q[-1], net.dtype) if work is None else work
    network.compiled("metrics", net.dtype)(
        np.ascontiguousarray(params, net.dtype).reshape(-1, 64), m, p, q, work, part
    )
    return m[:, 0]


def assert_lanes_stand_alone(problem, lanes, **settings):
    """Train lanes on one and two threads, and the last one by itself: the bits are the same."""
    runs = [
        optbench.minimize("adam", problem, lanes=lanes, threads=threads, **settings).x
        for threads in (1, 2)
    ]
    np.testing.assert_array_equal(runs[0], runs[1])
    alone = optbench.minimize("adam", problem, seed=lanes - 1, **settings).x[0]
    np.testing.assert_array_equal(runs[0][-1], alone)
