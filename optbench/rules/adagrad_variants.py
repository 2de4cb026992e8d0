"""Sums of squared gradients as in AdaGrad: of all coordinates, without a root, with penalties."""

import math

from optbench.define import Eps, Log, Range, Search, optimizer, where
from optbench.define.search_ranges import DECAY, decade_around
from optbench.rules.moments import EPS
from optbench.rules.norms import large_norm, large_squares


@optimizer(
    lane_state={"summed": 0.0, "summed_shrunk": 0.0},
    lr=Log(0.1),
    b0=Log(0.1, search=Search(1e-6, 10.0, "log", "Ward, Wu and Bottou 2020: any b0 will do")),
    source="Ward, Wu and Bottou 2020, alg. 1",
)
def adagrad_norm(x, g, lr, start, length):
    """AdaGrad-Norm: one rate, over the root of the sum of all squared lengths of gradients."""
    return x - lr * g / length


@adagrad_norm.uniform
def _(b0):
    return (b0**2,)


@adagrad_norm.measure
def _(x, g):
    return large_squares(g)


@adagrad_norm.combine
def _(plain, shrunk, summed, summed_shrunk, start):
    summed, summed_shrunk = summed + plain, summed_shrunk + shrunk
    return summed, summed_shrunk, large_norm(summed + start, summed_shrunk)


@optimizer(
    state=("total", "weighted"),
    lr=Log(1e-3),
    eta=Range(0.9, 0.0, search=decade_around(0.9)),
    eps=EPS,
    source="Choudhury et al. 2024 (arXiv 2403.02648), alg. 1; pytorch_optimizer.Kate",
)
def kate(x, g, total, weighted, lr, eta, eps):
    """KATE: AdaGrad without the root, times the root of a sum that makes up for it."""
    square = g * g
    total = total + square
    divisor = total + eps
    weighted = weighted + eta * square + square / divisor
    step = where(divisor < math.inf, math.sqrt(weighted) * (g / divisor), 0.0 * g)
    return x - lr * step, total, weighted


@optimizer(
    state=("z", "total"),
    lr=Log(0.1),
    beta=Eps(
        1.0, Search(1e-6, 10.0, "log", "a decade above the paper's 1, down to eps of AdaGrad")
    ),
    lambda1=Range(0.0, 0.0, search=DECAY),
    lambda2=Range(0.0, 0.0, search=DECAY),
    source="McMahan et al. 2013, alg. 1; pytorch_optimizer.FTRL",
)
def ftrl(x, g, z, total, lr, beta, lambda1, lambda2, start):
    """FTRL-Proximal: the minimum of all gradients' planes, past points, and l1 and l2 penalties.

    `z` is the paper's times the rate. The paper starts from 0, where the share `beta` of the rates
    pulls to; here it pulls to the start. Without penalties it is AdaGrad whose eps is `beta`.
    """
    before = math.sqrt(total)
    total = total + g * g
    root = math.sqrt(total)
    z = z + lr * g - (root - before + start) * x
    width = lr * lambda1
    beyond = where(z > width, z - width, where(z < -width, z + width, 0.0 * z))
    following = -beyond / (beta + root + lr * lambda2)
    return where((lr > 0.0) & (root < math.inf), following, x + 0.0 * g), z, total


@ftrl.uniform
def _(t, beta):
    return (beta if t == 1 else 0.0,)
