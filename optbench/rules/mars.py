"""MARS: momentum of gradients that are corrected by their change, in the forms of AdamW and Lion.

The paper's correction takes the gradient of the same examples at the point before. Here is its
approximate form (MARS-approx), which is the default of the authors' code and that of their
experiments: the gradient of the step before, which was of other examples. Without noise they are
one. As in that code the gradient before the first is 0, and each tensor is clipped by itself.
"""

import math

from optbench.define import Decay, Eps, Log, Momentum, Range, SecondMoment, optimizer, sign, where
from optbench.define.search_ranges import decade_around
from optbench.rules.moments import next_moments, shares_and_corrections
from optbench.rules.norms import large_norm, large_squares

BETA1 = Momentum(0.95)
BETA2 = SecondMoment(0.99)
GAMMA = Range(0.025, 0.0, search=decade_around(0.025))


def change_weight(beta1, gamma):
    """Return how often the gradient's change counts."""
    return gamma * beta1 / (1 - beta1)


def corrected_squares(g, previous, weight):
    """Return what `clipping_length` needs of one coordinate."""
    return large_squares(g + weight * (g - previous))


def clipping_length(plain, shrunk):
    """Return what the corrected gradient is divided by, to be no longer than 1."""
    length = large_norm(plain, shrunk)
    return (where(length > 1.0, length, 1.0),)


@optimizer(
    state=("m", "v", "previous"),
    layerwise=True,
    lr=Log(3e-3),
    beta1=BETA1,
    beta2=BETA2,
    gamma=GAMMA,
    eps=Eps(1e-8),
    weight_decay=Decay(0.0),
    source="Yuan et al. 2024 (arXiv 2411.10438), alg. 2, approximate; pytorch_optimizer.MARS",
)
def mars_adamw(
    x, g, m, v, previous, lr, beta1, beta2, eps, weight_decay, weight, fresh1, fresh2, c1, c2,
    length,
):  # fmt: skip
    """MARS-AdamW: AdamW of the corrected gradient."""
    c = (g + weight * (g - previous)) / length
    m, v = next_moments(m, v, c, beta1, beta2, fresh1, fresh2)
    step = c1 * m / (math.sqrt(v) * c2 + eps) + weight_decay * x
    return x - lr * step, m, v, g


@mars_adamw.uniform
def _(t, beta1, beta2, gamma):
    return change_weight(beta1, gamma), *shares_and_corrections(t, beta1, beta2)


mars_adamw.measure(corrected_squares)
mars_adamw.combine(clipping_length)


@optimizer(
    state=("m", "previous"),
    layerwise=True,
    lr=Log(3e-3),
    beta1=BETA1,
    gamma=GAMMA,
    weight_decay=Decay(0.0),
    source="Yuan et al. 2024 (arXiv 2411.10438), alg. 3, approximate; pytorch_optimizer.MARS",
)
def mars_lion(x, g, m, previous, lr, beta1, weight_decay, weight, fresh, length):
    """MARS-Lion: the sign of the momentum of the corrected gradient."""
    m = beta1 * m + fresh * ((g + weight * (g - previous)) / length)
    return x - lr * (sign(m) + weight_decay * x), m, g


@mars_lion.uniform
def _(beta1, gamma):
    return change_weight(beta1, gamma), 1 - beta1


mars_lion.measure(corrected_squares)
mars_lion.combine(clipping_length)
