"""The same small nets trained by JAX and torch, which must end where we do."""

import numpy as np

from optbench.define.draws import sample

from .net_training import LR, NETS, examples, trainer


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
