"""Training nets of layers with Adam in float32, one thread, and the same in JAX and in torch.

As in `nets`: a step draws its mini-batch without replacement, gathers it and trains on it, for
everyone; JAX scans over the steps or runs them one by one, torch trains eagerly, as in a script.
All begin at the same parameters, and have to end at the same ones.
"""

import functools
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
from threadpoolctl import threadpool_limits

from optbench.define.draws import sample
from optbench.kernels.authors.tensors import tensor_table
from optbench.kernels.cpu.launch import launch
from optbench.kernels.driver.tasks import Placement, Task
from optbench.lanes import simulating
from optbench.nets import Net, network
from optbench.nets import evaluation as inputs
from optbench.nets.layers import Activation, Conv2d, Dense, Flatten
from optbench.nets.tape import units
from optbench.rules import compose

from . import sequence_nets
from .cases import Case, best_peer
from .net_training import LR
from .nets import contender

N_TRAIN = 1000
PEERS = {"JAX": 1.1, "torch": 3.0}


class Setting(NamedTuple):
    """A net, and how it is trained."""

    layers: list
    input: tuple[int, ...]
    batch: int
    steps: int


NETS = {
    "conv 8x8-16-32-10, batch 64": Setting(
        [
            Conv2d(16, 3), Activation("relu"), Conv2d(32, 3), Activation("relu"), Flatten(),
            Dense(10),
        ],
        (8, 8, 1), 64, 200,
    ),
    **{name: Setting(*facts) for name, facts in sequence_nets.NETS.items()},
}  # fmt: skip


def net_of(name):
    """Return our net."""
    setting = NETS[name]
    return Net(setting.layers, input=setting.input, dtype="float32")


def examples(net):
    """Return X [n, numbers] and labels of the training examples."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((N_TRAIN, net.n_in)).astype(np.float32)
    return X, rng.integers(0, net.n_out, N_TRAIN)


def our_order(name, steps):
    """Return the examples of every step as our first lane draws them: int [steps, batch]."""
    batch = NETS[name].batch
    with np.errstate(over="ignore"):
        return np.array([
            [sample(np.uint64(0), t, j, batch, N_TRAIN) for j in range(batch)]
            for t in range(steps)
        ])  # fmt: skip


def drawn_order(name, steps):
    """Return examples of every step, drawn as peers do it: int [steps, batch]."""
    rng, per_epoch, batch = np.random.default_rng(1), N_TRAIN // NETS[name].batch, NETS[name].batch
    epochs = [rng.permutation(N_TRAIN)[: per_epoch * batch] for _ in range(-(-steps // per_epoch))]
    return np.concatenate(epochs).reshape(-1, batch)[:steps]


@functools.cache
def trainer(name):
    """Return a function of the steps that trains one lane, and the net."""
    net = net_of(name)
    units.load(net.operations, "float32")
    X, y = examples(net)
    Y = inputs.answers(net, y, N_TRAIN)
    q = net.integers([N_TRAIN, 1, 1, net.n_in, net.n_out, NETS[name].batch])
    held_out = np.zeros((2, net.n_in)), np.zeros((2, Y.shape[1]))
    parts = (X, held_out[0], Y, held_out[1], net.coefficients)
    p = np.concatenate([a.ravel() for a in parts]).astype(np.float32)
    kernels = [network.compiled(kernel, "float32") for kernel in ("problem", "metrics")]
    problem = SimpleNamespace(
        compiled=lambda dtype: [*kernels, None], definition=SimpleNamespace(data=None),
        constrained=False, across=True,
        tensor_table=tensor_table([(int(np.prod(s)),) for *_, s in net.tensors], net.row_offsets),
    )  # fmt: skip
    optimizer = compose.optimizer("adam")
    program = simulating.program(problem, optimizer, "float32")

    def train(steps):
        task = Task.of_lanes(
            start=net.init(0)[None], keys=np.zeros(1, np.uint64), lr=np.full(1, LR),
            values=optimizer.values, uniform=optimizer.uniform_table(steps),
            record_steps=np.array([0, steps]), targets=np.array([1e-9]), f_ref=np.nan, exact=False,
            metrics=True,
        )  # fmt: skip
        return launch(program, [Placement(p, q, int(q[-1]))], task, 0)

    threadpool_limits(1)  # for good: looking for libraries takes as long as hundreds of steps
    return train, net


def start_of(name):
    """Return the tensors that all begin at: one {name: array} a layer, as torch has them."""
    _, net = trainer(name)
    return [
        {key: np.ascontiguousarray(v) for key, v in tensors.items()}
        for tensors in net.unflatten(net.init(0))
    ]


def checked(name, run, steps=20):
    """Stop unless a peer ends where we do, but for a twentieth of the way; return it.

    Not number by number: where a gradient is as small as its rounding, Adam goes either way.
    """
    train, net = trainer(name)
    mine, start = net.unflatten(train(steps).x[0]), start_of(name)
    for ours, theirs, first in zip(mine, run(our_order(name, steps)), start, strict=True):
        for key, value in theirs.items():
            apart = np.linalg.norm(ours[key] - value) / np.linalg.norm(ours[key] - first[key])
            if not apart < 5e-2:
                raise SystemExit(f"{name}: a peer ended elsewhere, by {apart:.1e} of the way")
    return run


# ----------------------------------------------------------------------------------------- peers


def convolutional_in_jax(params, A, y):
    """Return the loss of the convolutional net; images are NHWC, as XLA likes them on CPUs."""
    import jax
    import optax

    A = A.reshape(-1, 8, 8, 1)
    for layer in (0, 2):
        kernel = params[layer]["weight"].transpose(2, 3, 1, 0)
        A = jax.lax.conv_general_dilated(
            A, kernel, (1, 1), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC")
        )
        A = jax.nn.relu(A + params[layer]["bias"])
    Z = A.reshape(len(A), -1) @ params[5]["weight"].T + params[5]["bias"]
    return optax.softmax_cross_entropy_with_integer_labels(Z, y).mean()


def convolutional_in_torch():
    """Return the convolutional net in torch: (module, {(layer, name): parameter})."""
    import torch

    layers = [
        torch.nn.Unflatten(1, (1, 8, 8)), torch.nn.Conv2d(1, 16, 3), torch.nn.ReLU(),
        torch.nn.Conv2d(16, 32, 3), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(512, 10),
    ]  # fmt: skip
    # Its inputs are in another order than ours: channels first.
    order = np.arange(512).reshape(16, 32).T.ravel()
    return torch.nn.Sequential(*layers), {0: layers[1], 2: layers[3], 5: layers[6]}, {5: order}


IN_JAX = {"conv 8x8-16-32-10, batch 64": convolutional_in_jax, **sequence_nets.IN_JAX}
IN_TORCH = {"conv 8x8-16-32-10, batch 64": convolutional_in_torch, **sequence_nets.IN_TORCH}


def jax_runs(name):
    """Return functions of the examples of every step that train with JAX and optax.

    One scans over the steps. In a scan XLA's convolutions on the CPU are those of its own loops,
    many times slower: the other runs a compiled step at a time.
    """
    import jax
    import jax.numpy as jnp
    import optax

    data = tuple(map(jnp.asarray, examples(net_of(name))))
    start = jax.tree.map(jnp.asarray, start_of(name))
    optimizer, objective = optax.adam(LR), IN_JAX[name]

    def step(carry, rows, X, y):
        params, state = carry
        gradient = jax.grad(objective)(params, X[rows], y[rows])
        updates, state = optimizer.update(gradient, state)
        return optax.apply_updates(params, updates), state

    @jax.jit
    def scan(order, params, X, y):
        carry = params, optimizer.init(params)
        return jax.lax.scan(lambda c, rows: (step(c, rows, X, y), None), carry, order)[0][0]

    compiled = jax.jit(step)

    def by_steps(order, params, X, y):
        carry = params, optimizer.init(params)
        for rows in order:
            carry = compiled(carry, rows, X, y)
        return carry[0]

    def runner(run):
        return lambda order: jax.tree.map(
            np.asarray, jax.block_until_ready(run(order, start, *data))
        )

    return {"JAX scan": runner(scan), "JAX, a step at a time": runner(by_steps)}


def torch_run(name):
    """Return a function of the examples of every step that trains with torch, eagerly."""
    import torch
    from torch.nn import functional

    torch.set_num_threads(1)
    X, y = map(torch.from_numpy, examples(net_of(name)))
    module, layers, orders = IN_TORCH[name]()
    start = start_of(name)

    def reset():
        with torch.no_grad():
            for number, layer in layers.items():
                for key, parameter in layer.named_parameters():
                    value = start[number][key]
                    if key == "weight" and number in orders:
                        value = value[:, orders[number]]
                    parameter.copy_(torch.from_numpy(value))

    def run(order):
        reset()
        optimizer = torch.optim.Adam(module.parameters(), LR, fused=True)
        for rows in torch.from_numpy(order):
            optimizer.zero_grad()
            functional.cross_entropy(module(X[rows]), y[rows]).backward()
            optimizer.step()
        ends = [{} for _ in start]
        for number, layer in layers.items():
            for key, parameter in layer.named_parameters():
                value = parameter.detach().numpy()
                if key == "weight" and number in orders:
                    value = value[:, np.argsort(orders[number])]
                ends[number][key] = value
        return ends

    return run


def peer_case(name, peer):
    """Return the case against a peer, at its fastest."""
    steps = NETS[name].steps

    def build():
        runs = jax_runs(name) if peer == "JAX" else {peer: torch_run(name)}
        for run in runs.values():
            checked(name, run)
        train, _ = trainer(name)
        return {"optbench": contender(lambda: train(steps), steps)} | {
            one: contender(lambda run=run: run(drawn_order(name, steps)), steps)
            for one, run in runs.items()
        }

    return Case("layered nets", f"{peer}: {name}", build, best_peer(min), PEERS[peer], repeats=5)


def cases():
    """All nets against all peers."""
    for name in NETS:
        for peer in PEERS:
            yield peer_case(name, peer)
