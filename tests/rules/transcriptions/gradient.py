"""Gradient descent and its momenta, from the papers."""

import numpy as np


def gd(x, g, t, memory, lr=1e-2):
    return x - lr * g


def asgd(x, g, t, memory, lr=1e-2, lambd=1e-4, alpha=0.75, t0=1e6, weight_decay=0.0):
    """Polyak and Juditsky 1992 with Bottou's rate: the mean of the points after step t0 + 1."""
    eta = lr * (1 + lambd * lr * (t - 1)) ** -alpha
    x = x * (1 - lambd * eta - weight_decay * eta) - eta * g
    memory["points"] = x + (memory["points"] if t > t0 + 2 else 0.0)
    memory["reported"] = memory["points"] / max(1.0, t - 1 - t0)
    return x


def heavy_ball(x, g, t, memory, lr=1e-2, momentum=0.9):
    """Polyak 1964, eq. 9."""
    new = x - lr * g + momentum * (x - memory.get("x_prev", x))
    memory["x_prev"] = x
    return new


def momentum(x, g, t, memory, lr=1e-2, momentum=0.9, dampening=0.0):
    """Every gradient but the first is damped."""
    gradients = memory.setdefault("gradients", [])
    gradients.append(g if t == 1 else (1 - dampening) * g)
    ages = np.arange(t)[::-1]
    memory["v"] = np.sum((momentum**ages)[:, None] * np.array(gradients), axis=0)
    return x - lr * memory["v"]


def momentum_inside(x, g, t, memory, lr=1e-2, momentum=0.9):
    """The velocity is in units of x, so that an old step keeps the rate it was made with."""
    steps = memory.setdefault("steps", [])
    steps.append(lr * g)
    ages = np.arange(t)[::-1]
    memory["v"] = np.sum((momentum**ages)[:, None] * np.array(steps), axis=0)
    return x - memory["v"]


def momentum_ema(x, g, t, memory, lr=1e-2, momentum=0.9, debias=0):
    gradients = memory.setdefault("gradients", [])
    gradients.append(g)
    weights = (1 - momentum) * momentum ** np.arange(t)[::-1]
    memory["m"] = np.sum(weights[:, None] * np.array(gradients), axis=0)
    return x - lr * memory["m"] / (np.sum(weights) if debias else 1.0)


def nesterov(x, g, t, memory, lr=1e-2, momentum=0.9):
    """Sutskever et al. 2013: theta moves by velocity, and x is the point ahead."""
    velocity = momentum * memory.get("velocity", 0.0) - lr * g
    theta = memory.get("theta", x) + velocity
    memory.update(velocity=velocity, theta=theta, v=-velocity / lr)
    return theta + momentum * velocity


def nesterov_sutskever(x, g, t, memory, lr=1e-2, momentum=0.9):
    """Nesterov's two sequences: y is a gradient step from x, x is ahead of y by its last move."""
    y = x - lr * g
    memory["v"] = y - memory.get("reported", memory.setdefault("start", x))
    memory["theta"] = memory["reported"] = y
    return y + momentum * memory["v"]


def nesterov_convex(x, g, t, memory, lr=1e-2):
    """Nesterov 1983 in the form of Tseng 2008: the mean of z, moved by t_k lr g, and of y.

    With theta = 1 / t_k, x = (1 - theta) y + theta z is the point of the gradient.
    """
    now = memory.get("t_k", 1.0)
    following = (1 + np.sqrt(1 + 4 * now**2)) / 2
    z = memory.get("z", x) - now * lr * g
    y = x - lr * g
    memory.update(t_k=following, z=z, y=y, reported=y)
    return (1 - 1 / following) * y + z / following


def qhm(x, g, t, memory, lr=1.0, momentum=0.999, nu=0.7):
    """Ma and Yarats 2019, eqs. 3 and 4."""
    memory["m"] = momentum * memory.get("m", 0.0) + (1 - momentum) * g
    return x - lr * ((1 - nu) * g + nu * memory["m"])


def aggmo(x, g, t, memory, lr=0.1, beta1=0.0, beta2=0.9, beta3=0.99):
    """Lucas et al. 2019, eq. 2."""
    for i, beta in enumerate((beta1, beta2, beta3), 1):
        memory[f"v{i}"] = beta * memory.get(f"v{i}", 0.0) + g
    return x - lr / 3 * (memory["v1"] + memory["v2"] + memory["v3"])
