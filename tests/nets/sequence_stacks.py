"""Random stacks of layers of sequences for a `Net`."""

import numpy as np

from optbench.nets import Net
from optbench.nets.layers import (
    GRU,
    LSTM,
    RNN,
    Activation,
    Attention,
    Dense,
    Embedding,
    Flatten,
    LayerNorm,
    Residual,
    Shared,
)

STACKS = 40
VOCABULARY = 5


def random_sequence_layer(rng, width):
    """Return a random layer that takes (time, width) and gives sequences."""
    kind, n = int(rng.integers(0, 8)), int(rng.integers(1, 9))
    heads = int(rng.choice([h for h in range(1, width + 1) if width % h == 0]))
    if kind < 3:
        return (RNN, LSTM, GRU)[kind](n, last=False)
    if kind < 5:
        return Attention(heads, causal=kind == 3)
    if kind == 5:
        return Residual([LayerNorm(), Attention(heads), Dense(width)])
    if kind == 6:
        return Residual([GRU(n, last=False), Activation("tanh"), Dense(width)])
    return Dense(n)


def random_sequence_net(seed):
    """Return a net of at most 6 random layers, of tokens or of numbers, before its last one."""
    rng = np.random.default_rng([20261130, seed])
    time, width = int(rng.integers(1, 6)), int(rng.integers(1, 7))
    tokens = bool(rng.integers(0, 2))
    layers = [Embedding(VOCABULARY, width)] if tokens else []
    shape = (time, width)
    if rng.integers(0, 4) == 0:
        layers += [Shared(LSTM(width, last=False), "step")] * 2
    while len(layers) < rng.integers(2, 6):
        layers.append(random_sequence_layer(rng, shape[1]))
        shape = layers[-1].output(shape)
    kind = (RNN, LSTM, GRU, None)[rng.integers(0, 4)]
    layers.append(Flatten() if kind is None else kind(int(rng.integers(1, 9))))
    return Net([*layers, Dense(3)], input=(time,) if tokens else (time, width))


def random_sequence_data(net, seed, rows=7):
    """Return X, labels and parameters."""
    rng = np.random.default_rng([seed, net.dim])
    X = rng.standard_normal((rows, net.n_in))
    if isinstance(net.layers[0], Embedding):
        X = rng.integers(0, VOCABULARY, X.shape).astype(float)
    params = net.init(seed)
    for one in net.placed:
        params[one.place : one.place + one.tensor.size] += 0.2 * rng.standard_normal(
            one.tensor.size
        )
    return X, rng.integers(0, net.n_out, rows), params
