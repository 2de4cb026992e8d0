"""Adam with moments, bounds or rates of layers, from the papers; x is one layer."""

import numpy as np
from numpy.linalg import norm

from .adaptive import moments


def _rms(a):
    return np.sqrt(np.mean(a**2))


def adam_mini(x, g, t, memory, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    """Zhang et al. 2024, Adam-mini, where the tensor is the block."""
    memory["m"] = beta1 * memory.get("m", 0.0) + (1 - beta1) * g
    memory["v"] = beta2 * memory.get("v", 0.0 * g) + (1 - beta2) * np.mean(g * g)
    v_hat = memory["v"][0] / (1 - beta2**t)
    return x - lr * (memory["m"] / (1 - beta1**t)) / (np.sqrt(v_hat) + eps)


def stable_adamw(
    x, g, t, memory, lr=1e-3, beta1=0.9, beta2=0.99, eps=1e-8, weight_decay=1e-2
):  # fmt: skip
    """Wortsman et al. 2023, alg. 2: betas that correct, or as here corrected means."""
    raw = memory.setdefault("raw", {})
    moments(g, t, raw, beta1, beta2)
    m, u = raw["m"] / (1 - beta1**t), raw["v"] / (1 - beta2**t)
    memory.update(m=m, v=u)
    rms = np.sqrt(np.mean(g**2 / np.maximum(u, eps**2)))
    eta = lr / max(1.0, rms)
    return x - eta * weight_decay * x - eta * m / (np.sqrt(u) + eps)


def fadam(
    x, g, t, memory, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, clip=1.0, weight_decay=0.1
):  # fmt: skip
    """Hwang 2024, alg. 1, with a constant epsilon."""
    raw = beta2 * memory.get("raw", 0.0) + (1 - beta2) * g**2
    fisher = raw / (1 - beta2**t)
    natural = g / (np.sqrt(fisher) + eps)
    natural = natural / max(1.0, _rms(natural) / clip)
    m = beta1 * memory.get("m", 0.0) + (1 - beta1) * natural
    memory.update(m=m, v=fisher)
    memory["raw"] = raw
    decay = x / (np.sqrt(fisher) + eps)
    decay = decay / max(1.0, _rms(decay) / clip)
    return x - lr * (m + weight_decay * decay)


def adamnorm(x, g, t, memory, lr=1e-3, beta1=0.9, beta2=0.999, gamma=0.95, eps=1e-8):
    """Dubey, Singh and Chaudhuri 2023, AdamNorm."""
    e = gamma * memory.get("e", 0.0) + (1 - gamma) * norm(g)
    s = e / norm(g) * g if e > norm(g) else g
    m = beta1 * memory.get("m", 0.0) + (1 - beta1) * s
    v = beta2 * memory.get("v", 0.0) + (1 - beta2) * g**2
    memory.update(m=m, v=v, e=e, size=np.full_like(x, e))
    return x - lr * m / (1 - beta1**t) / (np.sqrt(v / (1 - beta2**t)) + eps)


def amos(
    x, g, t, memory, lr=1e-3, beta=0.999, scale=0.5, momentum=0.0, c=0.25, d=0.25, eps=1e-18
):  # fmt: skip
    """Tian and Parikh 2022, alg. 1."""
    g2 = np.mean(g**2)
    v = beta * memory.get("own v", 0.0) + (1 - beta) * g2
    v_hat = max(v, eps**2) / (1 - beta**t)
    b = memory.get("b", 0.0)
    c_t = (1 + c * np.sqrt(lr) * b) ** -0.5
    d_t = (1 + d * np.sqrt(lr * scale) * b) ** -1
    gamma = c_t * lr**2 / v_hat * g2
    step = d_t * (lr * scale / np.sqrt(v_hat) * g + 0.5 * gamma * x)
    m = momentum * memory.get("m", 0.0) + (1 - momentum) * step
    b = b + gamma * (1 + b)
    memory.update({"own v": v, "b": b, "m": m})
    memory.update(v=np.full_like(x, v), decayed=np.full_like(x, b))
    return x - m
