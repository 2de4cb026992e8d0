"""Rules that report an average, from the papers: averages are sums here."""

import numpy as np


def _average(memory, z, t, rate, r, power):
    """Return the mean of z_1 .. z_t, weighted by t^r (largest rate so far)^power."""
    largest = max(memory.get("largest", 0.0), rate)
    weight = t**r * largest**power
    total = memory.get("total", 0.0) + weight
    weighted = memory.get("weighted", 0.0) + weight * z
    memory.update(z=z, largest=largest, total=total, weighted=weighted)
    memory["reported"] = weighted / total
    return memory["reported"]


def schedule_free_sgd(
    x, g, t, memory, lr=1.0, beta=0.9, weight_decay=0.0, warmup_steps=0, r=0.0, weight_lr_power=2.0
):  # fmt: skip
    """Defazio et al. 2024, eqs. 3-5."""
    rate = lr * min(1.0, t / max(warmup_steps, 1))
    z = memory.get("z", x) - rate * (g + weight_decay * x)
    return (1 - beta) * z + beta * _average(memory, z, t, rate, r, weight_lr_power)


def schedule_free_adamw(
    x, g, t, memory, lr=2.5e-3, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.0, warmup_steps=0,
    r=0.0, weight_lr_power=2.0,
):  # fmt: skip
    """Defazio et al. 2024, alg. 1, with the second moment corrected by its weights."""
    squares = memory.setdefault("squares", [])
    squares.append(g**2)
    ages = (beta2 ** np.arange(t)[::-1])[:, None]
    memory["v"] = (1 - beta2) * np.sum(ages * np.array(squares), axis=0)
    rate = lr * min(1.0, t / max(warmup_steps, 1))
    step = g / (np.sqrt(memory["v"] / (1 - beta2**t)) + eps)
    z = memory.get("z", x) - rate * (step + weight_decay * x)
    return (1 - beta1) * z + beta1 * _average(memory, z, t, rate, r, weight_lr_power)


def schedule_free_radam(
    x, g, t, memory, lr=2.5e-3, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.0, r=0.0,
    weight_lr_power=2.0, silent_sgd_phase=True,
):  # fmt: skip
    """Defazio et al. 2024, with the rates of Liu et al. 2020, alg. 2, from the length 4 on."""
    memory["v"] = beta2 * memory.get("v", 0.0) + (1 - beta2) * g**2
    infinite = 2 / (1 - beta2) - 1
    length = infinite - 2 * t * beta2**t / (1 - beta2**t)
    if length > 4:
        share = (length - 4) / (infinite - 4) * (length - 2) / (infinite - 2) * infinite / length
        rate = lr * np.sqrt(share)
        step = g / (np.sqrt(memory["v"] / (1 - beta2**t)) + eps)
    else:
        rate, step = 0.0 if silent_sgd_phase else lr, g
    z = memory.get("z", x) - rate * (step + weight_decay * x)
    if max(memory.get("largest", 0.0), rate) == 0.0 and weight_lr_power > 0.0:
        memory.update(z=z, reported=x)  # nothing has any weight yet
        return x
    return (1 - beta1) * z + beta1 * _average(memory, z, t, rate, r, weight_lr_power)
