"""What came after Adam: other second moments, bounds, denominators and memories.

torch has none of these rules; the sources name whose conventions are followed, flags the others'.
"""

import math

from optbench.define import (
    Eps,
    Flag,
    Log,
    Momentum,
    Range,
    Search,
    SecondMoment,
    optimizer,
    where,
)
from optbench.define.search_ranges import SMALL_EPS, rate_search
from optbench.rules.moments import (
    BETA1,
    BETA2,
    EPS,
    correction,
    next_moments,
    root_correction,
    shares_and_corrections,
)

PADAM_POWER = Search(1 / 16, 2 / 5, "log", "Chen et al. 2020, the grid of p")
WHOLE = Search(0.0, 1.0, "linear", "between the gradient of now and its mean")


def _step_factor(t, beta1, beta2):
    """Return `fresh` for m and for v, and what Adam's corrections make of the rate.

    The factor is for rules that add `eps` to the uncorrected v.
    """
    fresh1, fresh2, c1, c2 = shares_and_corrections(t, beta1, beta2)
    return fresh1, fresh2, c1 / c2


@optimizer(
    state=("m", "s"),
    lr=Log(1e-3),
    beta1=BETA1,
    beta2=BETA2,
    eps=Eps(1e-16, SMALL_EPS),
    eps_root=Range(1e-16, 0.0),
    source="Zhuang et al. 2020, alg. 2; optax.adabelief",
)
def adabelief(x, g, m, s, lr, beta1, beta2, eps, eps_root, fresh1, fresh2, c1, c2):
    """AdaBelief: the second moment of the gradient's distance from its running mean.

    `eps_root` is added to s at every step; the paper writes one epsilon for both.
    """
    m = beta1 * m + fresh1 * g
    s = beta2 * s + fresh2 * (g - m) * (g - m) + eps_root
    return x - lr * c1 * m / (math.sqrt(s) * c2 + eps), m, s


adabelief.uniform(shares_and_corrections)

YOGI_START = 1e-6


@optimizer(
    state={"m": 0.0, "v": YOGI_START},
    lr=Log(1e-2),
    beta1=BETA1,
    beta2=BETA2,
    eps=Eps(1e-3),
    initial_momentum=Flag(),
    source="Zaheer et al. 2018, alg. 2; optax.yogi",
)
def yogi(x, g, m, v, lr, beta1, beta2, eps, initial_momentum, fresh1, fresh2, c1, c2, left):
    """Yogi: a second moment that moves by the sign of its distance from the squared gradient.

    optax starts m at 1e-6, like v, so that x moves without a gradient; the paper starts it at 0.
    `m` leaves that start out.
    """
    m = beta1 * m + fresh1 * g
    square = g * g
    v = v - fresh2 * where(v > square, square, where(v < square, -square, 0.0))
    mean = m + left if initial_momentum else m
    return x - lr * c1 * mean / (math.sqrt(v) * c2 + eps), m, v


@yogi.uniform
def _(t, beta1, beta2):
    return *shares_and_corrections(t, beta1, beta2), YOGI_START * beta1**t


@optimizer(
    state=("m", "v"),
    lr=Log(1e-3),
    final_lr=Log(0.1, search=rate_search(0.1)),
    beta1=BETA1,
    beta2=BETA2,
    gamma=Log(1e-3),
    eps=EPS,
    source="Luo et al. 2019, alg. 2, with Adam's corrections; pytorch_optimizer.AdaBound",
)
def adabound(x, g, m, v, lr, final_lr, beta1, beta2, eps, fresh1, fresh2, factor, lowest, highest):
    """AdaBound: Adam's rates between bounds that close in on the rate of gradient descent.

    With rate 0 the bounds are 0 too.
    """
    m, v = next_moments(m, v, g, beta1, beta2, fresh1, fresh2)
    final = where(lr > 0.0, final_lr, 0.0)
    rate = lr * factor / (math.sqrt(v) + eps)
    return x - min(max(rate, final * lowest), final * highest) * m, m, v


@adabound.uniform
def _(t, beta1, beta2, gamma):
    return *_step_factor(t, beta1, beta2), 1 - 1 / (gamma * t + 1), 1 + 1 / (gamma * t)


@optimizer(
    state=("m", "v", "rate"),
    lr=Log(1e-3),
    beta1=BETA1,
    beta2=SecondMoment(0.99),
    beta3=SecondMoment(0.9999),
    eps=EPS,
    source="Ding et al. 2019, alg. 1; pytorch_optimizer.AdaMod",
)
def adamod(x, g, m, v, rate, lr, beta1, beta2, beta3, eps, fresh3, fresh1, fresh2, factor):
    """AdaMod: Adam's rates, at most their running mean."""
    m, v = next_moments(m, v, g, beta1, beta2, fresh1, fresh2)
    now = lr * factor / (math.sqrt(v) + eps)
    rate = beta3 * rate + fresh3 * now
    return x - min(now, rate) * m, m, v, rate


@adamod.uniform
def _(t, beta1, beta2, beta3):
    return 1 - beta3, *_step_factor(t, beta1, beta2)


@optimizer(
    state=("m", "v", "largest"),
    lr=Log(0.1),
    beta1=BETA1,
    beta2=BETA2,
    partial=Range(0.25, 0.0, 0.5, open_low=True, search=PADAM_POWER),
    eps=EPS,
    amsgrad=Flag(True),
    bias_correction=Flag(),
    source="Chen et al. 2020, alg. 1; pytorch_optimizer.PAdam",
)
def padam(
    x, g, m, v, largest, lr, beta1, beta2, partial, eps, amsgrad, bias_correction, fresh1,
    fresh2, factor,
):  # fmt: skip
    """Padam: AMSGrad with a power of v between 0 (momentum) and 1/2 (AMSGrad).

    Common code differs: no maximum, and the rate corrected like Adam's.
    """
    m, v = next_moments(m, v, g, beta1, beta2, fresh1, fresh2)
    if amsgrad:
        largest = max(largest, v)
        root = math.sqrt(largest) + eps
    else:
        root = math.sqrt(v) + eps
    rate = lr * factor if bias_correction else lr
    return x - rate * m / root ** (2.0 * partial), m, v, largest


padam.uniform(_step_factor)


@optimizer(
    state=("m", "v", "previous"),
    lr=Log(1e-3),
    beta1=BETA1,
    beta2=BETA2,
    eps=EPS,
    source="Dubey et al. 2020, eqs. 4-8; pytorch_optimizer.DiffGrad",
)
def diffgrad(x, g, m, v, previous, lr, beta1, beta2, eps, fresh1, fresh2, factor):
    """DiffGrad: Adam, slower where the gradient hardly changes (a sigmoid of its change)."""
    m, v = next_moments(m, v, g, beta1, beta2, fresh1, fresh2)
    friction = 1.0 + math.exp(-abs(previous - g))
    return x - lr * factor * m / (friction * (math.sqrt(v) + eps)), m, v, g


diffgrad.uniform(_step_factor)


@optimizer(
    state=("m", "v"),
    lr=Log(1e-3),
    beta1=Momentum(0.995),
    beta2=BETA2,
    nu1=Range(0.7, 0.0, search=WHOLE),
    nu2=Range(1.0, 0.0, 1.0, search=WHOLE),
    eps=EPS,
    source="Ma and Yarats 2019, eqs. 10-13",
)
def qhadam(x, g, m, v, lr, beta1, beta2, nu1, nu2, eps, fresh1, fresh2, of_g, of_square, c1, c2):
    """QHAdam: both of Adam's moments mixed with the gradient of now."""
    m, v = next_moments(m, v, g, beta1, beta2, fresh1, fresh2)
    mean = of_g * g + nu1 * (c1 * m)
    square = of_square * g * g + nu2 * (v * c2)
    return x - lr * mean / (math.sqrt(square) + eps), m, v


@qhadam.uniform
def _(t, beta1, beta2, nu1, nu2):
    corrections = correction(t, beta1), correction(t, beta2)
    return 1 - beta1, 1 - beta2, 1 - nu1, 1 - nu2, *corrections


@optimizer(
    state=("m", "d", "n", "previous"),
    lr=Log(1e-3),
    beta1=Momentum(0.98),
    beta2=Momentum(0.92),
    beta3=SecondMoment(0.99),
    eps=EPS,
    complementary=Flag(),
    source="Xie et al. 2022, alg. 1 (its betas are 1 minus ours); pytorch_optimizer.Adan",
)
def adan(
    x, g, m, d, n, previous, lr, beta1, beta2, beta3, eps, complementary, fresh1, fresh2,
    fresh3, weight, later, c1, c3, of_d,
):  # fmt: skip
    """Adan: Nesterov momentum from running means of the gradient and of its change.

    The change counts `beta2` times; optax counts it 1 - beta2 times.
    """
    change = later * (g - previous)
    m = beta1 * m + fresh1 * g
    d = beta2 * d + fresh2 * change
    ahead = g + weight * change
    n = beta3 * n + fresh3 * ahead * ahead
    return x - lr * (c1 * m + of_d * d) / (math.sqrt(n) * c3 + eps), m, d, n, g


@adan.uniform
def _(t, beta1, beta2, beta3, complementary):
    later = float(t > 1)  # there is no change yet in the first step
    weight = 1 - beta2 if complementary else beta2
    fresh = 1 - beta1, 1 - beta2, 1 - beta3
    corrections = correction(t, beta1), root_correction(t, beta3), weight / (1 - beta2**t)
    return *fresh, weight, later, *corrections
