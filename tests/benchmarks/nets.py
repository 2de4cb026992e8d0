"""Training one small net with Adam: our share of the peak of matrix products, and the peers.

The peak is the fastest of large float32 matrix products by the same BLAS. JAX scans over the steps,
torch trains as in a script, eagerly and compiled. A step draws its mini-batch without replacement,
gathers it and trains on it, for everyone: the peers' order is a NumPy permutation an epoch. Turns
are so long that what a run costs once (our objective at its ends, everyone's start) counts little.
"""

import functools
import time
from types import SimpleNamespace

import numpy as np
from threadpoolctl import threadpool_limits

from optbench.define.draws import sample
from optbench.kernels.authors.tensors import tensor_table
from optbench.kernels.cpu.launch import launch
from optbench.kernels.driver.tasks import Placement, Task
from optbench.lanes import simulating
from optbench.nets import evaluation as inputs
from optbench.nets import network, packing
from optbench.nets.mlp import MLP
from optbench.rules import compose

from .cases import Case, best_peer

LR = 1e-3
NETS = {
    "2-32-32-1, batch 64": ((2, 32, 32, 1), 1000, 64, "mse", 2000),
    "64-128-64-10, batch 128": ((64, 128, 64, 10), 1078, 128, "cross_entropy", 500),
    "784-256-128-10, batch 128": ((784, 256, 128, 10), 1000, 128, "cross_entropy", 200),
}
"""Sizes, training examples, batch, loss, steps of a turn."""
PEAK = dict(zip(NETS, (0.32, 0.68, 0.76), strict=True))
PEERS = {
    "JAX scan": dict(zip(NETS, (1.3, 1.1, 1.3), strict=True)),
    "torch": dict(zip(NETS, (20.0, 4.0, 1.3), strict=True)),
    "torch, compiled": dict(zip(NETS, (20.0, 4.0, 1.3), strict=True)),
}
THREADS, LANES = 1.7, 64
LARGE = {"784-512-512-10, batch 256": ((784, 512, 512, 10), 2560, 256, "cross_entropy", 30)}
"""A net that one lane trains on all threads."""
LARGE_THREADS = 1.4


def flops(sizes, batch):
    """Return the operations of the matrix products of a step, forward and backward."""
    pairs = [a * b for a, b in zip(sizes[:-1], sizes[1:], strict=True)]
    return 2 * batch * (3 * sum(pairs) - pairs[0])


def examples(sizes, n, loss):
    """Return X and y of the training examples."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, sizes[0])).astype(np.float32)
    if loss == "mse":
        return X, rng.standard_normal((n, sizes[-1])).astype(np.float32)
    return X, rng.integers(0, sizes[-1], n)


def our_order(name, steps):
    """Return the examples of every step as our first lane draws them: int [steps, batch]."""
    _, n, batch, _, _ = NETS[name]
    with np.errstate(over="ignore"):
        return np.array(
            [[sample(np.uint64(0), t, j, batch, n) for j in range(batch)] for t in range(steps)]
        )


def drawn_order(name, steps):
    """Return examples of every step, drawn as peers do it: int [steps, batch]."""
    _, n, batch, _, _ = NETS[name]
    rng, per_epoch = np.random.default_rng(1), n // batch
    epochs = [rng.permutation(n)[: per_epoch * batch] for _ in range(-(-steps // per_epoch))]
    return np.concatenate(epochs).reshape(-1, batch)[:steps]


def vectors(net):
    """Return the tensors of a net as the driver takes them; the rules here see no matrices."""
    lengths = [(length,) for _, _, length in packing.tensors(net.architecture.layers)]
    return tensor_table(lengths, net.row_offsets)


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
        constrained=False, tensor_table=vectors(net), across=True,
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


def contender(run, steps):
    """Return a function that returns nanoseconds a step."""

    def timed():
        began = time.perf_counter()
        run()
        return (time.perf_counter() - began) / steps * 1e9

    return timed


def product(n=1024, repeats=3):
    """Return nanoseconds that a float32 operation takes in a large matrix product."""
    from scipy.linalg.blas import sgemm

    a = np.asfortranarray(np.random.default_rng(0).random((n, n), np.float32))
    best = np.inf
    with threadpool_limits(1):
        for _ in range(repeats):
            began = time.perf_counter()
            sgemm(1.0, a, a)
            best = min(best, time.perf_counter() - began)
    return best / (2 * n**3) * 1e9


def ours(name):
    """Return our contender."""
    steps = NETS[name][-1]
    train, _ = trainer(name)
    return contender(lambda: train(steps), steps)


def peak_case(name):
    """Return the case that asks for a share of the peak."""
    sizes, _, batch, _, _ = NETS[name]

    def build():
        return {
            "optbench": ours(name),
            "matrix products at peak": lambda: product() * flops(sizes, batch),
        }

    def share(samples):
        mine, peak = samples.values()
        return min(peak) / min(mine)

    return Case("nets", f"share of the peak: {name}", build, share, PEAK[name], repeats=7)


def checked(name, run, steps=50):
    """Stop unless a peer ends where we do, but for a twentieth of the way; return it.

    Not number by number: where a gradient is as small as its rounding, Adam goes either way.
    """
    train, net = trainer(name)
    mine, start = net.unflatten(train(steps).x[0]), net.unflatten(net.init(0))
    for ours, theirs, first in zip(mine, run(our_order(name, steps)), start, strict=True):
        for V, W, W_0 in zip(ours, theirs, first, strict=True):
            apart = np.linalg.norm(V - W) / np.linalg.norm(V - W_0)
            if not apart < 5e-2:
                raise SystemExit(f"{name}: a peer ended elsewhere, by {apart:.1e} of the way")
    return run


def jax_run(name):
    """Return a function of the examples of every step that trains with JAX and optax."""
    import jax
    import jax.numpy as jnp
    import optax

    sizes, n, _, loss, _ = NETS[name]
    data = tuple(map(jnp.asarray, examples(sizes, n, loss)))
    _, net = trainer(name)
    start = [(jnp.asarray(W), jnp.asarray(b)) for W, b in net.unflatten(net.init(0))]
    optimizer = optax.adam(LR)

    def objective(params, A, y):
        for W, b in params[:-1]:
            A = jax.nn.relu(A @ W + b)
        Z = A @ params[-1][0] + params[-1][1]
        if loss == "mse":
            return jnp.mean((Z - y) ** 2)
        return optax.softmax_cross_entropy_with_integer_labels(Z, y).mean()

    @jax.jit
    def run(order, params, X, y):
        def step(carry, rows):
            params, state = carry
            gradient = jax.grad(objective)(params, X[rows], y[rows])
            updates, state = optimizer.update(gradient, state)
            return (optax.apply_updates(params, updates), state), None

        return jax.lax.scan(step, (params, optimizer.init(params)), order)[0][0]

    return lambda order: [
        (np.asarray(W), np.asarray(b)) for W, b in jax.block_until_ready(run(order, start, *data))
    ]


def torch_run(name, compiled):
    """Return a function of the examples of every step that trains with torch."""
    import torch
    from torch.nn import functional

    torch.set_num_threads(1)
    sizes, n, _, loss, _ = NETS[name]
    X, y = map(torch.from_numpy, examples(sizes, n, loss))
    _, net = trainer(name)

    def model():
        linear = []
        for W, b in net.unflatten(net.init(0)):
            layer = torch.nn.Linear(*W.shape)
            layer.weight.data = torch.from_numpy(np.ascontiguousarray(W.T))
            layer.bias.data = torch.from_numpy(b.copy())
            linear += [layer, torch.nn.ReLU()]
        return torch.nn.Sequential(*linear[:-1])

    criterion = functional.mse_loss if loss == "mse" else functional.cross_entropy
    module = model()

    def objective(X, y):
        return criterion(module(X), y)

    forward = torch.compile(objective) if compiled else objective

    def run(order):
        module.load_state_dict(model().state_dict())
        optimizer = torch.optim.Adam(module.parameters(), LR, fused=True)
        for rows in torch.from_numpy(order):
            optimizer.zero_grad()
            forward(X[rows], y[rows]).backward()
            optimizer.step()
        return [
            (layer.weight.detach().numpy().T, layer.bias.detach().numpy())
            for layer in module
            if isinstance(layer, torch.nn.Linear)
        ]

    return run


def peer_case(name, peer):
    """Return the case against a peer."""
    steps = NETS[name][-1]

    def build():
        make = {
            "JAX scan": jax_run,
            "torch": functools.partial(torch_run, compiled=False),
            "torch, compiled": functools.partial(torch_run, compiled=True),
        }[peer]
        run = checked(name, make(name))
        return {
            "optbench": ours(name),
            peer: contender(lambda: run(drawn_order(name, steps)), steps),
        }

    return Case("nets", f"{peer}: {name}", build, best_peer(min), PEERS[peer][name], repeats=5)


def threads():
    """Yield the cases of two threads: 64 lanes of the smallest net, and one lane of a large one."""
    yield _two_threads(next(iter(NETS)), LANES, 200, THREADS)
    for name, facts in LARGE.items():
        yield _two_threads(name, 1, facts[-1], LARGE_THREADS)


def _two_threads(name, lanes, steps, asked):
    def build():
        train, _ = trainer(name, lanes)
        return {
            "2 threads": contender(lambda: train(steps, 2), steps),
            "1 thread": contender(lambda: train(steps, 1), steps),
        }

    of = f"{lanes} lane{'s' * (lanes > 1)} of {name}"
    return Case("net threads", of, build, best_peer(min), asked)


def cases():
    """Three nets against the peak and against the peers."""
    for name in NETS:
        yield peak_case(name)
        for peer in PEERS:
            yield peer_case(name, peer)
