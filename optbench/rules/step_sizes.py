"""Gradient descent with a step size taken from values, gradients and distances of the lane.

`lr` bounds or multiplies the step, as each docstring says; 1 leaves it to the rule.
"""

import math

from optbench.define import Flag, Log, Range, optimizer, where

POSITIVE = dict(low=0.0, open_low=True)


@optimizer(
    lr=Log(1.0),
    c=Range(1.0, **POSITIVE),
    f_min=Range(0.0, -1e300, 1e300),
    eps=Range(0.0, 0.0),
    source="Polyak 1987, sec. 5.3; Loizou et al. 2021, eq. 3; optax.polyak_sgd (sps+)",
)
def polyak(x, g, lr, c, f_min, eps, step):
    """Polyak's step (f - f_ref) / (c |g|^2), at most lr; f_min is used where f_ref is unknown."""
    return x - step * g


@polyak.measure
def _(x, g):
    return g * g


@polyak.combine
def _(squares, f, f_ref, lr, c, f_min, eps):
    gap = max(f - where(f_ref == f_ref, f_ref, f_min), 0.0)
    return (where(squares > 0.0, min(gap / (c * squares + eps), lr), 0.0),)


@optimizer(
    lane_state={"lowest": math.inf},
    lr=Log(1.0),
    gamma=Range(10.0, **POSITIVE),
    delay=Range(10.0, **POSITIVE),
    source="Boyd and Park 2014, Subgradient methods, sec. 4 (estimated optimal value)",
)
def polyak_estimate(x, g, lr, gamma, delay, below, step):
    """Polyak's step towards the lowest f so far less gamma / (delay + t), at most lr."""
    return x - step * g


@polyak_estimate.uniform
def _(t, gamma, delay):
    return (gamma / (delay + t),)


@polyak_estimate.measure
def _(x, g):
    return g * g


@polyak_estimate.combine
def _(squares, f, lowest, lr, below):
    lowest = min(f, lowest)
    step = where(squares > 0.0, (f - lowest + below) / squares, 0.0)
    return lowest, min(step, lr)


@optimizer(
    state={"x_prev": "x", "g_prev": 0.0},
    lane_state={"step": 0.0},
    lr=Log(1e-2),
    short=Flag(),
    full_batch=True,
    source="Barzilai and Borwein 1988, eqs. 5 and 6; bounds of Raydan 1997",
)
def barzilai_borwein(x, g, x_prev, g_prev, step, lr, short, first, length):
    """The step that fits the last change of the gradient: s.s / s.y, or s.y / y.y if `short`.

    The first step is lr. Where the curvature s.y is not positive the last step is made again.
    """
    return x - length * g, x, g


@barzilai_borwein.uniform
def _(t):
    return (1.0 if t == 1 else 0.0,)


@barzilai_borwein.measure
def _(x, g, x_prev, g_prev):
    s, y = x - x_prev, g - g_prev
    return s * s, s * y, y * y


@barzilai_borwein.combine
def _(ss, sy, yy, step, lr, short, first):
    curved = sy > 0.0
    if short:
        fitted = sy / where(curved, yy, 1.0)
    else:
        fitted = ss / where(curved, sy, 1.0)
    fitted = where(curved, min(max(fitted, 1e-10), 1e10), step)
    step = where(first > 0.0, lr, fitted)
    return step, where(lr > 0.0, step, 0.0)


@optimizer(
    state={"x_start": "x"},
    lane_state={"farthest": 0.0, "summed": 0.0},
    lr=Log(1.0),
    reps_rel=Range(1e-6, **POSITIVE),
    eps=Range(1e-8, **POSITIVE),
    source="Ivgi, Hinder and Carmon 2023, eq. 2; optax.contrib.dog",
)
def dog(x, g, x_start, farthest, summed, lr, reps_rel, eps, step):
    """DoG: the distance from the start over the root of all squared gradients, times lr."""
    return x - step * g, x_start


@dog.measure
def _(x, g, x_start):
    moved = x - x_start
    return moved * moved, x_start * x_start, g * g


@dog.combine
def _(moved, started, squares, farthest, summed, lr, reps_rel, eps):
    least = reps_rel * (1.0 + math.sqrt(started))
    farthest = max(max(farthest, math.sqrt(moved)), least)
    summed = summed + squares
    return farthest, summed, lr * farthest / math.sqrt(summed + eps)


@optimizer(
    state={"x_start": "x"},
    lane_state={"farthest": 0.0, "weighted": 0.0},
    lr=Log(1.0),
    init_estim_sq_dist=Range(1e-4, **POSITIVE),
    eps=Range(1e-4, **POSITIVE),
    source="Khaled, Mishchenko and Jin 2023, alg. 1; optax.contrib.dowg",
)
def dowg(x, g, x_start, farthest, weighted, lr, init_estim_sq_dist, eps, step):
    """DoWG: as DoG, with gradients weighted by the squared distance; times lr."""
    return x - step * g, x_start


@dowg.measure
def _(x, g, x_start):
    moved = x - x_start
    return moved * moved, g * g


@dowg.combine
def _(moved, squares, farthest, weighted, lr, init_estim_sq_dist, eps):
    farthest = max(max(farthest, moved), init_estim_sq_dist)
    weighted = weighted + farthest * squares
    return farthest, weighted, lr * farthest / (math.sqrt(weighted) + eps)


@optimizer(
    state={"x_start": "x", "bets": 0.0, "scale": 0.0, "total": 0.0, "reward": 0.0},
    lr=Log(1.0),
    alpha=Range(100.0, **POSITIVE),
    eps=Range(1e-8, **POSITIVE),
    weight_decay=Range(0.0, 0.0),
    source="Orabona and Tommasi 2017, alg. 2; optax.contrib.cocob",
)
def cocob(x, g, x_start, bets, scale, total, reward, lr, alpha, eps, weight_decay):
    """COCOB: each coordinate bets a share of what it has won; lr multiplies the gradient."""
    g = lr * (g + weight_decay * x)
    scale = max(max(scale, eps), abs(g))
    total = total + abs(g)
    reward = max(reward - g * (x - x_start), 0.0)
    bets = bets - g
    share = bets / (scale * max(total + scale, alpha * scale))
    return x_start + share * (scale + reward), x_start, bets, scale, total, reward
