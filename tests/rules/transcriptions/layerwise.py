"""Rules that scale a layer's step by norms, from the papers; x is one layer."""

import numpy as np
from numpy.linalg import norm


def lars(
    x, g, t, memory, lr=1.0, momentum=0.9, weight_decay=0.0, trust_coefficient=1e-3, eps=0.0
):  # fmt: skip
    """You, Gitman and Ginsburg 2017, alg. 1."""
    g = g + weight_decay * x
    local = trust_coefficient * norm(x) / (norm(g) + eps)
    steps = memory.setdefault("steps", [])
    steps.append(lr * local * g)
    ages = momentum ** np.arange(t)[::-1]
    memory["v"] = np.sum(ages[:, None] * np.array(steps), axis=0)
    return x - memory["v"]


def lamb(x, g, t, memory, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-6, weight_decay=0.0):
    """You et al. 2020, alg. 2, with phi(z) = z."""
    memory["m"] = beta1 * memory.get("m", 0.0) + (1 - beta1) * g
    memory["v"] = beta2 * memory.get("v", 0.0) + (1 - beta2) * g**2
    m_hat, v_hat = memory["m"] / (1 - beta1**t), memory["v"] / (1 - beta2**t)
    step = m_hat / (np.sqrt(v_hat) + eps) + weight_decay * x
    return x - lr * norm(x) * step / norm(step)


def fromage(x, g, t, memory, lr=1e-2, min_norm=1e-6):
    """Bernstein et al. 2020, alg. 1."""
    step = max(norm(x), min_norm) * g / max(norm(g), min_norm)
    return (x - lr * step) / np.hypot(1.0, lr)


def novograd(x, g, t, memory, lr=1e-2, beta1=0.9, beta2=0.25, eps=1e-6, weight_decay=0.0):
    """Ginsburg et al. 2019, alg. 1: v starts at the first squared norm, m with the first step."""
    squared = np.sum(g**2)
    second = squared if t == 1 else beta2 * memory["second"] + (1 - beta2) * squared
    step = g / (np.sqrt(second) + eps) + weight_decay * x
    memory["m"] = step if t == 1 else beta1 * memory["m"] + step
    memory.update(second=second, v=np.full_like(x, second))
    return x - lr * memory["m"]
