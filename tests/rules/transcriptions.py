"""Every update rule once more, in NumPy and straight from the papers: nothing of optbench is used.

A rule is ``step(x, g, t, memory, **hyper) -> new x`` on whole vectors, with t = 1, 2, ... and a
dict as its memory. Where algebra allows it, the form differs from the one in optbench (explicit
bias corrections, Nesterov's two sequences, averages as sums), so that a shared slip is unlikely.
`walk` adds the wrappers.
"""

import inspect

import numpy as np


def gd(x, g, t, memory, lr=1e-2):
    return x - lr * g


def momentum(x, g, t, memory, lr=1e-2, momentum=0.9):
    memory["velocity"] = momentum * memory.get("velocity", 0.0) + g
    return x - lr * memory["velocity"]


def nesterov(x, g, t, memory, lr=1e-2, momentum=0.9):
    """Sutskever et al. 2013: theta moves by v, and x = theta + momentum v is the point ahead."""
    v = momentum * memory.get("v", 0.0) - lr * g
    theta = memory.get("theta", x) + v
    memory.update(v=v, theta=theta)
    return theta + momentum * v


def lion(x, g, t, memory, lr=1e-4, beta1=0.9, beta2=0.99, weight_decay=1e-3):
    m = memory.get("m", np.zeros_like(x))
    direction = np.sign(beta1 * m + (1 - beta1) * g)
    memory["m"] = beta2 * m + (1 - beta2) * g
    return x - lr * direction - lr * weight_decay * x


def adagrad(x, g, t, memory, lr=1e-2, eps=1e-10):
    memory["squares"] = memory.get("squares", 0.0) + g**2
    return x - lr / (np.sqrt(memory["squares"]) + eps) * g


def rmsprop(x, g, t, memory, lr=1e-2, alpha=0.99, eps=1e-8):
    memory["mean"] = alpha * memory.get("mean", 0.0) + (1 - alpha) * g**2
    return x - lr / (np.sqrt(memory["mean"]) + eps) * g


def _moments(g, t, memory, beta1, beta2):
    """Return m and the corrected v."""
    memory["m"] = beta1 * memory.get("m", 0.0) + (1 - beta1) * g
    memory["v"] = beta2 * memory.get("v", 0.0) + (1 - beta2) * g**2
    return memory["m"], memory["v"] / (1 - beta2**t)


def adam(x, g, t, memory, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    m, v_hat = _moments(g, t, memory, beta1, beta2)
    return x - lr * (m / (1 - beta1**t)) / (np.sqrt(v_hat) + eps)


def adamw(x, g, t, memory, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=1e-2):
    m, v_hat = _moments(g, t, memory, beta1, beta2)
    return x - lr * ((m / (1 - beta1**t)) / (np.sqrt(v_hat) + eps) + weight_decay * x)


def nadam(x, g, t, memory, lr=2e-3, beta1=0.9, beta2=0.999, eps=1e-8, momentum_decay=4e-3):
    mu = beta1 * (1 - 0.5 * 0.96 ** (momentum_decay * np.arange(1, t + 2)))  # mu_1 .. mu_{t+1}
    m, v_hat = _moments(g, t, memory, beta1, beta2)
    of_m = mu[t] / (1 - np.prod(mu)) * m
    of_g = (1 - mu[t - 1]) / (1 - np.prod(mu[:t])) * g
    return x - lr * (of_m + of_g) / (np.sqrt(v_hat) + eps)


def schedule_free_sgd(x, g, t, memory, lr=1.0, beta=0.9, power=0.0):
    """Defazio et al. 2024: the average of z_1 .. z_t, weighted by t^power, as sums."""
    z = memory.get("z", x) - lr * g
    total = memory.get("total", 0.0) + t**power
    weighted = memory.get("weighted", 0.0) + t**power * z
    average = weighted / total
    memory.update(z=z, total=total, weighted=weighted, reported=average)
    return (1 - beta) * z + beta * average


class Plateau:
    """ReduceLROnPlateau with a relative threshold and no cooldown."""

    def __init__(self, plateau_factor=0.1, plateau_patience=10, plateau_threshold=1e-4):
        self.factor, self.patience = plateau_factor, plateau_patience
        self.threshold = plateau_threshold
        self.scale, self.best, self.since = 1.0, np.inf, 0

    def __call__(self, f):
        if f < self.best * (1 - self.threshold):
            self.best, self.since = f, 0
        else:
            self.since += 1
        if self.since > self.patience:
            self.scale, self.since = self.scale * self.factor, 0
        return self.scale


def walk(step, evaluate, start, evaluations, *, sam_rho=None, clip_norm=None, **hyper):
    """Return the reported and the query points [evaluations + 1, d] of a rule in its wrappers.

    ``evaluate(i, x)`` gives f and the gradient number i, at the query point x.
    """
    schedule = {k: hyper.pop(k) for k in list(hyper) if k.startswith("plateau_")}
    plateau = Plateau(**schedule) if schedule else lambda f: 1.0
    lr = hyper.pop("lr", inspect.signature(step).parameters["lr"].default)
    x = np.array(start, dtype=np.float64)
    reported, query, memory, t = [x], [x], {}, 0
    for i in range(evaluations):
        f, g = evaluate(i, query[-1])
        if sam_rho is not None and i % 2 == 0:
            query.append(x + sam_rho * g / np.linalg.norm(g))
            reported.append(reported[-1])
            continue
        if clip_norm is not None:
            g = g * min(1.0, clip_norm / (np.linalg.norm(g) + 1e-6))
        t += 1
        x = step(x, g, t, memory, lr=lr * plateau(f), **hyper)
        query.append(x)
        reported.append(memory.get("reported", x))
    return np.array(reported), np.array(query)
