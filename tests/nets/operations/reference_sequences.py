"""Recurrent layers and attention by their formulas, an example at a time, in NumPy."""

import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def rnn(x, h, c, tensors):
    z = tensors["weight_ih"] @ x + tensors["bias_ih"] + tensors["weight_hh"] @ h
    return np.tanh(z + tensors["bias_hh"]), c


def lstm(x, h, c, tensors):
    z = tensors["weight_ih"] @ x + tensors["bias_ih"] + tensors["weight_hh"] @ h
    i, f, g, o = np.split(z + tensors["bias_hh"], 4)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


def gru(x, h, c, tensors):
    of_x = np.split(tensors["weight_ih"] @ x + tensors["bias_ih"], 3)
    of_h = np.split(tensors["weight_hh"] @ h + tensors["bias_hh"], 3)
    r, z = sigmoid(of_x[0] + of_h[0]), sigmoid(of_x[1] + of_h[1])
    return (1 - z) * np.tanh(of_x[2] + r * of_h[2]) + z * h, c


def recurrent(cell, n, X, tensors, last, lengths):
    """Return the outputs of all examples; zeros after the end of one."""
    outputs = np.zeros((len(X), X.shape[1], n))
    for i, steps in enumerate(lengths):
        h, c = np.zeros(n), np.zeros(n)
        for s in range(steps):
            h, c = cell(X[i, s], h, c, tensors)
            outputs[i, s] = h
    ends = np.asarray(lengths) - 1
    return outputs[np.arange(len(X)), ends] if last else outputs


def attention(heads, causal, X, tensors, lengths):
    """Return the outputs of all examples, queries one at a time."""
    outputs = np.zeros_like(X)
    for i, steps in enumerate(lengths):
        parts = X[i] @ tensors["in_proj_weight"].T + tensors["in_proj_bias"]
        Q, K, V = (np.split(part, heads, 1) for part in np.split(parts, 3, 1))
        for s in range(X.shape[1]):
            seen = min(steps, s + 1) if causal else steps
            mixed = []
            for q, k, v in zip(Q, K, V, strict=True):
                shares = np.exp(k[:seen] @ q[s] / np.sqrt(q.shape[1]))
                mixed.append(shares @ v[:seen] / shares.sum())
            out = tensors["out_proj_weight"] @ np.concatenate(mixed)
            outputs[i, s] = out + tensors["out_proj_bias"]
    return outputs
