"""Adaptive rules with memories of unlike lengths, from the papers."""

import numpy as np

from .adaptive import moments


def ademamix(
    x, g, t, memory, lr=1e-3, beta1=0.9, beta2=0.999, beta3=0.9999, alpha=5.0, warmup_steps=0.0,
    eps=1e-8,
):  # fmt: skip
    """Pagliardini et al. 2024, alg. 1, eqs. 4 and 5."""
    m, v_hat = moments(g, t, memory, beta1, beta2)
    if t < warmup_steps:
        tau = t / warmup_steps
        slope = (1 - tau) / np.log(beta1) + tau / np.log(beta3)
        alpha, beta3 = alpha * tau, min(beta3, np.exp(1 / slope))
    memory["slow"] = beta3 * memory.get("slow", 0.0) + (1 - beta3) * g
    return x - lr * (m / (1 - beta1**t) + alpha * memory["slow"]) / (np.sqrt(v_hat) + eps)


def adopt(
    x, g, t, memory, lr=1e-3, beta1=0.9, beta2=0.9999, eps=1e-6, use_clipping=True
):  # fmt: skip
    """Taniguchi et al. 2024, alg. 2: v_0 is the first squared gradient, and steps begin after."""
    if t == 1:
        memory.update(m=np.zeros_like(x), v=g**2)
        return x
    scaled = g / np.maximum(np.sqrt(memory["v"]), eps)
    if use_clipping:
        scaled = np.clip(scaled, -((t - 1) ** 0.25), (t - 1) ** 0.25)
    memory["m"] = beta1 * memory["m"] + (1 - beta1) * scaled
    memory["v"] = beta2 * memory["v"] + (1 - beta2) * g**2
    return x - lr * memory["m"]


def madgrad(x, g, t, memory, lr=1e-2, momentum=0.9, eps=1e-6):
    """Defazio and Jelassi 2022, alg. 1: dual averaging from x0, with weights (lr + eps) sqrt(t)."""
    memory.setdefault("x0", x)
    weight = (lr + eps) * np.sqrt(t)
    memory["s"] = memory.get("s", 0.0) + weight * g
    memory["v"] = memory.get("v", 0.0) + weight * g**2
    z = memory["x0"] - memory["s"] / (np.cbrt(memory["v"]) + eps)
    return (1 - momentum) * z + momentum * x


def simplified_ademamix(
    x, g, t, memory, lr=1e-3, beta1=0.99, beta2=0.95, alpha=0.0, eps=1e-8
):  # fmt: skip
    """Morwani et al. 2025: the velocity as a sum over all steps."""
    gradients = memory.setdefault("gradients", [])
    gradients.append(g)
    memory["m"] = beta1 ** np.arange(t)[::-1] @ np.array(gradients)
    memory["v"] = beta2 * memory.get("v", 0.0) + (1 - beta2) * g**2
    root = np.sqrt(memory["v"] / (1 - beta2**t))
    return x - lr * (memory["m"] + alpha * g) / (root + eps)
