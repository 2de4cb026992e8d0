"""Step sizes from values, gradients and distances, from the papers."""

import numpy as np
from numpy.linalg import norm


def polyak(x, g, t, memory, f, lr=1.0, c=1.0, f_min=0.0, eps=0.0):
    """Polyak 1987, sec. 5.3, with the bound of Loizou et al. 2021, eq. 3."""
    step = min(max(f - f_min, 0.0) / (c * norm(g) ** 2 + eps), lr)
    return x - step * g


def polyak_estimate(x, g, t, memory, f, lr=1.0, gamma=10.0, delay=10.0):
    """Boyd and Park 2014, sec. 4: f* is estimated by the best f less a vanishing gamma_k."""
    values = memory.setdefault("values", [])
    values.append(f)
    memory["lowest"] = min(values)
    target = memory["lowest"] - gamma / (delay + t)
    return x - min((f - target) / np.dot(g, g), lr) * g


def barzilai_borwein(x, g, t, memory, lr=1e-2, short=0):
    """Barzilai and Borwein 1988: the least-squares fit of step * y to s, or of s / step to y."""
    step = lr
    if t > 1:
        s, y = x - memory["x_prev"], g - memory["g_prev"]
        step = memory["step"]
        if s @ y > 0:
            matrix, right = (y, s) if short else (s, y)
            fit = np.linalg.lstsq(matrix[:, None], right, rcond=None)[0][0]
            step = np.clip(fit if short else 1 / fit, 1e-10, 1e10)
    memory.update(x_prev=x, g_prev=g, step=step)
    return x - step * g


def dog(x, g, t, memory, lr=1.0, reps_rel=1e-6, eps=1e-8):
    """Ivgi, Hinder and Carmon 2023, eq. 2, with r_eps = reps_rel (1 + |x_0|)."""
    points, gradients = memory.setdefault("points", []), memory.setdefault("gradients", [])
    points.append(x)
    gradients.append(g)
    start = memory["x_start"] = points[0]
    memory["farthest"] = max(
        reps_rel * (1 + norm(start)), np.max(norm(np.array(points) - start, axis=1))
    )
    memory["summed"] = np.sum(np.array(gradients) ** 2)
    return x - lr * memory["farthest"] / np.sqrt(memory["summed"] + eps) * g


def dowg(x, g, t, memory, lr=1.0, init_estim_sq_dist=1e-4, eps=1e-4):
    """Khaled, Mishchenko and Jin 2023, alg. 1."""
    start = memory.setdefault("x_start", x)
    r = max(memory.get("r", np.sqrt(init_estim_sq_dist)), norm(x - start))
    v = memory.get("weighted", 0.0) + (r * norm(g)) ** 2
    memory.update(r=r, farthest=r**2, weighted=v)
    return x - lr * r**2 / (np.sqrt(v) + eps) * g


def cocob(x, g, t, memory, lr=1.0, alpha=100.0, eps=1e-8, weight_decay=0.0):
    """Orabona and Tommasi 2017, alg. 2: the wealth of a coordinate is its scale and reward."""
    start = memory.setdefault("x_start", x)
    gradients = memory.setdefault("gradients", [])
    loss = lr * (g + weight_decay * x)
    gradients.append(loss)
    sizes = np.abs(np.array(gradients))
    scale = np.maximum(np.max(sizes, axis=0), eps)
    reward = np.maximum(memory.get("reward", np.zeros_like(x)) - loss * (x - start), 0.0)
    total, bets = np.sum(sizes, axis=0), -np.sum(gradients, axis=0)
    memory.update(scale=scale, reward=reward, total=total, bets=bets)
    return start + bets * (scale + reward) / (scale * np.maximum(total + scale, alpha * scale))
