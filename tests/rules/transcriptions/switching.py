"""SWATS, from the paper."""

import numpy as np

from .adaptive import moments


def swats(x, g, t, memory, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-9):
    """Keskar and Socher 2017, alg. 1."""
    moments(g, t, memory, beta1, beta2)  # the algorithm goes on without them; nothing reads them
    memory.setdefault("velocity", 0.0 * g)
    memory.setdefault("mean", np.zeros(1))
    switched = float(memory.setdefault("sgd_rate", np.zeros(1))[0])
    if switched:
        memory["velocity"] = beta1 * memory["velocity"] + g
        return x - (1 - beta1) * switched * memory["velocity"]
    alpha = lr * np.sqrt(1 - beta2**t) / (1 - beta1**t)
    p = -alpha * memory["m"] / (np.sqrt(memory["v"]) + eps)
    if p @ g != 0.0:
        gamma = (p @ p) / -(p @ g)
        memory["mean"] = beta2 * memory["mean"] + (1 - beta2) * gamma
        corrected = memory["mean"][0] / (1 - beta2**t)
        if t > 1 and abs(corrected - gamma) < eps and corrected > 0.0:
            memory["sgd_rate"] = np.array([corrected])
    return x + p
