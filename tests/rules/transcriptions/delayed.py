"""Rules that divide before the momentum or by earlier moments, from the papers."""

import numpy as np

from .adaptive import moments


def laprop(x, g, t, memory, lr=4e-4, beta1=0.9, beta2=0.999, eps=1e-15):
    """Ziyin, Wang and Ueda 2020, alg. 1: the momentum by its definition, as a sum."""
    memory["v"] = beta2 * memory.get("v", 0.0) + (1 - beta2) * g**2
    divided = memory.setdefault("divided", [])
    divided.append(g / (np.sqrt(memory["v"] / (1 - beta2**t)) + eps))
    weights = beta1 ** np.arange(t)[::-1]
    memory["m"] = (1 - beta1) * (weights @ np.array(divided))
    return x - lr * memory["m"] / (1 - beta1**t)


def acprop(
    x, g, t, memory, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-16, eps_root=1e-16,
    previous_mean=False,
):  # fmt: skip
    """Zhuang et al. 2021, ACProp, with Adam's correction; the first gradient is not divided."""
    s = memory.get("s", 0.0 * g)
    root = np.sqrt(s / (1 - beta2 ** (t - 1))) if t > 1 else 1.0
    before = memory.get("m", 0.0 * g)
    m = beta1 * before + (1 - beta1) * g
    s = beta2 * s + (1 - beta2) * (g - (before if previous_mean else m)) ** 2 + eps_root
    memory.update(m=m, s=s)
    return x - lr * g / (root + eps)


def avagrad(x, g, t, memory, lr=0.1, beta1=0.9, beta2=0.999, eps=0.1):
    """Savarese et al. 2021, AvaGrad, corrected as in the authors' code, which skips step 1."""
    v = memory.get("v", 0.0 * g)
    moments(g, t, memory, beta1, beta2)
    if t == 1:
        return x
    eta = 1 / (np.sqrt(v / (1 - beta2 ** (t - 1))) + eps)
    eta = eta / np.linalg.norm(eta / np.sqrt(len(x)))
    return x - lr * eta * memory["m"] / (1 - beta1**t)


def adashift(x, g, t, memory, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-10):
    """Zhou et al. 2019, with n = 10 and single coordinates as blocks: means as sums.

    A coordinate waits for the first gradient that is not 0, which the paper does not speak of.
    """
    gradients = memory.setdefault("gradients", [])
    gradients.append(g)
    weights = beta1 ** np.arange(10)
    latest = gradients[:-11:-1]
    m = weights[: len(latest)] @ np.array(latest) / weights.sum()
    memory.update({f"g{age}": (gradients[-age] if t >= age else 0.0 * g) for age in range(1, 11)})
    memory["m"] = m
    memory["v"] = beta2 * memory.get("v", 0.0 * g)
    if t <= 10:
        return x
    memory["v"] = memory["v"] + (1 - beta2) * gradients[-11] ** 2
    step = m / (np.sqrt(memory["v"] / (1 - beta2 ** (t - 10))) + eps)
    return x - lr * np.where(memory["v"] > 0.0, step, 0.0)
