"""MARS in its approximate form, from the paper and the authors' code; x is one layer."""

import numpy as np
from numpy.linalg import norm


def _corrected(g, memory, beta1, gamma):
    """Yuan et al. 2024; the gradient before the first is 0, as in the code."""
    c = g + gamma * beta1 / (1 - beta1) * (g - memory.get("previous", 0.0))
    memory["previous"] = g
    return c / max(1.0, norm(c))


def mars_adamw(
    x, g, t, memory, lr=3e-3, beta1=0.95, beta2=0.99, gamma=0.025, eps=1e-8, weight_decay=0.0
):  # fmt: skip
    """Yuan et al. 2024, alg. 2."""
    c = _corrected(g, memory, beta1, gamma)
    m = beta1 * memory.get("m", 0.0) + (1 - beta1) * c
    v = beta2 * memory.get("v", 0.0) + (1 - beta2) * c**2
    memory.update(m=m, v=v)
    step = m / (1 - beta1**t) / (np.sqrt(v / (1 - beta2**t)) + eps)
    return x - lr * (step + weight_decay * x)


def mars_lion(x, g, t, memory, lr=3e-3, beta1=0.95, gamma=0.025, weight_decay=0.0):
    """Yuan et al. 2024, alg. 3."""
    c = _corrected(g, memory, beta1, gamma)
    memory["m"] = beta1 * memory.get("m", 0.0) + (1 - beta1) * c
    return x - lr * (np.sign(memory["m"]) + weight_decay * x)
