"""Make nets.npz: losses and gradients of small nets by torch autograd, and runs by torch.optim.

Run ``python tests/oracles/make_nets.py`` in an environment with torch; all is float64. A net's
parameters are a dict of tensors by name (W1, b1, W2, ...; gamma, beta and slope of a layer in the
same way), in the order of `names`. Of a gradient the file holds the products with `DIRECTIONS`
random vectors; of a run the batches, the masks and the last parameters.
"""

import itertools
import json
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from optbench.define.draws import sample

FILE = Path(__file__).with_name("nets.npz")
SEED = 20240131
ROWS = 12
DIRECTIONS = 3

ACTIVATIONS = {
    "linear": lambda z, slope: z,
    "relu": lambda z, slope: torch.relu(z),
    "leaky_relu": lambda z, slope: functional.leaky_relu(z),
    "prelu": lambda z, slope: functional.prelu(z, slope),
    "sigmoid": lambda z, slope: torch.sigmoid(z),
    "tanh": lambda z, slope: torch.tanh(z),
    "elu": lambda z, slope: functional.elu(z),
    "gelu": lambda z, slope: functional.gelu(z),
    "silu": lambda z, slope: functional.silu(z),
    "softplus": lambda z, slope: functional.softplus(z),
}
LOSSES = {
    "cross_entropy": functional.cross_entropy,
    "mse": functional.mse_loss,
    "mae": functional.l1_loss,
    "huber": functional.huber_loss,
    "binary_cross_entropy": functional.binary_cross_entropy_with_logits,
}

SIZES = (5, 6, 6, 3)
NORMS = ({}, {"batch_norm": True}, {"layer_norm": True})
PENALTIES = ({}, {"l1": 0.3, "l2": 0.7})
COMBINATIONS = [
    {"sizes": SIZES, "activation": activation, "loss": loss, **norm, **penalty, **residual}
    for activation, loss, norm, penalty, residual in itertools.product(
        ACTIVATIONS, LOSSES, NORMS, PENALTIES, ({}, {"residual": True})
    )
]
"""Arguments of MLP: every activation x loss x normalisation x penalty x residual connection."""

SPECIAL = [
    {"sizes": (3, 2)},
    {"sizes": (64, 32, 10)},
    {"sizes": (4, 17, 16, 3), "activation": "tanh", "loss": "mse"},
    {"sizes": (16, 32, 4), "activation": "silu"},
    {"sizes": SIZES, "label_smoothing": 0.2, "activation": "gelu"},
    {"sizes": SIZES, "activation": ["tanh", "prelu"], "batch_norm": [False, True]},
    {"sizes": SIZES, "activation": "gelu", "batch_norm": True, "ghost_batch": 4},
    {"sizes": SIZES, "activation": "gelu", "batch_norm": True, "ghost_batch": 5},
    {"sizes": SIZES, "l1": 0.2, "l2": 0.4, "activation": "tanh", "decay_biases": True},
    {"sizes": (5, 6, 6, 6, 3), "activation": "silu", "shared": {3: 2}, "l2": 0.5},
    {
        "sizes": (5, 4, 2, 4, 5), "activation": "tanh", "loss": "mse", "tied": {3: 2, 4: 1},
        "l1": 0.1,
    },
    {"sizes": (6, 6, 6, 6, 2), "activation": "elu", "shared": {3: 1}, "tied": {2: 1}},
]  # fmt: skip

RUNS = {
    "plain": {"sizes": (4, 8, 8, 3), "activation": "gelu"},
    "batch_norm": {"sizes": (4, 8, 8, 3), "activation": "tanh", "batch_norm": True},
    "dropout": {"sizes": (4, 8, 8, 3), "activation": "silu", "dropout": [0.1, 0.3, 0.5]},
    "both": {
        "sizes": (4, 8, 8, 3), "activation": "elu", "batch_norm": True, "dropout": 0.25,
        "residual": True, "l2": 0.1, "ghost_batch": 8,
    },
}  # fmt: skip
RULES = {
    "sgd": lambda parameters: torch.optim.SGD(parameters, lr=0.1),
    "momentum": lambda parameters: torch.optim.SGD(parameters, lr=0.02, momentum=0.9),
    "adam": lambda parameters: torch.optim.Adam(parameters, lr=0.01),
}
RATES = {"sgd": 0.1, "momentum": 0.02, "adam": 0.01}
STEPS, BATCH, EXAMPLES, STREAM = 200, 16, 70, 7


def label(arguments):
    """Return the name of a case."""
    return json.dumps(arguments, sort_keys=True)


def each(value, count):
    """Return a value a hidden layer."""
    return list(value) if isinstance(value, (list, tuple)) else [value] * count


def names(arguments):
    """Return {name: shape} of the parameters of a net, in order."""
    sizes, hidden = arguments["sizes"], len(arguments["sizes"]) - 2
    shapes = {}
    for layer in range(1, len(sizes)):
        if layer not in {**arguments.get("shared", {}), **arguments.get("tied", {})}:
            shapes[f"W{layer}"] = (sizes[layer - 1], sizes[layer])
        if layer not in arguments.get("shared", {}):
            shapes[f"b{layer}"] = (sizes[layer],)
    norms = [
        a or b
        for a, b in zip(
            each(arguments.get("batch_norm", False), hidden),
            each(arguments.get("layer_norm", False), hidden),
            strict=True,
        )
    ]
    activations = each(arguments.get("activation", "relu"), hidden)
    for layer in range(1, hidden + 1):
        if norms[layer - 1]:
            shapes[f"gamma{layer}"] = shapes[f"beta{layer}"] = (sizes[layer],)
        if activations[layer - 1] == "prelu":
            shapes[f"slope{layer}"] = (1,)
    return shapes


def draw(arguments, seed=SEED, rows=ROWS):
    """Return X, y and parameters of a net, drawn at random."""
    sizes = arguments["sizes"]
    rng = np.random.default_rng([seed, *sizes])
    X = rng.standard_normal((rows, sizes[0]))
    labels = rng.integers(0, sizes[-1], rows)
    wanted = rng.standard_normal((rows, sizes[-1]))
    loss = arguments.get("loss", "cross_entropy")
    y = {"cross_entropy": labels, "binary_cross_entropy": (wanted > 0).astype(float)}
    parameters = {}
    for name, shape in names(arguments).items():
        scale = 1 / np.sqrt(shape[0]) if name[0] == "W" else 0.5
        parameters[name] = rng.standard_normal(shape) * scale + name.startswith("gamma")
    return X, y.get(loss, wanted), parameters


def torch_loss(arguments, parameters, X, y, masks=None):
    """Return torch's loss of a net in training; masks are of the input and the hidden layers."""
    sizes, hidden = arguments["sizes"], len(arguments["sizes"]) - 2
    activations = each(arguments.get("activation", "relu"), hidden)
    batch = each(arguments.get("batch_norm", False), hidden)
    layered = each(arguments.get("layer_norm", False), hidden)
    shared, tied = arguments.get("shared", {}), arguments.get("tied", {})
    A = X if masks is None else X * masks[0]
    for layer in range(1, len(sizes)):
        W = parameters[f"W{shared.get(layer, tied.get(layer, layer))}"]
        Z = A @ (W.T if layer in tied else W) + parameters[f"b{shared.get(layer, layer)}"]
        if layer > hidden:
            A = Z
            continue
        scale = [parameters.get(f"{name}{layer}") for name in ("gamma", "beta", "slope")]
        if batch[layer - 1]:
            ghosts = Z.split(arguments.get("ghost_batch", 0) or len(Z))
            Z = torch.cat(
                [functional.batch_norm(part, None, None, *scale[:2], True) for part in ghosts]
            )
        if layered[layer - 1]:
            Z = functional.layer_norm(Z, Z.shape[1:], *scale[:2])
        out = ACTIVATIONS[activations[layer - 1]](Z, scale[2])
        out = out if masks is None else out * masks[layer]
        A = out + A if arguments.get("residual") and A.shape == out.shape else out
    loss, options = arguments.get("loss", "cross_entropy"), {}
    if "label_smoothing" in arguments:
        options["label_smoothing"] = arguments["label_smoothing"]
    value = LOSSES[loss](A, y, **options)
    kinds = "Wb" if arguments.get("decay_biases") else "W"
    for name, tensor in parameters.items():
        if name[0] in kinds and name[1:].isdigit():
            l1, l2 = arguments.get("l1", 0.0), arguments.get("l2", 0.0)
            m = arguments.get("examples", len(X))
            value = value + (l1 * tensor.abs().sum() + l2 * (tensor**2).sum()) / (2 * m)
    return value


def loss_and_gradient(arguments, X, y, parameters):
    """Return torch's loss and gradient, the latter as one vector in the order of `names`."""
    tensors = {k: torch.tensor(v, requires_grad=True) for k, v in parameters.items()}
    value = torch_loss(arguments, tensors, torch.tensor(X), torch.tensor(y))
    value.backward()
    gradient = [t.grad.numpy().ravel() for t in tensors.values()]
    return value.item(), np.concatenate(gradient)


def directions(n):
    """Return the vectors that gradients of length n are multiplied with."""
    return np.random.default_rng(n).standard_normal((DIRECTIONS, n))


def mixed(key, counter):
    """Return the hash of (key, counter) that masks are made of (SplitMix64)."""
    with np.errstate(over="ignore"):
        z = np.uint64(key) + np.uint64(0x9E3779B97F4A7C15) * (np.asarray(counter, np.uint64) + 1)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def mask(stream, t, layer, shape, p):
    """Return the dropout mask of a layer (0: the input) in step t."""
    key = mixed(mixed(np.uint64(stream) ^ np.uint64(0x6D61736B73), t), layer)
    numbers = mixed(key, np.arange(np.prod(shape))).reshape(shape)
    return ((numbers >> np.uint64(11)) >= np.uint64(round(p * 2**53))) / (1 - p)


def run(arguments, rule, batches):
    """Train for `STEPS` steps on given batches [STEPS, BATCH]; return the last parameters."""
    X, y, parameters = draw(arguments, rows=EXAMPLES)
    tensors = {k: torch.tensor(v, requires_grad=True) for k, v in parameters.items()}
    X, y = torch.tensor(X), torch.tensor(y)
    optimizer = RULES[rule](list(tensors.values()))
    sizes, p = arguments["sizes"], arguments.get("dropout")
    if isinstance(p, float):
        p = [0.0] + [p] * (len(sizes) - 2)
    for t, rows in enumerate(batches):
        masks = p and [
            torch.tensor(mask(STREAM, t, layer, (len(rows), sizes[layer]), share))
            for layer, share in enumerate(p)
        ]
        optimizer.zero_grad()
        facts = {**arguments, "examples": EXAMPLES}
        torch_loss(facts, tensors, X[rows], y[rows], masks).backward()
        optimizer.step()
    return np.concatenate([t.detach().numpy().ravel() for t in tensors.values()])


def make():
    """Return everything that the file holds."""
    arrays = {"cases": np.array([label(a) for a in COMBINATIONS + SPECIAL])}
    values = []
    for arguments in COMBINATIONS + SPECIAL:
        value, gradient = loss_and_gradient(arguments, *draw(arguments))
        values.append([value, *(directions(len(gradient)) @ gradient)])
    arrays["values"] = np.array(values)
    with np.errstate(over="ignore"):
        batches = [
            [sample(np.uint64(STREAM), t, j, BATCH, EXAMPLES) for j in range(BATCH)]
            for t in range(STEPS)
        ]
    arrays["batches"] = np.array(batches, np.uint8)
    for name, arguments in RUNS.items():
        for rule in RULES:
            arrays[f"{name}/{rule}"] = run(arguments, rule, arrays["batches"].astype(int))
    versions = {"torch": str(torch.__version__), "numpy": np.__version__}
    arrays["made_by"] = np.array(json.dumps(versions))
    return arrays


if __name__ == "__main__":
    np.savez_compressed(FILE, **make())
    print(FILE, FILE.stat().st_size, "bytes")
