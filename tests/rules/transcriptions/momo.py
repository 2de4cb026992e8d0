"""MoMo, from the paper: the model of f is a weighted mean of the planes seen so far."""

import numpy as np


def _planes(memory, f, g, x, t, weights):
    """Return the weighted sums of f_k, g_k and <g_k, x_k>."""
    planes = memory.setdefault("planes", [])
    planes.append((f, g, g @ x))
    values, slopes, offsets = (np.array(column) for column in zip(*planes, strict=True))
    memory.update(f_mean=weights @ values, offset=weights @ offsets)
    return memory["f_mean"], weights @ slopes, memory["offset"]


def _step(memory, at, length, lr, share, lower_bound, weight_decay, adapt):
    """Return tau of eq. 9; `at` is (mean f, <d, x>, mean <g, x>), `share` the sum of weights."""
    f, along, offset = at
    lower, decay = memory.get("lower", lower_bound), 1 + lr * weight_decay
    if adapt and decay * (f - offset) + along < decay * share * lower:
        lower = max((decay * (f - offset) + along) / (2 * decay * share), lower_bound)
    tau = min(lr / share, max(decay * (f - offset - share * lower) + along, 0.0) / length)
    if adapt:
        lower = max((f + along - offset - tau * length / 2) / share, lower_bound)
    memory["lower"] = lower
    return tau


def momo(
    x, g, t, memory, f, lr=1.0, beta=0.9, lower_bound=0.0, weight_decay=0.0, adapt_lower_bound=0
):  # fmt: skip
    """Schaipp et al. 2024, alg. 1: the averages start at the first plane."""
    weights = (1 - beta) * beta ** np.arange(t, dtype=float)[::-1]
    weights[0] = beta ** (t - 1)
    mean, m, offset = _planes(memory, f, g, x, t, weights)
    at = mean, m @ x, offset
    tau = _step(memory, at, m @ m, lr, 1.0, lower_bound, weight_decay, adapt_lower_bound)
    memory["m"] = m
    return x - tau * m - lr * weight_decay / (1 + lr * weight_decay) * x


def momo_adam(
    x, g, t, memory, f, lr=1e-2, beta1=0.9, beta2=0.999, eps=1e-8, lower_bound=0.0,
    weight_decay=0.0, adapt_lower_bound=0,
):  # fmt: skip
    """Schaipp et al. 2024, alg. 2: averages from zero, lengths in the metric of Adam."""
    mean, m, offset = _planes(
        memory, f, g, x, t, (1 - beta1) * beta1 ** np.arange(t, dtype=float)[::-1]
    )
    memory["v"] = beta2 * memory.get("v", 0.0) + (1 - beta2) * g**2
    metric = eps + np.sqrt(memory["v"] / (1 - beta2**t))
    share, at = 1 - beta1**t, (mean, m @ x, offset)
    length = np.sum(m**2 / metric)
    tau = _step(memory, at, length, lr, share, lower_bound, weight_decay, adapt_lower_bound)
    memory["m"] = m
    return x - tau * m / metric - lr * weight_decay / (1 + lr * weight_decay) * x
