"""Other steps from Adam's two moments: angles, extrapolation, the variance of the gradient."""

import math

from optbench.define import Log, Momentum, Range, optimizer, sign, where
from optbench.define.search_ranges import SECOND_MOMENT, decade_around
from optbench.rules.moments import (
    BETA1,
    BETA2,
    EPS,
    correction,
    next_moments,
    root_correction,
    shares_and_corrections,
)


@optimizer(
    state=("m", "v"),
    lr=Log(1e-3),
    beta1=BETA1,
    beta2=BETA2,
    b=Log(1.0, search=decade_around(1.0)),
    source="Everett et al. 2024 (arXiv 2407.05872), Adam-atan2",
)
def adam_atan2(x, g, m, v, lr, beta1, beta2, fresh1, fresh2, factor):
    """Adam-atan2: the angle whose tangent is Adam's step, which needs no epsilon.

    It is atan2(m, b sqrt v) of the corrected moments; of m = v = 0 it is 0.
    """
    m, v = next_moments(m, v, g, beta1, beta2, fresh1, fresh2)
    angle = where(m == 0.0, m, math.atan(factor * m / math.sqrt(v)))
    return x - lr * angle, m, v


@adam_atan2.uniform
def _(t, beta1, beta2, b):
    fresh1, fresh2, c1, c2 = shares_and_corrections(t, beta1, beta2)
    return fresh1, fresh2, c1 / (b * c2)


@optimizer(
    state=("m", "v", "step"),
    lr=Log(1e-3),
    beta1=BETA1,
    beta2=BETA2,
    eps=EPS,
    optimism=Range(1.0, 0.0, search=decade_around(1.0)),
    source="Daskalakis et al. 2018, alg. 1; optax.optimistic_adam_v2",
)
def optimistic_adam(
    x, g, m, v, step, lr, beta1, beta2, eps, optimism, fresh1, fresh2, c1, c2, later
):  # fmt: skip
    """Optimistic Adam: the change of Adam's step is made once more, against circles in games."""
    m, v = next_moments(m, v, g, beta1, beta2, fresh1, fresh2)
    now = c1 * m / (math.sqrt(v) * c2 + eps)
    return x - lr * (now + optimism * (later * (now - step))), m, v, now


@optimistic_adam.uniform
def _(t, beta1, beta2):
    return *shares_and_corrections(t, beta1, beta2), float(t > 1)


@optimizer(
    state=("m", "v"),
    lr=Log(1e-2),
    beta=Momentum(0.9),
    source="Balles and Hennig 2018 (arXiv 1705.07774), M-SVAG; pytorch_optimizer.MSVAG",
)
def msvag(x, g, m, v, lr, beta, fresh, corrected, rho, spread):
    """M-SVAG: momentum, shorter where the gradients' variance is large beside their mean.

    The factor m^2 / (m^2 + rho s) has the least error; s is the variance from m and v.
    """
    m, v = next_moments(m, v, g, beta, beta, fresh, fresh)
    mean, square = corrected * m, corrected * v
    squared = mean * mean
    noise = spread * max(square - squared, 0.0)
    usual = (squared > 0.0) & (square < math.inf)
    factor = where(usual, squared / (squared + rho * noise), 0.0)
    return x - lr * factor * mean, m, v


@msvag.uniform
def _(t, beta):
    rho = (1 - beta) * (1 + beta**t) / ((1 + beta) * (1 - beta**t))
    # It is 1 in the first step and with beta 0: of one gradient all variance is rounding.
    return 1 - beta, correction(t, beta), rho, 1 / (1 - rho) if rho < 0.9999 else 0.0


@optimizer(
    state=("m", "v", "r"),
    lr=Log(1.0),
    beta1=Momentum(0.95),
    beta2=BETA2,
    beta3=Momentum(0.95),
    p=Log(0.2, search=decade_around(0.2)),
    q=Range(0.24, 0.0, 0.5),
    eps=EPS,
    source="Pan et al. 2024 (arXiv 2405.04376); pytorch_optimizer.AdamG",
)
def adamg(
    x, g, m, v, r, lr, beta1, beta2, beta3, p, q, eps, fresh3, most, fresh1, fresh2, c1, c2
):  # fmt: skip
    """AdamG: Adam of gradients times a running mean of p v^q, which needs no rate.

    The rate of step t is at most 1 / sqrt(t).
    """
    v = beta2 * v + fresh2 * g * g
    r = beta3 * r + fresh3 * where(v < math.inf, p * v**q, 0.0)
    m = beta1 * m + fresh1 * (r * g)
    return x - min(lr, most) * c1 * m / (math.sqrt(v) * c2 + eps), m, v, r


@adamg.uniform
def _(t, beta1, beta2, beta3):
    return 1 - beta3, 1 / math.sqrt(t), *shares_and_corrections(t, beta1, beta2)


@optimizer(
    state=("m", "v"),
    lr=Log(1e-3),
    beta1=BETA1,
    beta2=BETA2,
    eps=EPS,
    source="Adly 2024 (arXiv 2412.20302); pytorch_optimizer.EXAdam",
)
def exadam(x, g, m, v, lr, beta1, beta2, eps, fresh1, fresh2, left1, left2, c1, c2):
    """EXAdam: Adam and the gradient of now, each moment corrected by the other one, too."""
    m, v = next_moments(m, v, g, beta1, beta2, fresh1, fresh2)
    by_v = 1.0 + left2 / (1.0 + eps / v)
    by_m = 1.0 + left1 / (1.0 + eps / (m * m))
    return x - lr * (c1 * by_v * (m + g)) / (math.sqrt(v * by_m) * c2 + eps), m, v


@exadam.uniform
def _(t, beta1, beta2):
    fresh1, fresh2, c1, c2 = shares_and_corrections(t, beta1, beta2)
    return fresh1, fresh2, beta1**t, beta2**t, c1, c2


@optimizer(
    state=("m", "v"),
    lr=Log(1e-4),
    beta1=Momentum(0.92),
    beta2=Range(0.99, 0.5, 1.0, open_high=True, search=SECOND_MOMENT),
    eps=EPS,
    source="Kegreisz 2025 (arXiv 2508.18258); pytorch_optimizer.Ano",
)
def ano(x, g, m, v, lr, beta1, beta2, eps, fresh1, fresh2, c2):
    """Ano: the size of the gradient of now, the sign of its momentum.

    v moves as Yogi's, and would turn negative with `beta2` below a half.
    """
    m = beta1 * m + fresh1 * g
    square = g * g
    v = beta2 * v + fresh2 * where(square > v, square, where(square < v, -square, 0.0 * g))
    return x - lr * abs(g) * sign(m) / (math.sqrt(max(v, 0.0)) * c2 + eps), m, v


@ano.uniform
def _(t, beta1, beta2):
    return 1 - beta1, 1 - beta2, root_correction(t, beta2)
