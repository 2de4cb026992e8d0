"""Adaptive rules that divide before the momentum, or by second moments of steps before.

Adam's denominator holds the gradient that it divides, so that a large gradient counts for less.
What divides by earlier gradients alone does not weigh gradients by their own size.
"""

import math

from optbench.define import Eps, Flag, Log, Range, optimizer, where
from optbench.define.search_ranges import SMALL_EPS
from optbench.rules.moments import (
    BETA1,
    BETA2,
    correction,
    root_correction,
    shares_and_corrections,
)
from optbench.rules.norms import norm, squares

DELAY = 10
"""Gradients that AdaShift keeps."""


@optimizer(
    state=("m", "v"),
    lr=Log(4e-4),
    beta1=BETA1,
    beta2=BETA2,
    eps=Eps(1e-15, SMALL_EPS),
    source="Ziyin, Wang and Ueda 2020 (arXiv 2002.04839), alg. 1; pytorch_optimizer.LaProp",
)
def laprop(x, g, m, v, lr, beta1, beta2, eps, fresh1, fresh2, c1, c2):
    """LaProp: momentum of gradients that are divided first, each by the root of its time."""
    v = beta2 * v + fresh2 * g * g
    m = beta1 * m + fresh1 * (g / (math.sqrt(v) * c2 + eps))
    return x - lr * c1 * m, m, v


laprop.uniform(shares_and_corrections)


@optimizer(
    state=("m", "s"),
    lr=Log(1e-3),
    beta1=BETA1,
    beta2=BETA2,
    eps=Eps(1e-16, SMALL_EPS),
    eps_root=Range(1e-16, 0.0),
    previous_mean=Flag(),
    source="Zhuang et al. 2021 (arXiv 2110.05454); optax.contrib.acprop",
)
def acprop(x, g, m, s, lr, beta1, beta2, eps, eps_root, previous_mean, fresh1, fresh2, c2, first):
    """ACProp: the gradient over its deviation, as it was before, from its running mean.

    optax takes the deviation from the mean before the gradient (`previous_mean`), the paper that
    after it. The first gradient is not divided.
    """
    root = math.sqrt(s) * c2 + first
    before = m
    m = beta1 * m + fresh1 * g
    off = g - before if previous_mean else g - m
    return x - lr * g / (root + eps), m, beta2 * s + fresh2 * off * off + eps_root


@acprop.uniform
def _(t, beta1, beta2):
    c2, first = (0.0, 1.0) if t == 1 else (root_correction(t - 1, beta2), 0.0)
    return 1 - beta1, 1 - beta2, c2, first


@optimizer(
    state=("m", "v"),
    lr=Log(0.1),
    beta1=BETA1,
    beta2=BETA2,
    eps=Eps(0.1),
    source="Savarese et al. 2021 (arXiv 1912.01823), with Adam's corrections",
)
def avagrad(x, g, m, v, lr, beta1, beta2, eps, fresh1, fresh2, c1, c2, scale):
    """AvaGrad: Adam with the moments before, whose rates have the root mean square 1.

    The first step only takes the moments, as in the authors' code.
    """
    m = beta1 * m + fresh1 * g
    step = c1 * m * (eps / (math.sqrt(v) * c2 + eps))
    return x - lr * scale * step, m, beta2 * v + fresh2 * g * g


@avagrad.uniform
def _(t, beta1, beta2):
    if t == 1:
        return 1 - beta1, 1 - beta2, 0.0, 1.0
    return 1 - beta1, 1 - beta2, correction(t, beta1), root_correction(t - 1, beta2)


@avagrad.measure
def _(x, g, v, eps, c2):
    share = eps / (math.sqrt(v) * c2 + eps)
    return (*squares(where(v == 0.0, 0.0, share)), where(v == 0.0, 0.0, 1.0))


@avagrad.combine
def _(plain, shrunk, grown, moving, count):
    # Where there was no gradient yet the share is 1; in a net's padding it must not count.
    length = norm(plain + (count - moving), shrunk, grown)
    return (where(length > 0.0, math.sqrt(count) / length, 0.0),)


@optimizer(
    state=("m", "v", *(f"g{age}" for age in range(1, DELAY + 1))),
    lr=Log(1e-3),
    beta1=BETA1,
    beta2=BETA2,
    eps=Eps(1e-10),
    source="Zhou et al. 2019 (arXiv 1810.00143), by coordinate; pytorch_optimizer.AdaShift",
)
def adashift(
    x, g, m, v, g1, g2, g3, g4, g5, g6, g7, g8, g9, g10, lr, beta1, beta2, eps, newest, oldest,
    fresh, c2,
):  # fmt: skip
    """AdaShift: the mean of ten gradients over the root of a second moment of those before them.

    It waits for ten steps, and in a coordinate for the first gradient that is not 0.
    """
    m = beta1 * (m - oldest * g10) + newest * g
    v = beta2 * v + fresh * g10 * g10
    step = where(v == 0.0, 0.0 * m, m / (math.sqrt(v) * c2 + eps))
    return x - lr * step, m, v, g, g1, g2, g3, g4, g5, g6, g7, g8, g9


@adashift.uniform
def _(t, beta1, beta2):
    newest = (1 - beta1) / (1 - beta1**DELAY)  # weights fall by beta1 and add up to 1
    since = max(1, t - DELAY)
    return newest, newest * beta1 ** (DELAY - 1), 1 - beta2, root_correction(since, beta2)
