"""Rules that step by signs, from the papers."""

import numpy as np


def sign_sgd(x, g, t, memory, lr=1e-3):
    return x - lr * np.sign(g)


def signum(x, g, t, memory, lr=1e-3, beta=0.9):
    memory["m"] = beta * memory.get("m", 0.0) + (1 - beta) * g
    return x - lr * np.sign(memory["m"])


def rprop(
    x, g, t, memory, lr=1e-2, eta_minus=0.5, eta_plus=1.2, step_min=1e-6, step_max=50.0
):  # fmt: skip
    """Riedmiller and Braun 1993, coordinate by coordinate; a change of sign is forgotten."""
    before = memory.get("g_prev", np.zeros_like(x))
    steps = np.array(memory.get("step", np.full_like(x, lr)))
    x, previous = x.copy(), g.copy()
    for i in range(len(x)):
        if g[i] * before[i] > 0:
            steps[i] *= eta_plus
        elif g[i] * before[i] < 0:
            steps[i] *= eta_minus
            previous[i] = 0.0
        steps[i] = np.clip(steps[i], step_min, step_max)
        x[i] -= steps[i] * np.sign(previous[i])
    memory.update(g_prev=previous, step=steps)
    return x


def lion(x, g, t, memory, lr=1e-4, beta1=0.9, beta2=0.99, weight_decay=1e-3):
    m = memory.get("m", np.zeros_like(x))
    direction = np.sign(beta1 * m + (1 - beta1) * g)
    memory["m"] = beta2 * m + (1 - beta2) * g
    return x - lr * direction - lr * weight_decay * x
