"""An LSTM and a transformer block for `layered_nets`: ours, in JAX, and in torch."""

import numpy as np

from optbench.nets.layers import (
    LSTM,
    Activation,
    Attention,
    Dense,
    Flatten,
    LayerNorm,
    Residual,
)

HEADS, WIDTH, HIDDEN, TIME, CLASSES = 4, 64, 256, 32, 10
RECURRENT = f"LSTM 1x64, {TIME} steps of 16, batch 32"
BLOCK = f"transformer block {WIDTH} wide, {HEADS} heads, {TIME} tokens, batch 32"
NETS = {
    RECURRENT: ([LSTM(64), Dense(CLASSES)], (TIME, 16), 32, 2000),
    BLOCK: (
        [
            Residual([LayerNorm(), Attention(HEADS)]),
            Residual([LayerNorm(), Dense(HIDDEN), Activation("relu"), Dense(WIDTH)]),
            Flatten(), Dense(CLASSES),
        ],
        (TIME, WIDTH), 32, 1000,
    ),
}  # fmt: skip
"""Layers, input, batch, steps of a turn."""

# ------------------------------------------------------------------------------------------- JAX


def recurrent_in_jax(params, A, y):
    """Return the loss of the LSTM; what comes from the inputs is one product of all steps."""
    import jax
    import jax.numpy as jnp
    import optax

    lstm, dense = params
    inputs = A.reshape(len(A), TIME, -1).transpose(1, 0, 2) @ lstm["weight_ih"].T
    inputs = inputs + lstm["bias_ih"] + lstm["bias_hh"]

    def step(carry, z):
        h, c = carry
        i, f, g, o = jnp.split(z + h @ lstm["weight_hh"].T, 4, axis=1)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        return (jax.nn.sigmoid(o) * jnp.tanh(c), c), None

    zero = jnp.zeros((len(A), 64), A.dtype)
    (h, _), _ = jax.lax.scan(step, (zero, zero), inputs)
    Z = h @ dense["weight"].T + dense["bias"]
    return optax.softmax_cross_entropy_with_integer_labels(Z, y).mean()


def block_in_jax(params, A, y):
    """Return the loss of the transformer block."""
    import jax
    import jax.numpy as jnp
    import optax

    first, second, _, last = params

    def normal(x, tensors):
        centred = x - x.mean(axis=-1, keepdims=True)
        scale = jax.lax.rsqrt((centred * centred).mean(axis=-1, keepdims=True) + 1e-5)
        return centred * scale * tensors["1.weight"] + tensors["1.bias"]

    def attend(x):
        parts = x @ first["2.in_proj_weight"].T + first["2.in_proj_bias"]
        q, k, v = (a.reshape(*a.shape[:2], HEADS, -1) for a in jnp.split(parts, 3, axis=-1))
        scores = jnp.einsum("bqhd,bkhd->bhqk", q, k) / np.float32(np.sqrt(q.shape[-1]))
        mixed = jnp.einsum("bhqk,bkhd->bqhd", jax.nn.softmax(scores), v).reshape(x.shape)
        return mixed @ first["2.out_proj_weight"].T + first["2.out_proj_bias"]

    x = A.reshape(len(A), TIME, WIDTH)
    x = x + attend(normal(x, first))
    hidden = jax.nn.relu(normal(x, second) @ second["2.weight"].T + second["2.bias"])
    x = x + hidden @ second["4.weight"].T + second["4.bias"]
    Z = x.reshape(len(A), -1) @ last["weight"].T + last["bias"]
    return optax.softmax_cross_entropy_with_integer_labels(Z, y).mean()


IN_JAX = {RECURRENT: recurrent_in_jax, BLOCK: block_in_jax}

# ----------------------------------------------------------------------------------------- torch


class Named:
    """Parameters of modules under our names, as `torch.nn.Module.named_parameters` gives them."""

    def __init__(self, **modules):
        self.modules = modules

    def named_parameters(self):
        """Yield (our name, parameter)."""
        for path, module in self.modules.items():
            for name, parameter in module.named_parameters():
                name = name.removesuffix("_l0").replace("out_proj.", "out_proj_")
                yield f"{path.strip('_')}.{name}".lstrip("."), parameter


def recurrent_in_torch():
    """Return the LSTM in torch: (module, {layer: its parameters}, orders of inputs)."""
    import torch

    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.lstm = torch.nn.LSTM(16, 64, batch_first=True)
            self.dense = torch.nn.Linear(64, CLASSES)

        def forward(self, x):
            return self.dense(self.lstm(x.view(len(x), TIME, -1))[1][0][0])

    model = Model()
    return model, {0: Named(_=model.lstm), 1: model.dense}, {}


def block_in_torch():
    """Return the transformer block in torch; see `recurrent_in_torch`."""
    import torch

    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.norms = torch.nn.ModuleList([torch.nn.LayerNorm(WIDTH) for _ in range(2)])
            self.attention = torch.nn.MultiheadAttention(WIDTH, HEADS, batch_first=True)
            self.wide = torch.nn.Linear(WIDTH, HIDDEN)
            self.back = torch.nn.Linear(HIDDEN, WIDTH)
            self.dense = torch.nn.Linear(TIME * WIDTH, CLASSES)

        def forward(self, x):
            x = x.view(len(x), TIME, WIDTH)
            h = self.norms[0](x)
            x = x + self.attention(h, h, h, need_weights=False)[0]
            x = x + self.back(torch.relu(self.wide(self.norms[1](x))))
            return self.dense(x.flatten(1))

    model = Model()
    layers = {
        0: Named(_1=model.norms[0], _2=model.attention),
        1: Named(_1=model.norms[1], _2=model.wide, _4=model.back),
        3: model.dense,
    }
    return model, layers, {}


IN_TORCH = {RECURRENT: recurrent_in_torch, BLOCK: block_in_torch}
