"""Rules with a second moment per coordinate: AdaGrad, RMSProp, AdaDelta and the Adam of torch.

Conventions and defaults are torch.optim's; where optax differs, the difference is a flag. `moments`
says what `fresh1`, `fresh2`, `c1` and `c2` are.
"""

import math

from optbench.define import (
    Decay,
    Eps,
    Flag,
    Log,
    Momentum,
    Range,
    Search,
    SecondMoment,
    optimizer,
)
from optbench.define.search_ranges import OF_ITS_KIND
from optbench.rules.moments import (
    BETA1,
    BETA2,
    EPS,
    correction,
    next_moments,
    rectification,
    root_correction,
    shares_and_corrections,
)

FROM_NONE = Search(0.0, 0.999, "log of 1 - v", f"{OF_ITS_KIND}, from the rule's default")


@optimizer(
    state="total",
    lr=Log(1e-2),
    lr_decay=Decay(0.0),
    weight_decay=Decay(0.0),
    initial_accumulator_value=Range(0.0, 0.0),
    eps=Eps(1e-10),
    eps_in_sqrt=Flag(),
    source="Duchi, Hazan and Singer 2011; torch.optim.Adagrad",
)
def adagrad(
    x, g, total, lr, weight_decay, initial_accumulator_value, eps, eps_in_sqrt, decayed
):  # fmt: skip
    """AdaGrad: divide by the root of the sum of squared gradients.

    `total` leaves out the initial value, which is added where it is used. Decay is coupled.
    """
    g = g + weight_decay * x
    total = total + g * g
    if eps_in_sqrt:
        root = math.sqrt(initial_accumulator_value + total + eps)
    else:
        root = math.sqrt(initial_accumulator_value + total) + eps
    return x - lr * decayed * g / root, total


@adagrad.uniform
def _(t, lr_decay):
    return (1 / (1 + (t - 1) * lr_decay),)


@optimizer(
    state=("v", "mean", "buffer"),
    lr=Log(1e-2),
    alpha=SecondMoment(0.99),
    eps=EPS,
    momentum=Momentum(0.0, FROM_NONE),
    centered=Flag(),
    eps_in_sqrt=Flag(),
    source="Tieleman and Hinton 2012; Graves 2013 (centered); torch.optim.RMSprop",
)
def rmsprop(x, g, v, mean, buffer, lr, alpha, eps, momentum, centered, eps_in_sqrt, fresh):
    """RMSProp: divide by the root of a running mean of squared gradients.

    Centered, it divides by the running standard deviation, which rounding may not turn negative.
    """
    v = alpha * v + fresh * g * g
    if centered:
        mean = alpha * mean + fresh * g
        spread = max(v - mean * mean, 0.0)
    else:
        spread = v
    root = math.sqrt(spread + eps) if eps_in_sqrt else math.sqrt(spread) + eps
    buffer = momentum * buffer + g / root
    return x - lr * buffer, v, mean, buffer


@rmsprop.uniform
def _(alpha):
    return (1 - alpha,)


@optimizer(
    state=("v", "moved"),
    lr=Log(1.0),
    rho=SecondMoment(0.9),
    eps=Eps(1e-6),
    source="Zeiler 2012, alg. 1; torch.optim.Adadelta",
)
def adadelta(x, g, v, moved, lr, rho, eps, fresh):
    """AdaDelta: steps in the ratio of the running sizes of past steps and gradients."""
    v = rho * v + fresh * g * g
    step = math.sqrt((moved + eps) / (v + eps)) * g
    return x - lr * step, v, rho * moved + fresh * step * step


@adadelta.uniform
def _(rho):
    return (1 - rho,)


@optimizer(
    state=("m", "v"),
    lr=Log(1e-3),
    beta1=BETA1,
    beta2=BETA2,
    eps=EPS,
    eps_in_sqrt=Flag(),
    source="Kingma and Ba 2015, alg. 1; torch.optim.Adam",
)
def adam(x, g, m, v, lr, beta1, beta2, eps, eps_in_sqrt, fresh1, fresh2, c1, c2):
    """Adam: both moments, corrected for their start at zero."""
    m, v = next_moments(m, v, g, beta1, beta2, fresh1, fresh2)
    root = math.sqrt(v * c2 + eps) if eps_in_sqrt else math.sqrt(v) * c2 + eps
    return x - lr * c1 * m / root, m, v


@adam.uniform
def _(t, beta1, beta2, eps_in_sqrt):
    fresh1, fresh2, c1, c2 = shares_and_corrections(t, beta1, beta2)
    return fresh1, fresh2, c1, correction(t, beta2) if eps_in_sqrt else c2


@optimizer(
    state=("m", "v"),
    lr=Log(1e-3),
    beta1=BETA1,
    beta2=BETA2,
    eps=EPS,
    weight_decay=Decay(1e-2),
    source="Loshchilov and Hutter 2019, alg. 2; torch.optim.AdamW",
)
def adamw(x, g, m, v, lr, beta1, beta2, eps, weight_decay, fresh1, fresh2, c1, c2):
    """Adam with decoupled weight decay, scaled by the rate as in torch."""
    m, v = next_moments(m, v, g, beta1, beta2, fresh1, fresh2)
    decayed = x - lr * weight_decay * x
    return decayed - lr * c1 * m / (math.sqrt(v) * c2 + eps), m, v


adamw.uniform(shares_and_corrections)


@optimizer(
    state=("m", "u"),
    lr=Log(2e-3),
    beta1=BETA1,
    beta2=BETA2,
    eps=EPS,
    source="Kingma and Ba 2015, alg. 2; torch.optim.Adamax",
)
def adamax(x, g, m, u, lr, beta1, beta2, eps, fresh, c1):
    """AdaMax: Adam with a decaying maximum in place of the root of the second moment."""
    m = beta1 * m + fresh * g
    u = max(beta2 * u, abs(g) + eps)
    return x - lr * c1 * m / u, m, u


@adamax.uniform
def _(t, beta1):
    return 1 - beta1, correction(t, beta1)


@optimizer(
    state=("m", "v"),
    lr=Log(2e-3),
    beta1=BETA1,
    beta2=BETA2,
    eps=EPS,
    weight_decay=Decay(0.0),
    momentum_decay=Range(4e-3, 0.0),
    decoupled_weight_decay=Flag(),
    constant_momentum=Flag(),
    source="Dozat 2016; torch.optim.NAdam",
)
def nadam(
    x, g, m, v, lr, beta1, beta2, eps, weight_decay, decoupled_weight_decay, product, fresh1,
    fresh2, of_g, of_m, c2,
):  # fmt: skip
    """Adam with Nesterov momentum and a momentum that grows with the step (optax: a constant)."""
    if decoupled_weight_decay:
        x = x - lr * weight_decay * x
    else:
        g = g + weight_decay * x
    m, v = next_moments(m, v, g, beta1, beta2, fresh1, fresh2)
    return x - lr * (of_g * g + of_m * m) / (math.sqrt(v) * c2 + eps), m, v


@nadam.uniform
def _(t, beta1, beta2, momentum_decay, constant_momentum, product=1.0):
    now = following = beta1
    if not constant_momentum:
        now = beta1 * (1 - 0.5 * 0.96 ** (t * momentum_decay))
        following = beta1 * (1 - 0.5 * 0.96 ** ((t + 1) * momentum_decay))
    product *= now
    return (
        product,
        1 - beta1,
        1 - beta2,
        (1 - now) / (1 - product),
        following / (1 - product * following),
        root_correction(t, beta2),
    )


@optimizer(
    state=("m", "v", "largest"),
    lr=Log(1e-3),
    beta1=BETA1,
    beta2=BETA2,
    eps=EPS,
    corrected_maximum=Flag(),
    source="Reddi, Kale and Kumar 2018, alg. 2; torch.optim.Adam(amsgrad=True)",
)
def amsgrad(x, g, m, v, largest, lr, beta1, beta2, eps, corrected_maximum, fresh1, fresh2, c1, c2):
    """Adam that divides by the largest second moment so far: its rates never rise.

    torch corrects the maximum for the start at zero, optax takes the maximum of corrected moments.
    """
    m, v = next_moments(m, v, g, beta1, beta2, fresh1, fresh2)
    if corrected_maximum:
        largest = max(largest, v * c2)
        root = math.sqrt(largest)
    else:
        largest = max(largest, v)
        root = math.sqrt(largest) * c2
    return x - lr * c1 * m / (root + eps), m, v, largest


@amsgrad.uniform
def _(t, beta1, beta2, corrected_maximum):
    fresh1, fresh2, c1, c2 = shares_and_corrections(t, beta1, beta2)
    return fresh1, fresh2, c1, correction(t, beta2) if corrected_maximum else c2


@optimizer(
    state=("m", "v"),
    lr=Log(1e-3),
    beta1=BETA1,
    beta2=BETA2,
    eps=EPS,
    weight_decay=Decay(0.0),
    decoupled_weight_decay=Flag(),
    eps_on_corrected=Flag(),
    source="Liu et al. 2020, alg. 2; torch.optim.RAdam",
)
def radam(
    x, g, m, v, lr, beta1, beta2, eps, weight_decay, decoupled_weight_decay, eps_on_corrected,
    fresh1, fresh2, plain, scaled, c2,
):  # fmt: skip
    """Rectified Adam: momentum alone until the variance of the second moment is tractable.

    torch adds `eps` to the root of v, optax to that of the corrected v.
    """
    if decoupled_weight_decay:
        x = x - lr * weight_decay * x
    else:
        g = g + weight_decay * x
    m, v = next_moments(m, v, g, beta1, beta2, fresh1, fresh2)
    if eps_on_corrected:
        adapted = scaled / (math.sqrt(v) * c2 + eps)
    else:
        adapted = scaled / (math.sqrt(v) + eps)
    return x - lr * m * (plain + adapted), m, v


@radam.uniform
def _(t, beta1, beta2, eps_on_corrected):
    fresh1, fresh2, c1, c2 = shares_and_corrections(t, beta1, beta2)
    factor = rectification(t, beta2, 5)
    if factor == 0.0:
        return fresh1, fresh2, c1, 0.0, c2
    return fresh1, fresh2, 0.0, c1 * factor if eps_on_corrected else c1 * factor / c2, c2
