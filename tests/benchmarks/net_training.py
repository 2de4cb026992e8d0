"""Small nets that are trained with Adam: sizes, examples, and our function that trains them."""

import functools
from types import SimpleNamespace

import numpy as np
from threadpoolctl import threadpool_limits

from optbench.kernels.cpu.launch import launch
from optbench.kernels.driver.tasks import Placement, Task
from optbench.lanes import simulating
from optbench.nets import evaluation as inputs
from optbench.nets import network
from optbench.nets.mlp import MLP
from optbench.rules import compose
from tests.nets.helpers import tensor_vectors

LR = 1e-3
NETS = {
    "2-32-32-1, batch 64": ((2, 32, 32, 1), 1000, 64, "mse", 2000),
    "64-128-64-10, batch 128": ((64, 128, 64, 10), 1078, 128, "cross_entropy", 500),
    "784-256-128-10, batch 128": ((784, 256, 128, 10), 1000, 128, "cross_entropy", 200),
}
"""Sizes, training examples, batch, loss, steps of a turn."""
LARGE = {"784-512-512-10, batch 256": ((784, 512, 512, 10), 2560, 256, "cross_entropy", 30)}
"""A net that one lane trains on all threads."""


def examples(sizes, n, loss):
    """Return X and y of the training examples."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, sizes[0])).astype(np.float32)
    if loss == "mse":
        return X, rng.standard_normal((n, sizes[-1])).astype(np.float32)
    return X, rng.integers(0, sizes[-1], n)


@functools.cache
def trainer(name, count=1):
    """Return a function of (steps, threads) that trains `count` lanes, and the first net."""
    sizes, n, batch, loss, _ = (NETS | LARGE)[name]
    net = MLP(sizes, "relu", loss, dtype="float32")
    X, y = examples(sizes, n, loss)
    Y = inputs.answers(net, y, n)
    q = net.integers([n, 1, 1, sizes[0], sizes[-1], batch])
    held_out = np.zeros((2, sizes[0])), np.zeros((2, Y.shape[1]))
    parts = (X, held_out[0], Y, held_out[1], net.coefficients)
    p = np.concatenate([a.ravel() for a in parts]).astype(np.float32)
    net.load()
    kernels = [network.compiled(kernel, "float32") for kernel in ("problem", "metrics")]
    problem = SimpleNamespace(
        compiled=lambda dtype: [*kernels, None], definition=SimpleNamespace(data=None),
        constrained=False, tensor_table=tensor_vectors(net), across=True,
    )  # fmt: skip
    optimizer = compose.optimizer("adam")
    program = simulating.program(problem, optimizer, "float32")
    starts = np.stack([net.init(seed) for seed in range(count)])

    def train(steps, threads=1):
        task = Task.of_lanes(
            start=starts, keys=np.arange(count, dtype=np.uint64), lr=np.full(count, LR),
            values=optimizer.values, uniform=optimizer.uniform_table(steps),
            record_steps=np.array([0, steps]), targets=np.array([1e-9]), f_ref=np.nan, exact=False,
            metrics=True,
        )  # fmt: skip
        return launch(program, [Placement(p, q, int(q[-1]))], task, threads - 1)

    threadpool_limits(1)  # for good: looking for libraries takes as long as hundreds of steps
    return train, net
