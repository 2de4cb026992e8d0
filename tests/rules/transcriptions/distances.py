"""D-Adaptation and Prodigy, from the papers; the weighted sums are sums here."""

import numpy as np
from numpy.linalg import norm


def dadapt_sgd(x, g, t, memory, lr=1.0, momentum=0.9, d0=1e-6):
    """Defazio and Mishchenko 2023, alg. 4: d bounds |x_0 - x_*| from below."""
    start = memory.setdefault("x_start", x)
    first = memory.setdefault("g_first", norm(g))
    d = memory.get("d", d0)
    weighted = memory.get("weighted", 0.0) + d * lr / first * np.dot(g, memory.get("s", 0.0 * g))
    s = memory.get("s", 0.0) + d * lr / first * g
    d = max(d, 2 * weighted / norm(s))
    memory.update(d=d, gain=d / d0, s=s, weighted=weighted)
    z = start - s
    return momentum * x + (1 - momentum) * z


def _correction(t, beta1, beta2, bias_correction):
    return np.sqrt(1 - beta2**t) / (1 - beta1**t) if bias_correction else 1.0


def dadapt_adam(
    x, g, t, memory, lr=1.0, beta1=0.9, beta2=0.999, eps=1e-8, d0=1e-6, weight_decay=0.0,
    bias_correction=1,
):  # fmt: skip
    """Defazio and Mishchenko 2023, alg. 5."""
    zero, root = np.zeros_like(x), np.sqrt(beta2)
    d = memory.get("d", d0)
    step = d * lr * _correction(t, beta1, beta2, bias_correction)
    s, v = memory.get("s", zero), memory.get("v", zero)
    weighted = root * memory.get("weighted", 0.0)
    weighted += (1 - root) * step * np.dot(g, s / (np.sqrt(v) + eps))
    m = beta1 * memory.get("m", zero) + (1 - beta1) * step * g
    v = beta2 * v + (1 - beta2) * g**2
    s = root * s + (1 - root) * step * g
    d = max(d, weighted / ((1 - root) * norm(s, 1)))
    memory.update(d=d, gain=d / d0, s=s, m=m, v=v, weighted=weighted)
    return x * (1 - weight_decay * step) - m / (np.sqrt(v) + eps)


def prodigy(
    x, g, t, memory, lr=1.0, beta1=0.9, beta2=0.999, eps=1e-8, d0=1e-6, d_coef=1.0,
    weight_decay=0.0, bias_correction=1, safeguard_warmup=0,
):  # fmt: skip
    """Mishchenko and Defazio 2024, alg. 4; the weights are in units of d0, as in their code."""
    zero, root = np.zeros_like(x), np.sqrt(beta2)
    start, d = memory.setdefault("x_start", x), memory.get("d", d0)
    step = d * lr * _correction(t, beta1, beta2, bias_correction)
    weighted = root * memory.get("weighted", 0.0) + d / d0 * step * np.dot(g, start - x)
    m = beta1 * memory.get("m", zero) + (1 - beta1) * (d * g)
    v = beta2 * memory.get("v", zero) + (1 - beta2) * (d * g) ** 2
    s = root * memory.get("s", zero) + d / d0 * (d if safeguard_warmup else step) * g
    d = max(d, d_coef * weighted / norm(s, 1))
    memory.update(d=d, gain=d / d0, s=s, m=m, v=v, weighted=weighted)
    return x - step * m / (np.sqrt(v) + d * eps) - weight_decay * step * x
