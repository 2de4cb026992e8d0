"""Make nets.npz: losses and gradients of small nets by torch autograd, in float64.

Run ``python tests/oracles/make_nets.py`` in an environment with torch. The file holds, for each
net, the examples, the parameters (W row-major, then b, layer by layer, without padding), and for
each case the loss and the whole gradient in the same order.
"""

import json
from pathlib import Path

import numpy as np
import torch

FILE = Path(__file__).with_name("nets.npz")
SEED = 20240131

SMALL = [(3, 2), (5, 7, 3), (10, 16, 8, 4)]
CASES = [
    (sizes, activation, loss)
    for sizes in SMALL
    for activation in ("linear", "relu", "tanh", "sigmoid")
    for loss in ("cross_entropy", "mse")
] + [
    ((64, 32, 10), "relu", "cross_entropy"),
    ((64, 32, 10), "tanh", "mse"),
]
ROWS = 23

ACTIVATIONS = {
    "linear": lambda z: z,
    "relu": torch.relu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
}


def inputs(sizes, seed=SEED):
    """Return X [ROWS, n_in], labels, wanted outputs and unpadded parameters for a net."""
    rng = np.random.default_rng([seed, *sizes])
    X = rng.standard_normal((ROWS, sizes[0]))
    labels = rng.integers(0, sizes[-1], ROWS)
    wanted = rng.standard_normal((ROWS, sizes[-1]))
    tensors = []
    for n_in, n_out in zip(sizes[:-1], sizes[1:], strict=True):
        tensors += [rng.standard_normal(n_in * n_out) / np.sqrt(n_in), rng.standard_normal(n_out)]
    return X, labels, wanted, np.concatenate(tensors)


def torch_loss_and_gradient(sizes, activation, loss, params, X, y):
    """Return torch's loss and gradient for unpadded parameters."""
    flat = torch.tensor(params, dtype=torch.float64, requires_grad=True)
    A, at = torch.tensor(X, dtype=torch.float64), 0
    for layer, (n_in, n_out) in enumerate(zip(sizes[:-1], sizes[1:], strict=True)):
        W = flat[at : at + n_in * n_out].reshape(n_in, n_out)
        at += n_in * n_out
        A = A @ W + flat[at : at + n_out]
        at += n_out
        if layer < len(sizes) - 2:
            A = ACTIVATIONS[activation](A)
    if loss == "cross_entropy":
        value = torch.nn.functional.cross_entropy(A, torch.tensor(y))
    else:
        value = torch.nn.functional.mse_loss(A, torch.tensor(y))
    value.backward()
    return value.item(), flat.grad.numpy()


def name(sizes):
    """Return the name of a net in the file, such as "5-7-3"."""
    return "-".join(map(str, sizes))


def make():
    """Return everything that the file holds."""
    arrays = {}
    for sizes, activation, loss in CASES:
        X, labels, wanted, params = inputs(sizes)
        y = labels if loss == "cross_entropy" else wanted
        for key, array in zip(("X", "labels", "wanted", "params"), inputs(sizes), strict=True):
            arrays[f"{name(sizes)}/{key}"] = array
        value, gradient = torch_loss_and_gradient(sizes, activation, loss, params, X, y)
        case = f"{name(sizes)}/{activation}/{loss}"
        arrays[f"{case}/loss"] = np.float64(value)
        arrays[f"{case}/gradient"] = gradient
    versions = {"torch": str(torch.__version__), "numpy": np.__version__}
    arrays["made_by"] = np.array(json.dumps(versions))
    return arrays


if __name__ == "__main__":
    np.savez_compressed(FILE, **make())
    print(FILE, FILE.stat().st_size, "bytes")
