"""Rules with Hessian estimates, from the papers; `hessian` is z * H z, 1 where there is none."""

import numpy as np


def adahessian(
    x, g, t, memory, lr=0.15, beta1=0.9, beta2=0.999, power=1.0, eps=1e-4, hessian_every=1,
    hessian=1.0,
):  # fmt: skip
    """Yao et al. 2021, alg. 1: means as weighted sums of all gradients and all estimates."""
    memory.setdefault("gradients", []).append(g)
    if (t - 1) % hessian_every == 0:
        memory.setdefault("estimates", []).append(np.broadcast_to(hessian, x.shape) ** 2)
    memory["m"] = _mean(memory["gradients"], beta1)
    memory["v"] = _mean(memory["estimates"], beta2)
    m_hat = memory["m"] / (1 - beta1**t)
    v_hat = memory["v"] / (1 - beta2 ** len(memory["estimates"]))
    return x - lr * m_hat / (v_hat ** (power / 2) + eps)


def sophia(
    x, g, t, memory, lr=6e-4, beta1=0.96, beta2=0.99, gamma=0.01, eps=1e-12, weight_decay=0.0,
    hessian_every=10, hessian=1.0,
):  # fmt: skip
    """Liu et al. 2024, alg. 3."""
    memory["m"] = beta1 * memory.get("m", 0.0) + (1 - beta1) * g
    h = memory.get("h", np.zeros_like(x))
    memory["h"] = beta2 * h + (1 - beta2) * hessian if t % hessian_every == 1 % hessian_every else h
    x = x - lr * weight_decay * x
    return x - lr * np.clip(memory["m"] / np.maximum(gamma * memory["h"], eps), -1.0, 1.0)


def _mean(terms, beta):
    """Return the running mean that begins at 0."""
    weights = (1 - beta) * beta ** np.arange(len(terms) - 1, -1, -1.0)
    return weights @ np.array(terms)
