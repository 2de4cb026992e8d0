"""Rules with a second moment per coordinate, from the papers."""

import numpy as np


def adagrad(x, g, t, memory, lr=1e-2, eps=1e-10):
    memory["total"] = memory.get("total", 0.0) + g**2
    return x - lr / (np.sqrt(memory["total"]) + eps) * g


def rmsprop(x, g, t, memory, lr=1e-2, alpha=0.99, eps=1e-8):
    memory["v"] = alpha * memory.get("v", 0.0) + (1 - alpha) * g**2
    return x - lr / (np.sqrt(memory["v"]) + eps) * g


def _moments(g, t, memory, beta1, beta2):
    """Return m and the corrected v."""
    memory["m"] = beta1 * memory.get("m", 0.0) + (1 - beta1) * g
    memory["v"] = beta2 * memory.get("v", 0.0) + (1 - beta2) * g**2
    return memory["m"], memory["v"] / (1 - beta2**t)


def adam(x, g, t, memory, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    m, v_hat = _moments(g, t, memory, beta1, beta2)
    return x - lr * (m / (1 - beta1**t)) / (np.sqrt(v_hat) + eps)


def adamw(x, g, t, memory, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=1e-2):
    m, v_hat = _moments(g, t, memory, beta1, beta2)
    return x - lr * ((m / (1 - beta1**t)) / (np.sqrt(v_hat) + eps) + weight_decay * x)


def nadam(x, g, t, memory, lr=2e-3, beta1=0.9, beta2=0.999, eps=1e-8, momentum_decay=4e-3):
    mu = beta1 * (1 - 0.5 * 0.96 ** (momentum_decay * np.arange(1, t + 2)))  # mu_1 .. mu_{t+1}
    m, v_hat = _moments(g, t, memory, beta1, beta2)
    of_m = mu[t] / (1 - np.prod(mu)) * m
    of_g = (1 - mu[t - 1]) / (1 - np.prod(mu[:t])) * g
    return x - lr * (of_m + of_g) / (np.sqrt(v_hat) + eps)
