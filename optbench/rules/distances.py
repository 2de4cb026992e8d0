"""Rules that estimate the distance to the solution: D-Adaptation and Prodigy.

The lane keeps the estimate d as a multiple of its first guess d0 (`gain`). `lr` multiplies d.
"""

import math

from optbench.define import Decay, Flag, Log, Momentum, Range, Search, optimizer, where
from optbench.define.search_ranges import SECOND_MOMENT
from optbench.rules.moments import BETA1, EPS
from optbench.rules.norms import norm, squares

BETA2 = Range(0.999, 0.0, 1.0, open_low=True, open_high=True, search=SECOND_MOMENT)
D_COEF = Search(0.5, 2.0, "log", "prodigyopt.Prodigy: what to tune it by")


def constants(t, beta1, beta2, bias_correction):
    """Return 1 - both betas, the factor of both bias corrections, the root of beta2, 1 - that."""
    corrected = math.sqrt(1 - beta2**t) / (1 - beta1**t) if bias_correction else 1.0
    root = math.sqrt(beta2)
    return 1 - beta1, 1 - beta2, corrected, root, 1 - root


@optimizer(
    state={"x_start": "x", "s": 0.0},
    lane_state={"gain": 1.0, "weighted": 0.0, "g_first": 0.0},
    lr=Log(1.0),
    momentum=Momentum(0.9),
    d0=Log(1e-6),
    source="Defazio and Mishchenko 2023, alg. 4; pytorch_optimizer.DAdaptSGD",
)
def dadapt_sgd(x, g, x_start, s, gain, weighted, g_first, lr, momentum, d0, fresh, rate):
    """D-Adaptation for SGD with momentum, in the form of dual averages.

    The first gradient that is not 0 gives the scale.
    """
    s = s + rate * g
    return x + fresh * ((x_start - s) - x), x_start, s


@dadapt_sgd.uniform
def _(momentum):
    return (1 - momentum,)


@dadapt_sgd.measure
def _(x, g, s):
    return (*squares(g), g * s, s * s)


@dadapt_sgd.combine
def _(plain, shrunk, grown, along, sums, gain, weighted, g_first, lr, d0):
    size = norm(plain, shrunk, grown)
    g_first = where(g_first > 0.0, g_first, size)
    rate = where(g_first > 0.0, gain * d0 * lr / g_first, 0.0)
    weighted = weighted + rate * along
    moved = rate * size
    length = math.sqrt(max(sums + 2.0 * rate * along + moved * moved, 0.0))
    estimate = where(length > 0.0, 2.0 * weighted / (length * d0), 0.0)
    return max(gain, estimate), weighted, g_first, rate


@optimizer(
    state=("m", "v", "s"),
    lane_state={"gain": 1.0, "weighted": 0.0},
    lr=Log(1.0),
    beta1=BETA1,
    beta2=BETA2,
    eps=EPS,
    d0=Log(1e-6),
    weight_decay=Decay(0.0),
    bias_correction=Flag(True),
    source="Defazio and Mishchenko 2023, alg. 5; optax.contrib.dadapt_adamw",
)
def dadapt_adam(
    x, g, m, v, s, gain, weighted, lr, beta1, beta2, eps, d0, weight_decay, bias_correction,
    fresh1, fresh2, corrected, root, fresh, rate,
):  # fmt: skip
    """D-Adaptation for Adam, with decoupled weight decay."""
    m = beta1 * m + fresh1 * rate * g
    v = beta2 * v + fresh2 * g * g
    s = root * s + fresh * rate * g
    return x - weight_decay * rate * x - m / (math.sqrt(v) + eps), m, v, s


dadapt_adam.uniform(constants)


@dadapt_adam.measure
def _(g, v, s, gain, lr, eps, d0, corrected, root, fresh):
    rate = gain * d0 * lr * corrected
    return g * s / (math.sqrt(v) + eps), abs(root * s + fresh * rate * g)


@dadapt_adam.combine
def _(along, length, gain, weighted, lr, d0, corrected, root, fresh):
    rate = gain * d0 * lr * corrected
    weighted = root * weighted + fresh * rate * along
    estimate = where(length > 0.0, weighted / (fresh * length * d0), 0.0)
    return max(gain, estimate), weighted, rate


@optimizer(
    state={"x_start": "x", "m": 0.0, "v": 0.0, "s": 0.0},
    lane_state={"gain": 1.0, "weighted": 0.0},
    lr=Log(1.0),
    beta1=BETA1,
    beta2=BETA2,
    eps=EPS,
    d0=Log(1e-6),
    d_coef=Log(1.0, search=D_COEF),
    weight_decay=Decay(0.0),
    bias_correction=Flag(True),
    safeguard_warmup=Flag(),
    source="Mishchenko and Defazio 2024, alg. 4; optax.contrib.prodigy",
)
def prodigy(
    x, g, x_start, m, v, s, gain, weighted, lr, beta1, beta2, eps, d0, d_coef, weight_decay,
    bias_correction, safeguard_warmup, fresh1, fresh2, corrected, root, before, rate, weight,
):  # fmt: skip
    """Prodigy: D-Adaptation whose Adam sees d g, so that late gradients weigh more."""
    m = beta1 * m + fresh1 * before * g
    v = beta2 * v + fresh2 * (before * g) * (before * g)
    s = root * s + weight * g
    step = rate * m / (math.sqrt(v) + gain * d0 * eps)
    return x - weight_decay * rate * x - step, x_start, m, v, s


@prodigy.uniform
def _(t, beta1, beta2, bias_correction):
    return constants(t, beta1, beta2, bias_correction)[:-1]


@prodigy.measure
def _(x, g, x_start, s, gain, lr, d0, safeguard_warmup, corrected, root):
    if safeguard_warmup:
        weight = gain * gain * d0
    else:
        weight = gain * gain * d0 * lr * corrected
    return g * (x_start - x), abs(root * s + weight * g)


@prodigy.combine
def _(along, length, gain, weighted, lr, d0, d_coef, safeguard_warmup, corrected, root):
    before = gain * d0
    rate = before * lr * corrected
    if safeguard_warmup:
        weight = gain * before
    else:
        weight = gain * rate
    weighted = root * weighted + gain * rate * along
    estimate = where(length > 0.0, d_coef * weighted / (length * d0), 0.0)
    return max(gain, estimate), weighted, before, rate, weight
