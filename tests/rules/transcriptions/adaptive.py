"""Rules with a second moment per coordinate, from the papers."""

import numpy as np


def adagrad(
    x, g, t, memory, lr=1e-2, lr_decay=0.0, weight_decay=0.0, initial_accumulator_value=0.0,
    eps=1e-10, eps_in_sqrt=False,
):  # fmt: skip
    g = g + weight_decay * x
    memory["total"] = memory.get("total", 0.0) + g**2
    squares = initial_accumulator_value + memory["total"]
    root = np.sqrt(squares + eps) if eps_in_sqrt else np.sqrt(squares) + eps
    return x - lr / (1 + (t - 1) * lr_decay) / root * g


def rmsprop(
    x, g, t, memory, lr=1e-2, alpha=0.99, eps=1e-8, momentum=0.0, centered=False,
    eps_in_sqrt=False,
):  # fmt: skip
    memory["v"] = v = alpha * memory.get("v", 0.0) + (1 - alpha) * g**2
    memory["mean"] = 0.0 * g if not centered else memory.get("mean", 0.0)
    if centered:
        memory["mean"] = alpha * memory["mean"] + (1 - alpha) * g
        v = v - memory["mean"] ** 2
    scaled = g / (np.sqrt(v + eps) if eps_in_sqrt else np.sqrt(v) + eps)
    memory["buffer"] = momentum * memory.get("buffer", 0.0) + scaled
    return x - lr * memory["buffer"]


def adadelta(x, g, t, memory, lr=1.0, rho=0.9, eps=1e-6):
    """Zeiler 2012: E[g^2] and E[dx^2] by their definition, as sums over all steps."""
    gradients, steps = memory.setdefault("gradients", []), memory.setdefault("steps", [])
    gradients.append(g)
    weights = (1 - rho) * rho ** np.arange(t)[::-1]
    memory["v"] = weights @ np.square(gradients)
    before = weights[1:] @ np.square(steps) if steps else 0.0
    steps.append(np.sqrt(before + eps) / np.sqrt(memory["v"] + eps) * g)
    memory["moved"] = weights @ np.square(steps)
    return x - lr * steps[-1]


def moments(g, t, memory, beta1, beta2):
    """Return m and the corrected v."""
    memory["m"] = beta1 * memory.get("m", 0.0) + (1 - beta1) * g
    memory["v"] = beta2 * memory.get("v", 0.0) + (1 - beta2) * g**2
    return memory["m"], memory["v"] / (1 - beta2**t)


def adam(x, g, t, memory, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, eps_in_sqrt=False):
    m, v_hat = moments(g, t, memory, beta1, beta2)
    root = np.sqrt(v_hat + eps) if eps_in_sqrt else np.sqrt(v_hat) + eps
    return x - lr * (m / (1 - beta1**t)) / root


def adamw(x, g, t, memory, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=1e-2):
    m, v_hat = moments(g, t, memory, beta1, beta2)
    return x - lr * ((m / (1 - beta1**t)) / (np.sqrt(v_hat) + eps) + weight_decay * x)


def adamax(x, g, t, memory, lr=2e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    """Kingma and Ba 2015, sec. 7.1: u is the largest of beta2^(t - i) |g_i|, by definition."""
    sizes = memory.setdefault("sizes", [])
    sizes.append(np.abs(g) + eps)
    m, _ = moments(g, t, memory, beta1, beta2)
    memory["u"] = np.max(beta2 ** np.arange(t)[::-1, None] * np.array(sizes), axis=0)
    return x - lr * m / (1 - beta1**t) / memory["u"]


def nadam(
    x, g, t, memory, lr=2e-3, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.0,
    momentum_decay=4e-3, decoupled_weight_decay=False, constant_momentum=False,
):  # fmt: skip
    mu = beta1 * (1 - 0.5 * 0.96 ** (momentum_decay * np.arange(1, t + 2)))  # mu_1 .. mu_{t+1}
    if constant_momentum:
        mu = np.full(t + 1, beta1)
    if decoupled_weight_decay:
        x = (1 - lr * weight_decay) * x
    else:
        g = g + weight_decay * x
    m, v_hat = moments(g, t, memory, beta1, beta2)
    of_m = mu[t] / (1 - np.prod(mu)) * m
    of_g = (1 - mu[t - 1]) / (1 - np.prod(mu[:t])) * g
    return x - lr * (of_m + of_g) / (np.sqrt(v_hat) + eps)


def amsgrad(x, g, t, memory, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, corrected_maximum=False):
    m, v_hat = moments(g, t, memory, beta1, beta2)
    moment = v_hat if corrected_maximum else memory["v"]
    memory["largest"] = np.maximum(memory.get("largest", 0.0), moment)
    largest = memory["largest"] if corrected_maximum else memory["largest"] / (1 - beta2**t)
    return x - lr * (m / (1 - beta1**t)) / (np.sqrt(largest) + eps)


def radam(
    x, g, t, memory, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.0,
    decoupled_weight_decay=False, eps_on_corrected=False,
):  # fmt: skip
    """Liu et al. 2020, alg. 2, with eps where torch (or optax) has it."""
    if decoupled_weight_decay:
        x = (1 - lr * weight_decay) * x
    else:
        g = g + weight_decay * x
    m, v_hat = moments(g, t, memory, beta1, beta2)
    m_hat = m / (1 - beta1**t)
    rho_inf = 2 / (1 - beta2) - 1
    rho = rho_inf - 2 * t * beta2**t / (1 - beta2**t)
    if rho <= 5:
        return x - lr * m_hat
    r = np.sqrt((rho - 4) * (rho - 2) * rho_inf / ((rho_inf - 4) * (rho_inf - 2) * rho))
    if eps_on_corrected:
        return x - lr * r * m_hat / (np.sqrt(v_hat) + eps)
    return x - lr * r * m_hat * np.sqrt(1 - beta2**t) / (np.sqrt(memory["v"]) + eps)
