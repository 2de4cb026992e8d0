"""SGDP and AdamP, from the paper; x is one layer."""

import numpy as np
from numpy.linalg import norm

from .adaptive import moments


def _projected(x, g, step, eps, delta, wd_ratio):
    """Heo et al. 2021: the step without its part along x, and the decay's share."""
    cosine = abs(x @ g) / (max(norm(x), eps) * max(norm(g), eps))
    if cosine >= delta / np.sqrt(len(x)):
        return step, 1.0
    unit = x / (norm(x) + eps)
    return step - (unit @ step) * unit, wd_ratio


def sgdp(
    x, g, t, memory, lr=1e-2, momentum=0.9, weight_decay=0.0, delta=0.1, wd_ratio=0.1, eps=1e-8,
    nesterov=True,
):  # fmt: skip
    """Heo et al. 2021, alg. 1; decay is that of the velocity's whole life, as in the code."""
    memory["v"] = momentum * memory.get("v", 0.0) + g
    step = g + momentum * memory["v"] if nesterov else memory["v"]
    step, share = _projected(x, g, step, eps, delta, wd_ratio)
    return x * (1 - lr * weight_decay * share / (1 - momentum)) - lr * step


def adamp(
    x, g, t, memory, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.0, delta=0.1,
    wd_ratio=0.1, nesterov=False,
):  # fmt: skip
    """Heo et al. 2021, alg. 2."""
    moments(g, t, memory, beta1, beta2)
    mean = beta1 * memory["m"] + (1 - beta1) * g if nesterov else memory["m"]
    step = mean / (1 - beta1**t) / (np.sqrt(memory["v"] / (1 - beta2**t)) + eps)
    step, share = _projected(x, g, step, eps, delta, wd_ratio)
    return x * (1 - lr * weight_decay * share) - lr * step
