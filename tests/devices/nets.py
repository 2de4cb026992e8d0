"""Small nets, and how the CUDA tests train them."""

from types import SimpleNamespace

import numpy as np

from optbench.kernels.authors.tensors import tensor_table
from optbench.kernels.cpu import launch
from optbench.kernels.driver import tasks
from optbench.lanes import simulating
from optbench.nets import Net, bound, network
from optbench.nets.layers import (
    GRU,
    LSTM,
    RNN,
    Activation,
    Attention,
    AvgPool2d,
    BatchNorm,
    Conv2d,
    Dense,
    Dropout,
    Embedding,
    Flatten,
    LayerNorm,
    MaxPool2d,
    Residual,
    Shared,
)
from optbench.rules import compose
from tests.nets.helpers import data_set, draw, mlp

ROWS, BATCH = 13, 5
SIZES = (3, 4, 4, 2)
NETS = {
    "plain": {"sizes": SIZES, "activation": "relu"},
    "norms": {
        "sizes": SIZES, "activation": ("tanh", "prelu"), "batch_norm": (True, False),
        "layer_norm": (False, True), "bn_eval": "running", "ghost_batch": 3,
    },
    "dropped": {
        "sizes": SIZES, "activation": "silu", "dropout": [0.2, 0.3, 0.0], "residual": True,
        "loss": "mse", "l1": 0.01, "l2": 0.02,
    },
    "smooth": {
        "sizes": SIZES, "activation": ("gelu", "softplus"), "batch_norm": True,
        "label_smoothing": 0.1, "l2": 0.1, "decay_biases": True,
    },
    "tied": {"sizes": (3, 4, 3), "activation": "elu", "loss": "huber", "tied": {2: 1}},
    "binary": {"sizes": (3, 4, 1), "activation": "sigmoid", "loss": "binary_cross_entropy"},
}  # fmt: skip


def case(name, dtype="float64", rows=ROWS, **changes):
    """Return (net, its problem, its frame, parameters) of a case of `NETS`."""
    arguments = {**NETS[name], **changes}
    net = mlp(arguments, dtype=dtype)
    X, y, params = draw(arguments, rows=rows)
    p, q = data_set(net, [(X, y), (X[:3], y[:3]), (X[3:5], y[3:5])], BATCH)
    return net, problem_of(net), tasks.Placement(p, q, int(q[-1])), params


def problem_of(net):
    """Return what stands for the problem of a net."""

    def compiled(dtype):
        net.load()
        return [*(network.compiled(n, net.dtype) for n in ("problem", "metrics")), None]

    return SimpleNamespace(
        compiled=compiled,
        written=(*bound.written(net.operations)[:2], None),
        constrained=False,
        definition=SimpleNamespace(data=None),
        tensor_table=tensor_table([shape for _, _, shape in net.tensors], net.row_offsets),
        across=True,
    )


LAYERED = {
    "stack": [
        Dense(4), BatchNorm(), Activation("tanh"), Residual([Dense(4), Dropout(0.3)]),
        Activation("gelu"), LayerNorm(), Dense(2),
    ],
    "shared": [
        Shared(Dense(3), "twice"), Activation("prelu"), BatchNorm(units=[2, 0]),
        Shared(Dense(3), "twice"), Dense(4, bias=False), Activation("relu"), Dense(2),
    ],
}  # fmt: skip
"""Layers of nets of three inputs: every operation is in one of them."""

IMAGES = [
    Conv2d(3, 3, padding=1), Activation("relu"), MaxPool2d(2), BatchNorm(), Conv2d(4, 2, stride=2),
    Activation("tanh"), AvgPool2d(1), Flatten(), Dense(2),
]  # fmt: skip
"""Layers of a net of images (5, 6, 2)."""


SEQUENCES = {
    "recurrent": (
        [RNN(3, last=False), GRU(2, last=False), LSTM(3, last=False), LSTM(2), Dense(2)], (3, 2),
    ),
    "attention": (
        [Embedding(4, 4), Attention(2, causal=True), Attention(1), GRU(3), Dense(2)], (3,),
    ),
    "stepwise": ([GRU(3, last=False), BatchNorm(), Dense(2)], (3, 2)),
}  # fmt: skip
"""Layers and input of nets of sequences; the last one has outputs at every step."""


def layered_case(layers, dtype="float64", shape=3, rows=ROWS, **settings):
    """Return what `case` does for a net of layers; tokens and lengths are drawn, too."""
    net = Net(layers, input=shape, dtype=dtype, **settings)
    rng = np.random.default_rng(20261129)
    each = (net.answer_width,) if net.answer_width > 1 else ()
    X, y = rng.standard_normal((rows, net.n_in)), rng.integers(0, net.n_out, (rows, *each))
    if isinstance(layers[0], Embedding):
        X = rng.integers(0, layers[0].vocabulary, X.shape).astype(float)
    if net.lengths:
        X[:, -1] = rng.integers(1, shape[0] + 1, rows)
    p, q = data_set(net, [(X, y), (X[:3], y[:3]), (X[3:5], y[3:5])], BATCH)
    return net, problem_of(net), tasks.Placement(p, q, int(q[-1])), net.init(1)


def any_case(name, dtype="float64", rows=ROWS):
    """Return what `case` and `layered_case` do, by the name of any net here."""
    if name in NETS:
        return case(name, dtype, rows)
    if name in LAYERED:
        return layered_case(LAYERED[name], dtype, rows=rows, bn_eval="running", l2=0.1)
    if name == "images":
        return layered_case(IMAGES, dtype, (5, 6, 2), rows, bn_eval="running")
    layers, shape = SEQUENCES[name]
    return layered_case(layers, dtype, shape, rows, lengths=True)


def task_of(starts, rule, steps, lr=0.02, target=1e-9, **changes):
    """Return the task of lanes with given starts."""
    optimizer = compose.optimizer(rule)
    facts = dict(
        start=np.array(starts), keys=np.arange(3, 3 + len(starts), dtype=np.uint64),
        lr=np.full(len(starts), lr), values=optimizer.values,
        uniform=optimizer.uniform_table(steps), record_steps=np.array([0, 1, steps]),
        targets=np.array([target]), f_ref=np.nan, exact=False, absolute=True,
        full_batch=optimizer.rule.full_batch, metrics=True,
    )  # fmt: skip
    return tasks.Task.of_lanes(**{**facts, **changes})


def train(name, rule, device, steps=10, dtype="float64", lanes_of_case=1, case_of=None, **changes):
    """Train a case's net on a device and return its `groups.Results`."""
    net, problem, frame, params = case_of or any_case(name, dtype)
    starts = [params * (1 + 0.1 * lane) for lane in range(lanes_of_case)]
    program = simulating.program(problem, compose.optimizer(rule), net.dtype, device)
    task = task_of(starts, rule, steps, **changes)
    if device == "cpu":
        return launch.launch(program, [frame], task)
    from optbench.kernels.cuda import launch as cuda_launch

    return cuda_launch.launch(program, [frame], task)
