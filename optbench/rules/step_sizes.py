"""Gradient descent with a step size taken from values, gradients and distances of the lane.

`lr` bounds or multiplies the step, as each docstring says; 1 leaves it to the rule.
"""

import math

from optbench.define import Decay, Flag, Log, Range, optimizer, where
from optbench.rules.norms import large_norm, large_squares, pick, products, squares, unit


def capped_step(gap, plain, shrunk, grown, c, eps, most):
    """Return gap / (c |g|^2 + eps), at most `most`, and what to multiply g with before the step.

    Sums are those of `squares` of g. Where squares overflow the step is for a gradient made
    smaller; where they vanish it is the largest, unless the gap or the gradient is 0.
    """
    to_range = min(unit(plain), 1.0)
    size = c * where(to_range < 1.0, shrunk, plain) + eps * to_range * to_range
    step = min(gap * to_range / size, most / to_range)
    return where((grown > 0.0) & (gap != 0.0), step, 0.0), to_range


@optimizer(
    lr=Log(1.0),
    c=Log(1.0),
    f_min=Range(0.0, -1e300, 1e300),
    eps=Range(0.0, 0.0),
    source="Polyak 1987, sec. 5.3; Loizou et al. 2021, eq. 3; optax.polyak_sgd (sps+)",
)
def polyak(x, g, lr, c, f_min, eps, step, to_range):
    """Polyak's step (f - f_ref) / (c |g|^2), at most lr; f_min is used where f_ref is unknown."""
    return x - step * (to_range * g)


@polyak.measure
def _(x, g):
    return squares(g)


@polyak.combine
def _(plain, shrunk, grown, f, f_ref, lr, c, f_min, eps):
    gap = max(f - where(f_ref == f_ref, f_ref, f_min), 0.0)
    return capped_step(gap, plain, shrunk, grown, c, eps, lr)


@optimizer(
    lane_state={"lowest": math.inf},
    lr=Log(1.0),
    gamma=Log(10.0),
    delay=Log(10.0),
    source="Boyd and Park 2014, Subgradient methods, sec. 4 (estimated optimal value)",
)
def polyak_estimate(x, g, lr, gamma, delay, below, step, to_range):
    """Polyak's step towards the lowest f so far less gamma / (delay + t), at most lr."""
    return x - step * (to_range * g)


@polyak_estimate.uniform
def _(t, gamma, delay):
    return (gamma / (delay + t),)


@polyak_estimate.measure
def _(x, g):
    return squares(g)


@polyak_estimate.combine
def _(plain, shrunk, grown, f, lowest, lr, below):
    lowest = min(f, lowest)
    step, to_range = capped_step(f - lowest + below, plain, shrunk, grown, 1.0, 0.0, lr)
    return lowest, step, to_range


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
    return products(s, s) + products(s, y) + products(y, y)


@barzilai_borwein.combine
def _(
    ss, ss_shrunk, ss_grown, sy, sy_shrunk, sy_grown, yy, yy_shrunk, yy_grown, step, lr, short,
    first,
):  # fmt: skip
    size = max(ss, yy)
    ss = pick(size, ss, ss_shrunk, ss_grown)
    sy = pick(size, sy, sy_shrunk, sy_grown)
    yy = pick(size, yy, yy_shrunk, yy_grown)
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
    lane_state={"farthest": 0.0, "summed": 0.0, "summed_shrunk": 0.0},
    lr=Log(1.0),
    reps_rel=Log(1e-6),
    eps=Log(1e-8),
    source="Ivgi, Hinder and Carmon 2023, eq. 2; optax.contrib.dog",
)
def dog(x, g, x_start, farthest, summed, lr, reps_rel, eps, step):
    """DoG: the distance from the start over the root of all squared gradients, times lr."""
    return x - step * g, x_start


@dog.measure
def _(x, g, x_start):
    return large_squares(x - x_start) + large_squares(x_start) + large_squares(g)


@dog.combine
def _(
    moved, moved_shrunk, started, started_shrunk, plain, shrunk, farthest, summed, summed_shrunk,
    lr, reps_rel, eps,
):  # fmt: skip
    least = reps_rel * (1.0 + large_norm(started, started_shrunk))
    farthest = max(max(farthest, large_norm(moved, moved_shrunk)), least)
    summed, summed_shrunk = summed + plain, summed_shrunk + shrunk
    step = lr * farthest / large_norm(summed + eps, summed_shrunk)
    return farthest, summed, summed_shrunk, step


@optimizer(
    state={"x_start": "x"},
    lane_state={"farthest": 0.0, "weighted": 0.0, "weighted_shrunk": 0.0},
    lr=Log(1.0),
    init_estim_sq_dist=Log(1e-4),
    eps=Log(1e-4),
    source="Khaled, Mishchenko and Jin 2023, alg. 1; optax.contrib.dowg",
)
def dowg(x, g, x_start, farthest, weighted, lr, init_estim_sq_dist, eps, step):
    """DoWG: as DoG, with gradients weighted by the squared distance; times lr."""
    return x - step * g, x_start


@dowg.measure
def _(x, g, x_start):
    moved = x - x_start
    return (moved * moved,) + large_squares(g)


@dowg.combine
def _(moved, plain, shrunk, farthest, weighted, weighted_shrunk, lr, init_estim_sq_dist, eps):
    farthest = max(max(farthest, moved), init_estim_sq_dist)
    weighted = weighted + farthest * plain
    weighted_shrunk = weighted_shrunk + farthest * shrunk
    step = lr * farthest / (large_norm(weighted, weighted_shrunk) + eps)
    return farthest, weighted, weighted_shrunk, step


@optimizer(
    state={"x_start": "x", "bets": 0.0, "scale": 0.0, "total": 0.0, "reward": 0.0},
    lr=Log(1.0),
    alpha=Log(100.0),
    eps=Log(1e-8),
    weight_decay=Decay(0.0),
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
