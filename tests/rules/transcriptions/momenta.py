"""Momenta with derivatives, negative parts and inertia, from the papers: sums by definition."""

import numpy as np


def pid(x, g, t, memory, lr=1e-3, momentum=0.9, integral=5.0, derivative=10.0):
    """An et al. 2018: sum of gradients and mean of their changes, as sums over all steps."""
    gradients = memory.setdefault("gradients", [])
    gradients.append(g)
    ages = momentum ** np.arange(t)[::-1]
    total = ages @ np.array(gradients)
    changes = np.diff(np.array(gradients), axis=0)
    change = (1 - momentum) * (ages[1:] @ changes) if t > 1 else 0.0 * g
    memory.update(total=total, change=change, previous=g)
    return x - lr * (g + integral * total + derivative * change)


def _alternating(memory, g, t, beta1):
    """Return the two momenta of Xie et al. 2021: of gradients at odd and at even steps."""
    own, other = ("odd", "even") if t % 2 else ("even", "odd")
    memory[own] = beta1**2 * memory.get(own, 0.0) + (1 - beta1**2) * g
    memory.update(m=memory[own], m_before=memory.get(other, 0.0 * g))
    return memory["m"], memory["m_before"]


def pnm(x, g, t, memory, lr=1e-2, beta1=0.9, beta2=1.0):
    """Xie et al. 2021, PNM."""
    now, before = _alternating(memory, g, t, beta1)
    return x - lr * ((1 + beta2) * now - beta2 * before) / np.hypot(1 + beta2, beta2)


def adapnm(
    x, g, t, memory, lr=1e-3, beta1=0.9, beta2=0.999, beta3=1.0, eps=1e-8, amsgrad=True
):  # fmt: skip
    """Xie et al. 2021, AdaPNM; Adam's correction is that of beta1, not of its square."""
    now, before = _alternating(memory, g, t, beta1)
    mean = ((1 + beta3) * now - beta3 * before) / np.hypot(1 + beta3, beta3) / (1 - beta1**t)
    v = beta2 * memory.get("v", 0.0 * g) + (1 - beta2) * g**2
    largest = np.maximum(memory.get("largest", 0.0), v) if amsgrad else 0.0 * g
    memory.update(v=v, largest=largest)
    root = np.sqrt((largest if amsgrad else v) / (1 - beta2**t))
    return x - lr * mean / (root + eps)


def adai(x, g, t, memory, lr=1e-2, beta0=0.1, beta2=0.99, eps=1e-3):
    """Xie et al. 2022, Adai."""
    v = beta2 * memory.get("v", 0.0 * g) + (1 - beta2) * g**2
    v_hat = v / (1 - beta2**t)
    beta1 = np.clip(1 - beta0 / np.mean(v_hat) * v_hat, 0.0, 1 - eps)
    m = beta1 * memory.get("m", 0.0) + (1 - beta1) * g
    with np.errstate(divide="ignore"):
        memory["logs"] = memory.get("logs", 0.0) + np.log(beta1)
    seen = -np.expm1(memory["logs"])  # 1 less the product of all beta1
    memory.update(m=m, v=v, seen=seen)
    return x - lr * m / seen
