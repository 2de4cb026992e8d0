"""Adam with a moment, a bound or a rate for each layer; a surface is one layer.

A value that a layer carries from step to step is kept in each of its coordinates. Second moments
of layers have a second sum of gradients made smaller, for when squares overflow (see `norms`).
"""

import math

from optbench.define import Decay, Log, Momentum, Range, Search, SecondMoment, optimizer, where
from optbench.define.search_ranges import decade_around
from optbench.rules.moments import (
    BETA1,
    BETA2,
    EPS,
    next_moments,
    root_correction,
    shares_and_corrections,
)
from optbench.rules.norms import large_norm, large_squares, norm, squares


@optimizer(
    state=("m", "v", "v_shrunk"),
    layerwise=True,
    lr=Log(1e-3),
    beta1=BETA1,
    beta2=BETA2,
    eps=EPS,
    source="Zhang et al. 2024 (arXiv 2406.16793), with tensors as blocks; pytorch_optimizer",
)
def adam_mini(
    x, g, m, v, v_shrunk, lr, beta1, beta2, eps, fresh1, fresh2, c1, c2, plain, shrunk
):  # fmt: skip
    """Adam-mini: Adam with one second moment a tensor, of the mean of its squared gradients.

    Each tensor is a block, as in the paper for all nets but Transformers.
    """
    m = beta1 * m + fresh1 * g
    v, v_shrunk = beta2 * v + fresh2 * plain, beta2 * v_shrunk + fresh2 * shrunk
    return x - lr * c1 * m / (large_norm(v, v_shrunk) * c2 + eps), m, v, v_shrunk


adam_mini.uniform(shares_and_corrections)


@adam_mini.measure
def _(x, g):
    return large_squares(g)


@adam_mini.combine
def _(plain, shrunk, count):
    return plain / count, shrunk / count


@optimizer(
    state=("m", "v"),
    layerwise=True,
    lr=Log(1e-3),
    beta1=BETA1,
    beta2=SecondMoment(0.99),
    eps=EPS,
    weight_decay=Decay(1e-2),
    source="Wortsman et al. 2023 (arXiv 2304.13013), alg. 2; pytorch_optimizer.StableAdamW",
)
def stable_adamw(
    x, g, m, v, lr, beta1, beta2, eps, weight_decay, beta1_t, fresh1, beta2_t, fresh2, rate
):  # fmt: skip
    """StableAdamW: AdamW, slower where squared gradients exceed their mean in the layer's mean.

    Its betas grow with the step, so that m and v are the corrected means.
    """
    m, v = next_moments(m, v, g, beta1_t, beta2_t, fresh1, fresh2)
    return x - rate * (m / (math.sqrt(v) + eps) + weight_decay * x), m, v


@stable_adamw.uniform
def _(t, beta1, beta2):
    fresh1, fresh2 = (1 - beta1) / (1 - beta1**t), (1 - beta2) / (1 - beta2**t)
    return 1 - fresh1, fresh1, 1 - fresh2, fresh2


@stable_adamw.measure
def _(x, g, v, eps, beta2_t, fresh2):
    surprise = g / max(math.sqrt(beta2_t * v + fresh2 * g * g), eps)
    return surprise * surprise


@stable_adamw.combine
def _(surprises, count, lr):
    size = math.sqrt(surprises / count)
    return (where(size > 1.0, lr / size, lr),)


@optimizer(
    state=("m", "v"),
    layerwise=True,
    lr=Log(1e-3),
    beta1=BETA1,
    beta2=BETA2,
    eps=EPS,
    clip=Log(1.0, search=decade_around(1.0)),
    weight_decay=Decay(0.1),
    source="Hwang 2024 (arXiv 2405.12807), alg. 1; pytorch_optimizer.FAdam",
)
def fadam(
    x, g, m, v, lr, beta1, beta2, eps, weight_decay, fresh1, beta2_t, fresh2, of_g, of_x
):  # fmt: skip
    """FAdam: momentum of natural gradients by a diagonal Fisher matrix, which decay follows too.

    Gradient and decay are clipped, each layer's to the root mean square `clip`. `eps` is constant:
    the paper lowers it where a layer's root mean square gradient is below 100 eps.
    """
    v = beta2_t * v + fresh2 * g * g
    root = math.sqrt(v) + eps
    m = beta1 * m + fresh1 * (of_g * (g / root))
    return x - lr * (m + weight_decay * (of_x * (x / root))), m, v


@fadam.uniform
def _(t, beta1, beta2):
    fresh2 = (1 - beta2) / (1 - beta2**t)
    return 1 - beta1, 1 - fresh2, fresh2


@fadam.measure
def _(x, g, v, eps, beta2_t, fresh2):
    root = math.sqrt(beta2_t * v + fresh2 * g * g) + eps
    natural = g / root
    return (natural * natural, *large_squares(x / root))


@fadam.combine
def _(natural, plain, shrunk, count, clip):
    of_g, of_x = math.sqrt(natural / count), large_norm(plain / count, shrunk / count)
    return where(of_g > clip, clip / of_g, 1.0), where(of_x > clip, clip / of_x, 1.0)


@optimizer(
    state=("m", "v", "size"),
    layerwise=True,
    lr=Log(1e-3),
    beta1=BETA1,
    beta2=BETA2,
    gamma=Momentum(0.95),
    eps=EPS,
    source="Dubey, Singh and Chaudhuri 2023 (AdamNorm); pytorch_optimizer.AdaNorm",
)
def adamnorm(
    x, g, m, v, size, lr, beta1, beta2, gamma, eps, fresh3, fresh1, fresh2, c1, c2, length
):  # fmt: skip
    """AdamNorm: Adam whose momentum takes gradients at least as long as they were in the mean."""
    size = gamma * size + fresh3 * length
    longer = where((size > length) & (length > 0.0), size / length, 1.0)
    m = beta1 * m + fresh1 * (longer * g)
    v = beta2 * v + fresh2 * g * g
    return x - lr * c1 * m / (math.sqrt(v) * c2 + eps), m, v, size


@adamnorm.uniform
def _(t, beta1, beta2, gamma):
    return 1 - gamma, *shares_and_corrections(t, beta1, beta2)


@adamnorm.measure
def _(x, g):
    return squares(g)


@adamnorm.combine
def _(plain, shrunk, grown):
    return (norm(plain, shrunk, grown),)


@optimizer(
    state=("m", "v", "v_shrunk", "decayed"),
    layerwise=True,
    lr=Log(1e-3),
    beta=SecondMoment(0.999),
    scale=Log(0.5, search=decade_around(0.5)),
    momentum=Momentum(0.0, Search(0.0, 0.999, "log of 1 - v", "from the rule's default")),
    c=Range(0.25, 0.0),
    d=Range(0.25, 0.0),
    eps=Log(1e-18),
    source="Tian and Parikh 2022 (arXiv 2210.11693), alg. 1; pytorch_optimizer.Amos",
)
def amos(
    x, g, m, v, v_shrunk, decayed, lr, beta, scale, momentum, eps, fresh, fresh_m, c2, plain,
    shrunk, slower, weaker,
):  # fmt: skip
    """Amos: a second moment a layer, and a decay of weights and of the rate that it finds itself.

    `scale` is the size of entries that the layer is expected to have; one for all layers.
    """
    v, v_shrunk = beta * v + fresh * plain, beta * v_shrunk + fresh * shrunk
    root = max(large_norm(v, v_shrunk), eps) * c2
    surprise = lr * large_norm(plain, shrunk) / root
    decay = surprise * surprise / math.sqrt(1.0 + weaker * decayed)
    step = (0.5 * decay * x + lr * scale * g / root) / (1.0 + slower * decayed)
    m = momentum * m + fresh_m * step
    return x - m, m, v, v_shrunk, decayed + decay * (1.0 + decayed)


@amos.uniform
def _(t, beta, momentum):
    return 1 - beta, 1 - momentum, root_correction(t, beta)


@amos.measure
def _(x, g):
    return large_squares(g)


@amos.combine
def _(plain, shrunk, count, lr, scale, c, d):
    return plain / count, shrunk / count, d * math.sqrt(lr * scale), c * math.sqrt(lr)
