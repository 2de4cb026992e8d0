"""SGDP and AdamP: steps without their part along the weights, where scale is of no effect.

If gradient and weights are nearly at right angles, as they are where the function does not see the
length of the weights, the part of a step along them is left out and decay is weaker. Weights are
those of a layer (the authors' layer view); a surface is one layer.
"""

import math

from optbench.define import Decay, Flag, Log, Momentum, Range, optimizer, where
from optbench.define.search_ranges import decade_around
from optbench.rules.moments import BETA1, BETA2, EPS, next_moments, shares_and_corrections
from optbench.rules.norms import norm, squares

DELTA = Range(0.1, 0.0, search=decade_around(0.1))
WD_RATIO = Range(0.1, 0.0, 1.0)


def inner_products(x, g, step):
    """Return what `projection` needs of one coordinate."""
    return squares(x) + squares(g) + (x * g, x * step)


def projection(
    x_plain, x_shrunk, x_grown, g_plain, g_shrunk, g_grown, along_g, along_step, count, eps, delta,
    wd_ratio,
):  # fmt: skip
    """Return how many x are taken off the step, and what decay is multiplied by."""
    weights, slopes = norm(x_plain, x_shrunk, x_grown), norm(g_plain, g_shrunk, g_grown)
    cosine = abs(along_g) / max(weights, eps) / max(slopes, eps)
    free = cosine < delta / math.sqrt(count)
    length = weights + eps
    return where(free, along_step / length / length, 0.0), where(free, wd_ratio, 1.0)


@optimizer(
    state="v",
    layerwise=True,
    lr=Log(1e-2),
    momentum=Momentum(0.9),
    weight_decay=Decay(0.0),
    delta=DELTA,
    wd_ratio=WD_RATIO,
    eps=EPS,
    nesterov=Flag(True),
    source="Heo et al. 2021, alg. 1; pytorch_optimizer.SGDP",
)
def sgdp(x, g, v, lr, momentum, weight_decay, nesterov, lasting, radial, weaker):
    """SGDP: momentum without what lengthens the weights."""
    v = momentum * v + g
    step = g + momentum * v if nesterov else v
    decayed = x - lr * weight_decay * (weaker * lasting) * x
    return decayed - lr * (step - radial * x), v


@sgdp.uniform
def _(momentum):
    return (1 / (1 - momentum),)


@sgdp.measure
def _(x, g, v, momentum, nesterov):
    v = momentum * v + g
    return inner_products(x, g, g + momentum * v if nesterov else v)


sgdp.combine(projection)


def adam_step(g, m, v, beta1, eps, nesterov, fresh1, c1, c2):
    """Return Adam's step for the rate 1, of the momentum or of what follows it."""
    mean = beta1 * m + fresh1 * g if nesterov else m
    return c1 * mean / (math.sqrt(v) * c2 + eps)


@optimizer(
    state=("m", "v"),
    layerwise=True,
    lr=Log(1e-3),
    beta1=BETA1,
    beta2=BETA2,
    eps=EPS,
    weight_decay=Decay(0.0),
    delta=DELTA,
    wd_ratio=WD_RATIO,
    nesterov=Flag(),
    source="Heo et al. 2021, alg. 2; pytorch_optimizer.AdamP",
)
def adamp(
    x, g, m, v, lr, beta1, beta2, eps, weight_decay, nesterov, fresh1, fresh2, c1, c2, radial,
    weaker,
):  # fmt: skip
    """AdamP: Adam without what lengthens the weights."""
    m, v = next_moments(m, v, g, beta1, beta2, fresh1, fresh2)
    step = adam_step(g, m, v, beta1, eps, nesterov, fresh1, c1, c2)
    decayed = x - lr * weight_decay * weaker * x
    return decayed - lr * (step - radial * x), m, v


adamp.uniform(shares_and_corrections)


@adamp.measure
def _(x, g, m, v, beta1, beta2, eps, nesterov, fresh1, fresh2, c1, c2):
    m, v = next_moments(m, v, g, beta1, beta2, fresh1, fresh2)
    return inner_products(x, g, adam_step(g, m, v, beta1, eps, nesterov, fresh1, c1, c2))


adamp.combine(projection)
