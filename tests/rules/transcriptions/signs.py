"""Rules that step by signs, from the papers."""

import numpy as np


def lion(x, g, t, memory, lr=1e-4, beta1=0.9, beta2=0.99, weight_decay=1e-3):
    m = memory.get("m", np.zeros_like(x))
    direction = np.sign(beta1 * m + (1 - beta1) * g)
    memory["m"] = beta2 * m + (1 - beta2) * g
    return x - lr * direction - lr * weight_decay * x
