"""Sums of squared gradients, from the papers."""

import numpy as np


def adagrad_norm(x, g, t, memory, lr=0.1, b0=0.1):
    """Ward, Wu and Bottou 2020, alg. 1: b_t by its own recursion."""
    memory["b"] = np.hypot(memory.get("b", b0), np.linalg.norm(g))
    memory["summed"] = np.atleast_1d(memory.get("summed", 0.0) + g @ g)
    return x - lr / memory["b"] * g


def kate(x, g, t, memory, lr=1e-3, eta=0.9, eps=1e-8):
    """Choudhury et al. 2024, alg. 1, with eps added to b^2 as in the authors' code."""
    memory["total"] = memory.get("total", 0.0) + g**2
    b = np.sqrt(memory["total"] + eps)
    memory["weighted"] = memory.get("weighted", 0.0) + eta * g**2 + (g / b) ** 2
    return x - lr * np.sqrt(memory["weighted"]) / b**2 * g


def ftrl(x, g, t, memory, lr=0.1, beta=1.0, lambda1=0.0, lambda2=0.0):
    """McMahan et al. 2013, alg. 1, with z that begins at the weight of the start."""
    z = memory.get("own z", -beta / lr * x)
    n = memory.get("total", 0.0)
    sigma = (np.sqrt(n + g**2) - np.sqrt(n)) / lr
    z = z + g - sigma * x
    memory.update(total=n + g**2, z=lr * z)
    memory["own z"] = z
    rates = 1 / ((beta + np.sqrt(n + g**2)) / lr + lambda2)
    return np.where(np.abs(z) <= lambda1, 0.0, -rates * (z - np.sign(z) * lambda1))
