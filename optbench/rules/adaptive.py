"""Rules with a second moment per coordinate: AdaGrad, RMSProp and the Adam family.

`uniform` holds the bias corrections, which depend on the step alone. Conventions and defaults are
torch.optim's.
"""

import math

from optbench.define import Log, Range, optimizer

DECAY = dict(low=0.0, high=1.0, open_high=True)
POSITIVE = dict(low=0.0, open_low=True)
BETA1, BETA2 = Range(0.9, **DECAY), Range(0.999, **DECAY)


@optimizer(
    state="total",
    lr=Log(1e-2),
    eps=Range(1e-10, **POSITIVE),
    source="Duchi, Hazan and Singer 2011; torch.optim.Adagrad",
)
def adagrad(x, g, total, lr, eps):
    """AdaGrad: divide by the root of the sum of squared gradients."""
    total = total + g * g
    return x - lr * g / (math.sqrt(total) + eps), total


@optimizer(
    state="v",
    lr=Log(1e-2),
    alpha=Range(0.99, **DECAY),
    eps=Range(1e-8, **POSITIVE),
    source="Tieleman and Hinton 2012; torch.optim.RMSprop",
)
def rmsprop(x, g, v, lr, alpha, eps):
    """RMSProp: divide by the root of a running mean of squared gradients."""
    v = alpha * v + (1.0 - alpha) * g * g
    return x - lr * g / (math.sqrt(v) + eps), v


@optimizer(
    state=("m", "v"),
    lr=Log(1e-3),
    beta1=BETA1,
    beta2=BETA2,
    eps=Range(1e-8, **POSITIVE),
    source="Kingma and Ba 2015, alg. 1; torch.optim.Adam",
)
def adam(x, g, m, v, lr, beta1, beta2, eps, c1, c2):
    """Adam: both moments, corrected for their start at zero."""
    m = beta1 * m + (1.0 - beta1) * g
    v = beta2 * v + (1.0 - beta2) * g * g
    return x - lr * c1 * m / (math.sqrt(v) * c2 + eps), m, v


@adam.uniform
def _(t, beta1, beta2):
    return 1 / (1 - beta1**t), 1 / math.sqrt(1 - beta2**t)


@optimizer(
    state=("m", "v"),
    lr=Log(1e-3),
    beta1=BETA1,
    beta2=BETA2,
    eps=Range(1e-8, **POSITIVE),
    weight_decay=Range(1e-2, 0.0),
    source="Loshchilov and Hutter 2019, alg. 2; torch.optim.AdamW",
)
def adamw(x, g, m, v, lr, beta1, beta2, eps, weight_decay, c1, c2):
    """Adam with decoupled weight decay, scaled by the rate as in torch."""
    m = beta1 * m + (1.0 - beta1) * g
    v = beta2 * v + (1.0 - beta2) * g * g
    decayed = x - lr * weight_decay * x
    return decayed - lr * c1 * m / (math.sqrt(v) * c2 + eps), m, v


@adamw.uniform
def _(t, beta1, beta2):
    return 1 / (1 - beta1**t), 1 / math.sqrt(1 - beta2**t)


@optimizer(
    state=("m", "v"),
    lr=Log(2e-3),
    beta1=BETA1,
    beta2=BETA2,
    eps=Range(1e-8, **POSITIVE),
    momentum_decay=Range(4e-3, 0.0),
    source="Dozat 2016; torch.optim.NAdam",
)
def nadam(x, g, m, v, lr, beta1, beta2, eps, momentum_decay, product, of_g, of_m, c2):
    """Adam with Nesterov momentum and a momentum that grows with the step."""
    m = beta1 * m + (1.0 - beta1) * g
    v = beta2 * v + (1.0 - beta2) * g * g
    return x - lr * (of_g * g + of_m * m) / (math.sqrt(v) * c2 + eps), m, v


@nadam.uniform
def _(t, beta1, beta2, momentum_decay, product=1.0):
    now = beta1 * (1 - 0.5 * 0.96 ** (t * momentum_decay))
    following = beta1 * (1 - 0.5 * 0.96 ** ((t + 1) * momentum_decay))
    product *= now
    return (
        product,
        (1 - now) / (1 - product),
        following / (1 - product * following),
        1 / math.sqrt(1 - beta2**t),
    )
