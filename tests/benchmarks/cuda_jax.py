"""JAX on the device: one scan over the steps, lanes and nets by vmap."""

import jax
import jax.numpy as jnp
import numpy as np
import optax

from .peers_jax import compiled
from .perf_cuda import clocked


def _wanted():
    if jax.default_backend() != "gpu":
        raise RuntimeError("JAX sees no CUDA device (pip install 'jax[cuda13]')")


def surface(work):
    """Return a contender: lanes first or last, whichever is faster."""
    _wanted()
    runs = [clocked(compiled(work, axis)) for axis in (0, 1)]
    for run in runs:
        run()
    return min(runs, key=lambda run: run())


def _loss(params, X, y):
    w1, b1, w2, b2 = params
    # The default precision of products is TF32 on a GPU.
    with jax.default_matmul_precision("highest"):
        out = jax.nn.relu(X @ w1 + b1) @ w2 + b2
    return optax.softmax_cross_entropy_with_integer_labels(out, y).mean()


def net_runner(start, X, y, steps, lr):
    """Return a function that trains all nets and returns their parameters; see `cuda_torch.net`."""
    optimizer = optax.adam(lr, b1=0.9, b2=0.999, eps=1e-8)
    X, y = jnp.asarray(X), jnp.asarray(y)

    def train(params):
        def step(carry, _):
            params, state = carry
            updates, state = optimizer.update(jax.grad(_loss)(params, X, y), state)
            return (optax.apply_updates(params, updates), state), None

        return jax.lax.scan(step, (params, optimizer.init(params)), length=steps)[0][0]

    function = jax.jit(jax.vmap(train))
    given = tuple(map(jnp.asarray, start))
    return lambda: jax.block_until_ready(function(given))


def net(start, X, y, steps, lr):
    """Return a contender."""
    _wanted()
    return clocked(net_runner(start, X, y, steps, lr))


def arrays(params):
    """Return parameters as NumPy arrays."""
    return [np.asarray(p) for p in params]
