"""Adaptive rules whose parts have memories of unlike lengths: both AdEMAMix, ADOPT, MADGRAD."""

import math

from optbench.define import (
    Eps,
    Flag,
    Log,
    Momentum,
    Range,
    Search,
    SecondMoment,
    bounded,
    optimizer,
    where,
)
from optbench.define.search_ranges import MOMENTUM, decade_around
from optbench.rules.moments import (
    BETA1,
    BETA2,
    EPS,
    next_moments,
    root_correction,
    shares_and_corrections,
)

SLOW = Search(0.999, 0.9999, "log of 1 - v", "optax.contrib.ademamix: 0.999 for few steps")
GRADIENT_WEIGHT = Search(
    1.0, 100.0, "log with 0", "from one gradient to the 1 / (1 - beta1) of the velocity"
)


@optimizer(
    state=("m", "slow", "v"),
    lr=Log(1e-3),
    beta1=Range(0.9, 0.0, 1.0, open_low=True, open_high=True, search=MOMENTUM),
    beta2=BETA2,
    beta3=Range(0.9999, 0.0, 1.0, open_low=True, open_high=True, search=SLOW),
    alpha=Range(5.0, 0.0, search=decade_around(5.0)),
    warmup_steps=Range(0.0, 0.0, whole=True),
    eps=EPS,
    source="Pagliardini, Ablin and Grangier 2024, alg. 1; optax.contrib.ademamix",
)
def ademamix(
    x, g, m, slow, v, lr, beta1, beta2, eps, fresh1, fresh2, c1, c2, weight, beta3_t, fresh3
):  # fmt: skip
    """AdEMAMix: Adam with a second, slow momentum, which is not corrected for its start at zero.

    During `warmup_steps` its weight `alpha` and its memory `beta3` grow (eqs. 4 and 5).
    """
    m, v = next_moments(m, v, g, beta1, beta2, fresh1, fresh2)
    slow = beta3_t * slow + fresh3 * g
    return x - lr * (c1 * m + weight * slow) / (math.sqrt(v) * c2 + eps), m, slow, v


@ademamix.uniform
def _(t, beta1, beta2, beta3, alpha, warmup_steps):
    weight, beta3_t = alpha, beta3
    if t < warmup_steps:
        share = t / warmup_steps
        weight = share * alpha
        log1, log3 = math.log(beta1), math.log(beta3)
        beta3_t = min(beta3, math.exp(log1 * log3 / ((1 - share) * log3 + share * log1)))
    return *shares_and_corrections(t, beta1, beta2), weight, beta3_t, 1 - beta3_t


@optimizer(
    state=("m", "v"),
    lr=Log(1e-3),
    beta1=Momentum(0.99),
    beta2=SecondMoment(0.95),
    alpha=Range(0.0, 0.0, search=GRADIENT_WEIGHT),
    eps=EPS,
    source="Morwani et al. 2025 (arXiv 2502.02431); optax.contrib.simplified_ademamix",
)
def simplified_ademamix(x, g, m, v, lr, beta1, beta2, alpha, eps, fresh, c2):
    """Simplified AdEMAMix: one velocity, which is a sum as in theory, and the gradient of now.

    `alpha` is the gradient's weight. The velocity is not corrected for its start at zero.
    """
    m = beta1 * m + g
    v = beta2 * v + fresh * g * g
    return x - lr * (m + alpha * g) / (math.sqrt(v) * c2 + eps), m, v


@simplified_ademamix.uniform
def _(t, beta2):
    return 1 - beta2, root_correction(t, beta2)


@optimizer(
    state=("m", "v"),
    lr=Log(1e-3),
    beta1=BETA1,
    beta2=SecondMoment(0.9999),
    eps=Eps(1e-6),
    use_clipping=Flag(True),
    source="Taniguchi et al. 2024, alg. 2; optax.contrib.adopt",
)
def adopt(x, g, m, v, lr, beta1, eps, use_clipping, fresh1, bound, beta2_t, fresh2, moving):
    """ADOPT: Adam that divides by the second moment of the steps before, before the momentum.

    The first step only takes the second moment; step t clips at (t - 1)^(1/4).
    """
    scaled = g / max(math.sqrt(v), eps)
    if use_clipping:
        scaled = bounded(scaled, bound)
    else:
        scaled = moving * scaled
    m = beta1 * m + fresh1 * scaled
    return x - lr * m, m, beta2_t * v + fresh2 * g * g


@adopt.uniform
def _(t, beta1, beta2):
    beta2_t = beta2 if t > 1 else 0.0
    return 1 - beta1, (t - 1) ** 0.25, beta2_t, 1 - beta2_t, float(t > 1)


@optimizer(
    state={"s": 0.0, "v": 0.0, "x0": "x"},
    lr=Log(1e-2),
    momentum=Momentum(0.9),
    eps=Eps(1e-6),
    source="Defazio and Jelassi 2022, alg. 1; optax.contrib.madgrad",
)
def madgrad(x, g, s, v, x0, lr, momentum, eps, fresh, growth):
    """MADGRAD: dual averaging from the start, divided by the cube root of weighted squares.

    The rate has `eps` added to it, as in the authors' code; rate 0 stays 0.
    """
    weight = where(lr > 0.0, lr + eps, 0.0) * growth
    s = s + weight * g
    v = v + weight * g * g
    z = x0 - s / (v ** (1.0 / 3.0) + eps)
    return x + fresh * (z - x), s, v, x0


@madgrad.uniform
def _(t, momentum):
    return 1 - momentum, math.sqrt(t)
