"""What came after Adam, from the papers."""

import numpy as np

from .adaptive import moments


def adabelief(x, g, t, memory, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-16, eps_root=1e-16):
    """Zhuang et al. 2020, alg. 2."""
    m, _ = moments(g, t, memory, beta1, beta2)
    memory["s"] = beta2 * memory.get("s", 0.0) + (1 - beta2) * (g - m) ** 2 + eps_root
    s_hat = memory["s"] / (1 - beta2**t)
    return x - lr * (m / (1 - beta1**t)) / (np.sqrt(s_hat) + eps)


def yogi(
    x, g, t, memory, lr=1e-2, beta1=0.9, beta2=0.999, eps=1e-3, initial_momentum=False
):  # fmt: skip
    """Zaheer et al. 2018, alg. 2, with Adam's corrections and v_0 = 1e-6 as libraries have them."""
    start = 1e-6
    mean = beta1 * memory.get("mean", start * initial_momentum) + (1 - beta1) * g
    memory["mean"], memory["m"] = mean, mean - initial_momentum * start * beta1**t
    v = memory.get("v", np.full_like(x, start))
    memory["v"] = v - (1 - beta2) * np.sign(v - g**2) * g**2
    root = np.sqrt(memory["v"] / (1 - beta2**t))
    return x - lr * (mean / (1 - beta1**t)) / (root + eps)


def adabound(
    x, g, t, memory, lr=1e-3, final_lr=0.1, beta1=0.9, beta2=0.999, gamma=1e-3, eps=1e-8
):  # fmt: skip
    """Luo et al. 2019, alg. 2, with Adam's corrections of the rate."""
    moments(g, t, memory, beta1, beta2)
    rate = lr * np.sqrt(1 - beta2**t) / (1 - beta1**t) / (np.sqrt(memory["v"]) + eps)
    low, high = final_lr * (1 - 1 / (gamma * t + 1)), final_lr * (1 + 1 / (gamma * t))
    return x - np.clip(rate, low, high) * memory["m"]


def adamod(x, g, t, memory, lr=1e-3, beta1=0.9, beta2=0.99, beta3=0.9999, eps=1e-8):
    """Ding et al. 2019, alg. 1: the mean of rates by definition, as a sum over all steps."""
    moments(g, t, memory, beta1, beta2)
    rate = lr * np.sqrt(1 - beta2**t) / (1 - beta1**t) / (np.sqrt(memory["v"]) + eps)
    rates = memory.setdefault("rates", [])
    rates.append(rate)
    memory["rate"] = (1 - beta3) * (beta3 ** np.arange(t)[::-1]) @ np.array(rates)
    return x - np.minimum(rate, memory["rate"]) * memory["m"]


def padam(
    x, g, t, memory, lr=0.1, beta1=0.9, beta2=0.999, partial=0.25, eps=1e-8, amsgrad=True,
    bias_correction=False,
):  # fmt: skip
    """Chen et al. 2020, alg. 1."""
    moments(g, t, memory, beta1, beta2)
    largest = np.maximum(memory.get("largest", 0.0), memory["v"])
    memory["largest"] = largest if amsgrad else 0.0 * g
    largest = largest if amsgrad else memory["v"]
    if bias_correction:
        lr = lr * np.sqrt(1 - beta2**t) / (1 - beta1**t)
    return x - lr * memory["m"] / np.exp(2 * partial * np.log(np.sqrt(largest) + eps))


def diffgrad(x, g, t, memory, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    """Dubey et al. 2020, eqs. 4-8: xi is the logistic function of the change."""
    moments(g, t, memory, beta1, beta2)
    friction = 0.5 * (1 + np.tanh(0.5 * np.abs(memory.get("previous", 0.0) - g)))
    memory["previous"] = g
    rate = lr * np.sqrt(1 - beta2**t) / (1 - beta1**t)
    return x - rate * friction * memory["m"] / (np.sqrt(memory["v"]) + eps)


def qhadam(
    x, g, t, memory, lr=1e-3, beta1=0.995, beta2=0.999, nu1=0.7, nu2=1.0, eps=1e-8
):  # fmt: skip
    """Ma and Yarats 2019, eqs. 10-13: means with the weights beta^(t - i), by definition."""
    gradients = memory.setdefault("gradients", [])
    gradients.append(g)
    ages = np.arange(t)[::-1]
    mean = beta1**ages @ np.array(gradients) / np.sum(beta1**ages)
    memory.update(m=mean * (1 - beta1**t), v=(1 - beta2) * beta2**ages @ np.square(gradients))
    square = beta2**ages @ np.square(gradients) / np.sum(beta2**ages)
    top = (1 - nu1) * g + nu1 * mean
    return x - lr * top / (np.sqrt((1 - nu2) * g**2 + nu2 * square) + eps)


def adan(
    x, g, t, memory, lr=1e-3, beta1=0.98, beta2=0.92, beta3=0.99, eps=1e-8, complementary=False
):  # fmt: skip
    """Xie et al. 2022, alg. 1, whose betas are the complements; corrected like Adam."""
    b1, b2, b3 = 1 - beta1, 1 - beta2, 1 - beta3
    change = g - memory.get("previous", g)
    weight = b2 if complementary else 1 - b2
    m = (1 - b1) * memory.get("m", 0.0) + b1 * g
    d = (1 - b2) * memory.get("d", 0.0) + b2 * change
    n = (1 - b3) * memory.get("n", 0.0) + b3 * (g + weight * change) ** 2
    memory.update(m=m, d=d, n=n, previous=g)
    eta = lr / (np.sqrt(n / (1 - (1 - b3) ** t)) + eps)
    return x - eta * (m / (1 - (1 - b1) ** t) + weight * d / (1 - (1 - b2) ** t))
